import { readdirSync } from "node:fs";
import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import { type Command, prepareLocust, startCommand, stopCommands } from "../support/cli";
import { roleOf, sleep, waitUntilNone } from "../support/processes";
import {
  finished,
  hello,
  makeProject,
  onlyRun,
  type Project,
  removeProjects,
  runsIn,
  seriesIn,
  temporaryFolder,
  textIn,
} from "../support/project";

const slow = hello.replace('get("/")', 'get("/slow")').replace("constant(1)", "constant(0)");

describe("a signal that ends a run", function () {
  this.timeout(60_000);
  let project: Project;
  let targets: DemoTarget[];

  before(async () => {
    await prepareLocust();
    project = makeProject({ "slow.py": slow });
    targets = await Promise.all([0, 0, 0, 4000].map((delayMs) => startDemoTarget({ port: 0, delayMs })));
  });
  after(async () => {
    await stopCommands();
    await Promise.all(targets.map((target) => target.close()));
    removeProjects();
  });

  function start(args: readonly string[], env?: Record<string, string>): { command: Command; results: string } {
    const results = temporaryFolder();
    const few = ["--users", "6", "--spawn-rate", "10", "--run-time", "60s", "--results", results];
    const options = { cwd: project.directory, ...(env === undefined ? {} : { env }) };
    return { command: startCommand(["run", "--local", ...few, ...args], options), results };
  }

  it("ends it in good order: everything is kept, and every request counted", async () => {
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    await Promise.all(
      signals.map(async (signal, index) => {
        const target = targets[index] as DemoTarget;
        const { command, results } = start(["--host", target.url, "--script", "slow.py"]);
        await command.waitFor(/full load/);
        await sleep(2500);
        command.signal(signal);
        const end = await command.ended;
        expect(end.code, `${signal}\n${end.stderr}`).to.equal(130);
        expect(end.stderr).to.match(new RegExp(`^${signal}: ending the run`, "m"));
        const directory = onlyRun(results);
        const record = finished(directory);
        expect(record).to.include({ verdict: "aborted", exitCode: 130, endedBy: "interrupt" });
        const { requests, failures, aborted } = target.counts();
        expect(requests).to.be.greaterThan(5);
        expect({ requests: record.totals?.requests, failures: record.totals?.failures, aborted }).to.deep.equal({
          requests,
          failures,
          aborted: 0,
        });
        expect(record.files).to.include.members(["report.html", "requests.csv", "failures.csv", "exceptions.csv"]);
        expect(textIn(directory, "junit.xml")).to.match(/<error [^>]*interrupted/);
        expect(seriesIn(directory).at(-1)?.phase).to.equal("stop");
        expect(end.stdout).to.match(/ABORTED \(exit code 130\)/);
        await waitUntilNone(command.marker, 1000);
      }),
    );
  });

  it("ends it within 2 s when it comes twice, and run.json is kept", async () => {
    // Users finish the request that they are in: with this target that takes up to 4 s.
    const { command, results } = start(["--host", targets[3]?.url ?? "", "--script", "hello.py"]);
    await command.waitFor(/full load/);
    await sleep(2000);
    command.signal("SIGINT");
    await sleep(500);
    command.signal("SIGINT");
    const second = performance.now();
    const end = await command.ended;
    expect(performance.now() - second).to.be.below(2000);
    expect(end.code, end.stderr).to.equal(130);
    expect(finished(onlyRun(results))).to.include({ verdict: "aborted", exitCode: 130, endedBy: "interrupt" });
    await waitUntilNone(command.marker, 1000);
  });

  it("ends it while Locust is starting, with nothing left running", async () => {
    const { command } = start(["--demo", "--script", "hello.py"]);
    await command.master();
    command.signal("SIGINT");
    const end = await command.ended;
    expect(end.code, end.stderr).to.equal(130);
    expect(end.stderr).to.match(/^loadtest: interrupted before the run started$/m);
    expect(end.seconds).to.be.below(10);
    await waitUntilNone(command.marker, 1000);
  });

  it("ends it while Locust is being installed, with nothing left at all", async () => {
    const cache = temporaryFolder();
    const { command, results } = start(["--demo", "--script", "hello.py"], { LOADTEST_CACHE: cache });
    await command.until(() => command.children().length > 0 && command.children().every(isInstaller), "an installer");
    await sleep(1500);
    command.signal("SIGINT");
    const end = await command.ended;
    expect(end.code, end.stderr).to.equal(130);
    await waitUntilNone(command.marker, 3000);
    expect(readdirSync(cache)).to.deep.equal([]);
    expect(runsIn(results)).to.deep.equal([]);
  });
});

function isInstaller(found: Parameters<typeof roleOf>[0]): boolean {
  return roleOf(found) === "other";
}
