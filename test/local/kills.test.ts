import { cpSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parseRequestsCsv, totals } from "../../runner/results/locust-csv";
import { type CommandEnd, startCommand } from "../support/cli";
import { type LocalRun, localRuns } from "../support/local-runs";
import { type Found, requireRole, roleOf, sleep, waitUntilNone } from "../support/processes";
import { finished, hello, runsIn, seriesIn, temporaryFolder, textIn } from "../support/project";
import { together } from "../support/together";

/** Takes the time to reach its workers before they begin. */
const prepares = `import gevent
from locust import events
from locust.runners import MasterRunner

${hello}

@events.test_start.add_listener
def wait(environment, **_):
    if isinstance(environment.runner, MasterRunner):
        gevent.sleep(1.5)
`;

describe("a killed process", function () {
  this.timeout(90_000);
  const { start, project, target } = localRuns({
    args: ["--script", "hello.py", "--spawn-rate", "20"],
    scripts: { "prepares.py": prepares },
    targets: [{}, {}],
  });

  /** Waits until the run has written numbers, and gives its folder. */
  async function withNumbers({ command, results, directory }: LocalRun): Promise<string> {
    const written = () => runsIn(results).length === 1 && requestsIn(directory()) > 0;
    await command.until(written, "numbers on disk");
    return directory();
  }

  function requestsIn(directory: string): number {
    try {
      return totals(parseRequestsCsv(textIn(directory, "requests.csv")))?.requests ?? 0;
    } catch {
      return 0;
    }
  }

  function runReport(directory: string): Promise<CommandEnd> {
    return startCommand(["report", directory, "--json"], { cwd: project().directory }).ended;
  }

  const test = together();

  test("that is a worker costs no more than 6 s of load, and makes the run invalid", async () => {
    const run = start(["--host", target().url, "--users", "20", "--run-time", "16s"]);
    const { command } = run;
    await command.waitFor(/full load/);
    await sleep(2000);
    const [worker] = requireRole(command.children(), "worker", 2);
    const { pid, env } = worker as Found;
    const killed = Date.now();
    process.kill(pid, "SIGKILL");
    // Locust takes five seconds to miss it.
    await command.waitFor(/was lost/, 4000);
    await sleep(killed + 6000 - Date.now());
    const before = target().counts().requests;
    await sleep(4000);
    const requests = target().counts().requests - before;
    const end = await command.ended;

    // 20 users who wait for a second make almost 20 requests a second.
    expect(requests).to.be.within(60, 100);
    const later = run.series().filter(({ time, phase }) => phase !== "stop" && Date.parse(time) > killed + 6000);
    expect(later.length).to.be.greaterThan(4);
    for (const sample of later) expect(sample).to.include({ users: 20, workers: 1, targetUsers: 20 });
    expect(end.code, end.stdout).to.equal(3);
    const record = run.record();
    expect(record.verdict).to.equal("invalid");
    expect(record.endedBy).to.equal("run-time");
    const name = env.LOADTEST_WORKER_NAME;
    expect(record.reasons.join("\n")).to.match(new RegExp(`[Ww]orkers: ${name} was lost \\d+ s into the run`));
    expect(record.integrity?.workers.lost.map((lost) => lost.name)).to.deep.equal([name]);
    const lostAt = record.integrity?.workers.lost[0]?.t;
    expect(lostAt).to.be.closeTo((killed - Date.parse(record.startedAt)) / 1000, 0.3);
    expect(end.stderr).to.match(new RegExp(`workers: ${name} was lost`));
    await waitUntilNone(command.marker, 1000);
  });

  test("that is only stopped, before it has begun, is a silent worker, and no listener of test_start", async () => {
    const run = start(["--host", target(1).url, "--users", "6", "--run-time", "30s", "--script", "prepares.py"]);
    const { command } = run;
    await command.waitFor(/2 of 2 workers are ready/);
    for (const { pid } of requireRole(command.children(), "worker", 2)) process.kill(pid, "SIGSTOP");
    const end = await command.ended;
    expect(end.code, end.stderr).to.equal(3);
    expect(end.stderr).to.not.match(/the script prepares/);
    const { endedBy, reasons } = run.record();
    expect(endedBy).to.equal("workers-lost");
    for (const name of ["worker-1", "worker-2"]) {
      expect(reasons.join("\n")).to.match(
        new RegExp(`${name} was lost [4-8] s into the run: its process lives, and does`),
      );
    }
    await waitUntilNone(command.marker, 1000);
  });

  test("that is the master ends the run within 10 s with the numbers so far", async () => {
    const run = start(["--host", target(1).url, "--users", "6", "--run-time", "60s"]);
    const { command } = run;
    const directory = await withNumbers(run);
    const master = await command.master();
    const killed = performance.now();
    process.kill(master.pid, "SIGKILL");
    const end = await command.ended;
    expect(performance.now() - killed).to.be.below(10_000);
    expect(end.code, end.stderr).to.equal(4);
    const record = run.record();
    expect(record).to.include({ verdict: "error", exitCode: 4, endedBy: "master-lost" });
    expect(record.reasons[0]).to.match(/^Locust's master was lost, .*SIGKILL/);
    const counted = run.series().at(-1)?.requests ?? 0;
    expect(record.totals?.requests).to.equal(counted).and.be.at.least(requestsIn(directory)).and.greaterThan(0);
    expect(run.series().length).to.be.greaterThan(2);
    expect(run.text("junit.xml")).to.match(/<error [^>]*master was lost/);
    expect(end.stdout)
      .to.match(/ERROR \(exit code 4\)/)
      .and.match(new RegExp(`^Total +${counted} `, "m"))
      .and.match(/^- fail_ratio<=0\.5 \(default\) was 0 \(not judged\)$/m)
      .and.not.match(/✓/);
    await waitUntilNone(command.marker, 1000);
  });

  describe("that is the command", () => {
    let directory: string;
    let left: Found[];

    it("takes everything with it within 5 s", async () => {
      const run = start(["--demo", "--users", "6", "--run-time", "60s"]);
      const { command } = run;
      directory = await withNumbers(run);
      left = command.children();
      const going = await runReport(directory);
      command.signal("SIGKILL");
      await waitUntilNone(command.marker, 5000);
      expect(left.map(roleOf).sort()).to.deep.equal(["demo target", "master", "worker", "worker"]);
      expect(going.code).to.equal(4);
      expect(going.stderr).to.equal(
        `loadtest: ${directory} is still being written: process ${command.pid} runs this load test\n`,
      );
    });

    it("leaves a folder that loadtest report completes, once", async () => {
      const copy = join(temporaryFolder(), "copy");
      cpSync(directory, copy, { recursive: true });
      const first = await runReport(directory);
      expect(first.code, first.stderr).to.equal(4);
      const record = finished(directory);
      expect(JSON.parse(first.stdout)).to.deep.equal(record);
      expect(record).to.include({ verdict: "error", exitCode: 4, endedBy: "command-killed" });
      expect(record.totals?.requests).to.equal(seriesIn(copy).at(-1)?.requests).and.be.greaterThan(0);
      expect(record.integrity?.users.max).to.equal(6);
      expect(seriesIn(directory).length).to.equal(seriesIn(copy).length).and.be.greaterThan(2);
      expect(textIn(directory, "junit.xml")).to.match(/<error [^>]*command was killed/);
      const [second, table] = await Promise.all([
        runReport(directory),
        startCommand(["report", copy], { cwd: project().directory }).ended,
      ]);
      expect(second).to.include({ code: 4, stdout: first.stdout, stderr: "" });
      expect(table.code).to.equal(4);
      expect(table.stdout)
        .to.match(/^Request \(times in ms\) +reqs/)
        .and.to.match(/ERROR \(exit code 4\)/);
    });

    it("leaves nothing running while Locust is still starting", async () => {
      const { command } = start(["--demo"]);
      await command.master();
      command.signal("SIGKILL");
      await waitUntilNone(command.marker, 5000);
      expect((await command.ended).code).to.equal("SIGKILL");
    });
  });
});
