import { expect } from "chai";
import { readRun } from "../../runner/results/read";
import type { FinishedRecord } from "../../runner/results/run-record";
import { localRuns } from "../support/local-runs";
import { McpSession } from "../support/mcp";
import { processesOf, until, waitUntilNone } from "../support/processes";
import { finished, hello, onlyRun, runsIn, temporaryFolder } from "../support/project";
import { together } from "../support/together";

const shape = `from locust import LoadTestShape

${hello}

class Steps(LoadTestShape):
    def tick(self):
        return (1000, 100) if self.get_run_time() < 20 else None
`;
const elsewhere = hello.replace("wait_time", 'host = "http://127.0.0.2:9"\n    wait_time');
/** Says where to only once Locust starts. */
const late = `from locust import events

${hello}

@events.init.add_listener
def aim(environment, **_):
    environment.host = "http://127.0.0.2:9"
`;

describe("runs of an MCP client", function () {
  this.timeout(90_000);
  const { project, target } = localRuns({
    args: [],
    scripts: { "shape.py": shape, "elsewhere.py": elsewhere, "late.py": late },
    targets: [{}],
  });
  const sessions: McpSession[] = [];
  after(async () => {
    await Promise.all(sessions.map((session) => session.close()));
  });
  const test = together();

  async function open(...args: string[]): Promise<{ session: McpSession; results: string }> {
    const results = temporaryFolder();
    const limits = ["--allow-run", "--allowed-hosts", "127.0.0.1", "--results", results];
    const session = await McpSession.open(project().directory, [...limits, ...args]);
    sessions.push(session);
    return { session, results };
  }

  /** Starts a run of a minute, and gives it once it is at full load. */
  async function begun(session: McpSession) {
    const stop = new AbortController();
    let line: (text: string) => void = () => undefined;
    const full = new Promise<void>((resolve) => {
      line = (text) => /full load/.test(text) && resolve();
    });
    const run = { local: true, host: target().url, users: 4, spawnRate: 10, runTime: "60s" };
    const call = session
      .call("run", run, { signal: stop.signal, onprogress: ({ message = "" }) => line(message) })
      .catch((error: Error) => error);
    await Promise.race([full, call.then((end) => expect.fail(JSON.stringify(end)))]);
    return { stop, call };
  }

  async function kept(results: string): Promise<FinishedRecord> {
    await until(() => runsIn(results).length === 1 && readRun(onlyRun(results)).status === "finished");
    return finished(onlyRun(results));
  }

  test("give their record, as it is kept, and tell their progress", async () => {
    const { session, results } = await open();
    const lines: string[] = [];
    const progress: number[] = [];
    const args = { local: true, demo: true, users: 4, spawnRate: 10, runTime: "6s", threshold: ["p95<2s", "rps>1"] };
    const end = await session.call("run", args, {
      onprogress: ({ progress: number, message = "" }) => {
        progress.push(number);
        lines.push(message);
      },
    });
    expect(end, end.text).to.include({ isError: false, exitCode: 0, meaning: "done; for a run: passed" });
    const record = finished(onlyRun(results));
    expect(end.result).to.deep.equal(JSON.parse(JSON.stringify(record)));
    expect(record).to.deep.include({ verdict: "passed", asked: { users: 4, spawnRate: 10, workers: 2, shape: null } });
    expect(lines.join("\n"))
      .to.match(/^hello\.py → http:\/\/127\.0\.0\.1:\d+$/m)
      .and.match(/^00:0\d full load, 4\/4 users/m);
    expect(progress).to.deep.equal(progress.map((_, index) => index + 1));

    expect(session.changes).to.equal(1);
    expect(end.links).to.have.length(1);
    expect(JSON.parse(await session.read(end.links[0] ?? ""))).to.deep.equal(end.result);
    expect(await session.read(`${end.links[0]}/report`)).to.match(/PASSED \(exit code 0\)/);
    expect((await session.read(`${end.links[0]}/series`)).trim().split("\n").length).to.be.greaterThan(4);
    await until(() => processesOf(session.marker).length === 1);
    expect(processesOf(session.marker).map(({ pid }) => pid)).to.deep.equal([session.pid]);
  });

  test("say that a threshold did not hold, which is no error", async () => {
    const { session } = await open();
    const args = { local: true, host: target().url, users: 2, spawnRate: 10, runTime: 4, threshold: ["rps>1000"] };
    const end = await session.call("run", args);
    expect(end).to.include({ isError: false, exitCode: 1 });
    expect(end.result).to.include({ verdict: "failed" });
  });

  test("are refused where the script aims elsewhere, or decides itself how many users there are", async () => {
    const { session, results } = await open();
    const refused = async (script: string) => {
      const end = await session.call("run", { local: true, script, users: 2, runTime: "30s" });
      expect(end, script).to.include({ isError: true, exitCode: 2, result: null });
      return end.messages?.at(-1);
    };
    const none = "http://127.0.0.2:9 is on none of allowedHosts: 127.0.0.1";
    expect(await refused("elsewhere.py")).to.equal(`loadtest: the script's target ${none}`);
    expect(await refused("late.py")).to.equal(`loadtest: the script's target ${none}`);
    expect(await refused("shape.py")).to.match(
      /load shape Steps decides users and time: no run keeps it to --max-users/,
    );
    expect(runsIn(results)).to.deep.equal([]);
  });

  test("are one at a time, end in good order when they are cancelled, and are kept", async () => {
    const { session, results } = await open();
    const { stop, call } = await begun(session);
    const { isError, text } = await session.call("run", { local: true, demo: true });
    expect([isError, text]).to.deep.equal([
      ...[true, "run was not started: run is going on; stop ends it, or wait for its end"],
    ]);
    expect((await session.call("history")).result).to.have.nested.property("[0].state", "running");
    stop.abort();
    expect(await call).to.be.instanceOf(Error);
    const record = await kept(results);
    expect(record).to.include({ verdict: "aborted", endedBy: "interrupt", complete: true });
    expect(record.totals?.requests).to.be.greaterThan(0);
    await until(() => processesOf(session.marker).length === 1);
    // The server goes on.
    const again = await session.call("run", { local: true, demo: true, users: 1, runTime: 3, threshold: ["p95<10s"] });
    expect(again).to.include({ isError: false, exitCode: 0 });
  });

  test("end by the tool stop, too, and then have an answer", async () => {
    const { session, results } = await open();
    const { call } = await begun(session);
    const stopped = await session.call("stop");
    expect(stopped).to.include({ isError: false, exitCode: 0 });
    expect(stopped.meaning).to.equal("run was told to end in good order; the answer to its request has the result");
    const end = await call;
    if (end instanceof Error) throw end;
    expect(end).to.include({ isError: false, exitCode: 130, meaning: "interrupted; what was measured is kept" });
    expect(end.result).to.deep.equal(JSON.parse(JSON.stringify(await kept(results))));
    expect(end.result).to.include({ verdict: "aborted", endedBy: "interrupt" });
  });

  test("end when the client closes its connection, and are kept", async () => {
    const { session, results } = await open();
    await begun(session);
    await session.client.close();
    expect(await kept(results)).to.include({ verdict: "aborted", endedBy: "interrupt", complete: true });
    await waitUntilNone(session.marker, 5000);
  });

  test("end when the server is killed, and are kept", async () => {
    const { session, results } = await open();
    await begun(session);
    process.kill(session.pid, "SIGKILL");
    expect(await kept(results)).to.include({ verdict: "aborted", endedBy: "interrupt", complete: true });
    await waitUntilNone(session.marker, 5000);
  });
});
