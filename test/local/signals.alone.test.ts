import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { localRuns } from "../support/local-runs";
import { roleOf, sleep, waitUntilNone } from "../support/processes";
import { hello, runsIn, temporaryFolder } from "../support/project";

const slow = hello.replace('get("/")', 'get("/slow")').replace("constant(1)", "constant(0)");

/** Runs a command in a terminal of its own, which SIGUSR1 closes, and ends with its code. */
const inTerminal = [
  "python3",
  "-c",
  `
import os, pty, select, signal, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
closing = []
signal.signal(signal.SIGUSR1, lambda *_: closing.append(True))
while not closing:
    if select.select([terminal], [], [], 0.1)[0]:
        try:
            os.write(1, os.read(terminal, 65536))
        except OSError:
            break
os.close(terminal)
os.kill(child, signal.SIGHUP)  # as a shell does, after the system
code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
sys.exit(code if code >= 0 else 128 - code)
`,
];

describe("a signal that ends a run", function () {
  this.timeout(60_000);
  const { start, target } = localRuns({
    args: ["--users", "6", "--spawn-rate", "10", "--run-time", "60s"],
    scripts: { "slow.py": slow },
    targets: [0, 0, 0, 4000].map((delayMs) => ({ delayMs })),
  });

  it("ends it in good order: everything is kept, and every request counted", async () => {
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    await Promise.all(
      signals.map(async (signal, index) => {
        const run = start(["--host", target(index).url, "--script", "slow.py"]);
        const { command } = run;
        await command.waitFor(/full load/);
        await sleep(2500);
        command.signal(signal);
        const end = await command.ended;
        expect(end.code, `${signal}\n${end.stderr}`).to.equal(130);
        expect(end.stderr).to.match(new RegExp(`^${signal}: ending the run`, "m"));
        const record = run.record();
        expect(record).to.include({ verdict: "aborted", exitCode: 130, endedBy: "interrupt" });
        const { requests, failures, aborted } = target(index).counts();
        expect(requests).to.be.greaterThan(5);
        expect({ requests: record.totals?.requests, failures: record.totals?.failures, aborted }).to.deep.equal({
          requests,
          failures,
          aborted: 0,
        });
        expect(record.files).to.include.members(["report.html", "requests.csv", "failures.csv", "exceptions.csv"]);
        expect(run.text("junit.xml")).to.match(/<error [^>]*interrupted/);
        expect(run.series().at(-1)?.phase).to.equal("stop");
        expect(end.stdout).to.match(/ABORTED \(exit code 130\)/);
        await waitUntilNone(command.marker, 1000);
      }),
    );
  });

  it("ends it with its code where the terminal is closed, which is told twice", async () => {
    const run = start(["--host", target(0).url, "--script", "hello.py"], { through: inTerminal });
    const hasSamples = () => runsIn(run.results).some((name) => existsSync(join(run.results, name, "requests.csv")));
    await run.command.until(hasSamples, "numbers");
    run.command.signal("SIGUSR1");
    const end = await run.command.ended;
    expect(end.code, end.stdout).to.equal(130);
    expect(run.record()).to.include({ verdict: "aborted", exitCode: 130, endedBy: "interrupt", complete: true });
    await waitUntilNone(run.command.marker, 1000);
  });

  it("ends it within 2 s when it comes twice, and run.json is kept", async () => {
    // Users finish the request that they are in: with this target that takes up to 4 s.
    const { command, record } = start(["--host", target(3).url, "--script", "hello.py"]);
    await command.waitFor(/full load/);
    await sleep(2000);
    command.signal("SIGINT");
    await sleep(500);
    command.signal("SIGINT");
    const second = performance.now();
    const end = await command.ended;
    expect(performance.now() - second).to.be.below(2000);
    expect(end.code, end.stderr).to.equal(130);
    expect(record()).to.include({ verdict: "aborted", exitCode: 130, endedBy: "interrupt" });
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
    const { command, results } = start(["--demo", "--script", "hello.py"], { env: { LOADTEST_CACHE: cache } });
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
