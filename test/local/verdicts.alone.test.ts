import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import { type CommandEnd, inTurns, prepareLocust, startCommand, stopCommands } from "../support/cli";
import { waitUntilNone } from "../support/processes";
import {
  finished,
  hello,
  makeProject,
  onlyRun,
  type Project,
  removeProjects,
  seriesIn,
  textIn,
} from "../support/project";

const own = (url: string) => `${hello.replace("    wait_time", `    host = "${url}"\n    wait_time`)}`;

/** Two users for 2 s, then six. */
const steps = `${hello}

from locust import LoadTestShape


class Steps(LoadTestShape):
    def tick(self):
        elapsed = self.get_run_time()
        if elapsed < 2:
            return (2, 10)
        return (6, 10) if elapsed < 5 else None
`;

/** Each of its users keeps a core busy. */
const busy = `import time

${hello}
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            pass
`.replace("constant(1)", "constant(0)");

interface Judged {
  readonly end: CommandEnd;
  readonly results: string;
  readonly directory: string;
}

describe("verdicts", function () {
  this.timeout(90_000);
  let target: DemoTarget;
  let project: Project;
  let count = 0;

  before(async () => {
    await prepareLocust();
    target = await startDemoTarget({ port: 0 });
    const scripts = { "own.py": own(target.url), "steps.py": steps, "busy.py": busy };
    project = makeProject(scripts, ["thresholds: []"]);
  });
  after(async () => {
    await stopCommands();
    await target.close();
    removeProjects();
  });

  async function judge(script: string, args: readonly string[]): Promise<Judged> {
    count += 1;
    const results = `${project.results}-${count}`;
    const few = ["--users", "4", "--spawn-rate", "8", "--workers", "1", "--run-time", "3s"];
    const all = ["run", "--local", "--script", script, "--results", results, ...few, ...args];
    const command = startCommand(all, { cwd: project.directory });
    const end = await command.ended;
    await waitUntilNone(command.marker, 1000);
    return { end, results, directory: onlyRun(results) };
  }

  /** A script's loop needs the core for itself, so this one runs alone. */
  it("is invalid when a worker's CPU was saturated, and names the worker", async () => {
    const { end, directory } = await judge("busy.py", ["--host", target.url, "--run-time", "11s"]);
    expect(end.code, end.stdout).to.equal(3);
    const record = finished(directory);
    expect(record).to.include({ verdict: "invalid", exitCode: 3 });
    expect(record.reasons.join("\n")).to.match(/CPU of worker worker-1: saturated for \d+ % of the hold/);
    expect(record.integrity?.workerCpu["worker-1"]?.max).to.be.at.least(0.9);
    expect(end.stdout).to.match(/CPU of worker worker-1/);
    expect(textIn(directory, "junit.xml")).to.match(/<failure [^>]*CPU of worker worker-1/);
  });

  describe("of short runs", () => {
    let runs: Readonly<Record<string, Judged>>;
    const of = (name: string): Judged => {
      const found = runs[name];
      if (found === undefined) throw new Error(`${name} was not run`);
      return found;
    };

    before(async () => {
      const host = ["--host", target.url];
      const never = ["--threshold", "p95<0.001"];
      // The longest first.
      const plans: readonly (readonly [string, string, readonly string[]])[] = [
        ["early", "hello.py", [...host, ...never, "--abort-after", "1s", "--run-time", "60s"]],
        ["shape", "steps.py", [...host, "--users", "50", "--run-time", "60s"]],
        ["failed", "hello.py", [...host, ...never, "--threshold", "fail_ratio<0.5"]],
        ["never made", "hello.py", [...host, "--threshold", "GET /never: p95<500"]],
        ["ramp", "hello.py", [...host, "--users", "20", "--spawn-rate", "1"]],
        ["own host", "own.py", []],
      ];
      const judged = await inTurns(
        plans,
        3,
        async ([name, script, args]) => [name, await judge(script, args)] as const,
      );
      runs = Object.fromEntries(judged);
    });

    it("is failed when a threshold does not hold, and junit.xml says which", () => {
      const { end, directory } = of("failed");
      expect(end.code, end.stderr).to.equal(1);
      expect(finished(directory)).to.include({ verdict: "failed", exitCode: 1, endedBy: "run-time" });
      expect(finished(directory).thresholds.map(({ passed }) => passed)).to.deep.equal([false, true]);
      const cases = textIn(directory, "junit.xml").split("<testcase ").slice(1);
      const failing = cases.filter((text) => text.includes("<failure"));
      expect(failing).to.have.length(1);
      expect(failing[0]).to.match(/name="threshold p95&lt;0\.001"/);
      expect(end.stdout)
        .to.match(/✗ p95<0\.001 was \d/)
        .and.to.match(/FAILED \(exit code 1\)/);
    });

    it("is failed when a threshold is about a request that was never made", () => {
      const { end, directory } = of("never made");
      expect(end.code, end.stderr).to.equal(1);
      const [threshold] = finished(directory).thresholds;
      expect(threshold).to.include({ actual: null, passed: false });
      expect(threshold?.note).to.equal("no request GET /never was seen, only GET /");
      expect(end.stdout).to.match(/✗ GET \/never: p95<500 has no data/);
    });

    it("is invalid when the ramp takes longer than the run", () => {
      const { end, directory } = of("ramp");
      expect(end.code, end.stdout).to.equal(3);
      const record = finished(directory);
      expect(record).to.include({ verdict: "invalid", rampSeconds: null });
      expect(record.reasons[0]).to.match(/^The load was not what was asked: users: /);
      expect(end.stdout).to.match(/INVALID \(exit code 3\)/);
    });

    it("is failed early when --abort-after sees a threshold breached for that long", () => {
      const { end, directory } = of("early");
      expect(end.code, end.stdout).to.equal(1);
      expect(end.seconds).to.be.below(25);
      const record = finished(directory);
      expect(record).to.include({ verdict: "failed", endedBy: "threshold" });
      expect(record.durationSeconds).to.be.within(3, 15);
      expect(record.reasons.join("\n")).to.match(/p95<0\.001 was breached for 1 s/);
    });

    it("runs a load shape by its steps, whatever the settings say", () => {
      const { end, directory } = of("shape");
      expect(end.code, end.stdout).to.equal(0);
      const record = finished(directory);
      expect(record).to.include({ verdict: "passed", endedBy: "shape" });
      expect(record.asked.shape).to.equal("Steps");
      expect(record.durationSeconds).to.be.within(4, 8);
      expect(record.integrity?.users).to.include({ asked: 6, max: 6 });
      const targets = seriesIn(directory)
        .filter(({ phase }) => phase !== "stop")
        .map(({ targetUsers }) => targetUsers);
      expect([...new Set(targets.filter((users) => users > 0))]).to.deep.equal([2, 6]);
      expect(end.stderr).to.match(/load shape Steps decides users and time/);
    });

    it("loads the host that the script itself names", () => {
      const { end, directory } = of("own host");
      expect(end.code, end.stderr).to.equal(0);
      expect(finished(directory)).to.include({ verdict: "passed", target: null });
      expect(finished(directory).totals?.requests).to.be.greaterThan(4);
      expect(end.stderr).to.match(/the script's own target/);
    });
  });
});
