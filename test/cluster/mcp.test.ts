import { expect } from "chai";
import type { StatusReport } from "../../runner/cli/terminal/status";
import { sharedTest } from "../support/deployed";
import { McpSession } from "../support/mcp";
import { finished, onlyRun, runsIn, temporaryFolder } from "../support/project";
import { countsOf } from "../support/target";

describe("an MCP client of a deployed test", function () {
  this.timeout(120_000);
  const test = sharedTest();
  const sessions: McpSession[] = [];
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map((session) => session.close()));
  });

  async function open(...args: string[]): Promise<{ session: McpSession; results: string }> {
    const results = temporaryFolder();
    const session = await McpSession.open(test.stack.folder, ["--results", results, ...args], test.stack.env);
    sessions.push(session);
    return { session, results };
  }
  const host = () => new URL(test.target).hostname;
  const limits = () => ["--allow-run", "--allowed-hosts", host(), "--max-users", "10", "--max-workers", "3"];

  it("looks at it, and changes nothing", async () => {
    const { session } = await open();
    const { result, ...status } = await session.call("status");
    expect(status).to.include({ isError: false, exitCode: 0 });
    expect(result).to.deep.include({ workers: { wanted: 2, ready: 2 }, command: null, problem: null });
    const logs = (await session.call("logs", { tail: 5 })).result as { pod: string; line: string }[];
    expect(logs.length).to.be.within(1, 5);
    expect(logs[0]?.pod).to.match(/^locust-control-/);
    for (const name of ["run", "capacity", "size", "start", "scale", "stop"])
      expect((await session.call(name)).isError, name).to.equal(true);
    expect((await session.call("report", {})).text).to.include("run is missing");
    await test.expectAsBefore();
  });

  it("has nothing started beyond its limits, whoever says the load", async () => {
    const before = await countsOf(test.namespace);
    const { session: elsewhere } = await open("--allow-run", "--allowed-hosts", "a.test");
    const { session, results } = await open(...limits());
    const refused = async (one: McpSession, name: string, args: Record<string, unknown>) => {
      const end = await one.call(name, args);
      expect(end, name).to.include({ isError: true });
      return [end.text, ...(end.messages ?? [])].join("\n");
    };
    // The stack's own target, and its users.
    expect(await refused(elsewhere, "run", { users: 2 })).to.match(
      /targetHost .*must be on one of --allowed-hosts: a\.test/,
    );
    for (const name of ["run", "start"]) {
      const load = { users: 2, host: "http://b.test" };
      expect(await refused(session, name, load)).to.match(/must be on one of --allowed-hosts: target\./);
      expect(await refused(session, name, { runTime: "61m" })).to.match(/must be at most 3600 s \(--max-run-time\)/);
      expect(await refused(session, name, { users: 11 })).to.match(/users is 11: must be at most 10/);
      expect(await refused(session, name, { users: 2, script: "script_shape.py" })).to.match(
        /load shape StepsShape decides users/,
      );
    }
    for (const name of ["capacity", "size"]) {
      expect(await refused(elsewhere, name, {})).to.match(/must be on one of --allowed-hosts: a\.test/);
      expect(await refused(session, name, { host: "http://b.test" })).to.match(
        /must be on one of --allowed-hosts: target/,
      );
    }
    expect(await refused(session, "capacity", { from: 11 })).to.match(/--from 11 is more than --max-users 10/);
    expect(await refused(session, "scale", { workers: 4 })).to.match(/workers is 4: must be at most 3/);
    expect(runsIn(results)).to.deep.equal([]);
    expect(await countsOf(test.namespace)).to.deep.equal(before);
    await test.expectAsBefore();
  });

  for (const [how, end] of [
    ["whose request is cancelled", (_: McpSession, stop: AbortController) => stop.abort()],
    ["whose server is killed", ({ pid }: McpSession) => process.kill(pid, "SIGKILL")],
  ] as const) {
    it(`has a run ${how} kept, and all left as it was`, async () => {
      const { session, results } = await open(...limits());
      const stop = new AbortController();
      const lines: string[] = [];
      const onprogress = ({ message = "" }) => {
        lines.push(message);
        if (/full load, 4\/4/.test(message)) end(session, stop);
      };
      const args = { users: 4, spawnRate: 10, workers: 3, runTime: "5m" };
      const options = { signal: stop.signal, onprogress, timeout: 100_000 };
      const error = await session.call("run", args, options).catch((thrown) => thrown);
      expect(error, lines.join("\n")).to.be.instanceOf(Error);
      await test.expectAsBefore();
      expect(finished(onlyRun(results))).to.include({ verdict: "aborted", endedBy: "interrupt", complete: true });
    });
  }

  it("starts a run, looks at it, and stops it", async () => {
    const { session, results } = await open(...limits());
    const started = await session.call("start", { users: 4, spawnRate: 10, runTime: "5m" }, { timeout: 100_000 });
    expect(started, started.text).to.include({ isError: false, exitCode: 0 });
    expect(started.result).to.include({ users: 4, runTime: 300, target: test.target });
    const status = (await session.call("status")).result as StatusReport;
    expect(status.run).to.include({ going: true, targetUsers: 4 });
    const stopped = await session.call("stop", {}, { timeout: 100_000 });
    expect(stopped, stopped.text).to.include({ isError: false, exitCode: 0 });
    const record = finished(onlyRun(results));
    expect(stopped.result).to.deep.equal(JSON.parse(JSON.stringify(record)));
    expect(JSON.parse(await session.read(stopped.links[0] ?? ""))).to.deep.equal(stopped.result);
    await test.expectAsBefore();
  });
});
