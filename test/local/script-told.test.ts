import { readFileSync } from "node:fs";
import { expect } from "chai";
import { readRunData } from "../../runner/results/read";
import { runReport } from "../../runner/results/report/report";
import type { FinishedRecord } from "../../runner/results/run-record";
import { type CommandEnd, inTurns } from "../support/cli";
import { type LocalRun, localRuns } from "../support/local-runs";
import { listener, script } from "../support/user-scripts";

const deep =
  "def deep(left):\n    if left:\n        return deep(left - 1)\n    raise KeyError(f'token {next(count)}')\n";
const boom = "def boom(text):\n    raise ValueError(text)\n";
const onStart = "\n    def on_start(self):\n        self.token = {}['access']\n";
const later = "gevent.spawn_later(3, environment.runner.quit)";

const scripts: Readonly<Record<string, string>> = {
  "exceptions.py": script(["deep(next(count) % 40)"], deep),
  "odd_words.py": script(
    [
      "self.client.get('/nowhere', name=b'page \\xff'.decode('utf8', 'surrogateescape'))",
      "boom(b'\\xff'.decode('utf8', 'surrogateescape') if next(count) % 8 < 3 else 'b')",
    ],
    boom,
  ),
  "listeners.py": script([], listener("request", "raise ValueError('no such account')")),
  "once.py": script(["if self.asked == 3:", "    raise StopUser()"]),
  "on_start.py": script([]).replace("    asked = 0\n", `    asked = 0\n${onStart}`),
  "base.py": script(
    [
      "if self.asked == 3:",
      "    raise (Own('gone'), gevent.Timeout(7), asyncio.CancelledError('off'))[next(count) % 3]",
    ],
    "class Own(BaseException):\n    pass\n",
  ),
  "fixed.py": script([]).replace("    asked = 0\n", "    asked = 0\n    fixed_count = 2\n"),
  "own_code.py": script([], listener("quitting", "environment.process_exit_code = 7")),
  "own_code_at_stop.py": script([], listener("test_stop", "environment.process_exit_code = 5", "MasterRunner")),
  "quits.py": script([], listener("test_start", later, "MasterRunner")),
  "done.py": script([], listener("test_start", `environment.process_exit_code = 0; ${later}`, "MasterRunner")),
  "quits_in_workers.py": script(["if self.asked == 4:", "    self.environment.runner.quit()"]),
  "exits_in_task.py": script(["if self.asked == 3:", "    sys.exit(3)"]),
  "exits_later.py": script(["if self.asked == 3:", "    gevent.spawn_later(0.2, sys.exit, 3)"]),
  "interrupts.py": script(["if self.asked == 3:", "    raise KeyboardInterrupt"]),
  "raises_everywhere.py": script(
    [],
    ["test_start", "test_stop", "report_to_master", "worker_report", "spawning_complete", "quitting", "request"]
      .map((event) => listener(event, `raise RuntimeError("in ${event}")`))
      .join(""),
  ),
};

describe("what the script's code does", function () {
  this.timeout(240_000);
  const runs = localRuns({
    args: ["--users", "4", "--spawn-rate", "4", "--run-time", "8s", "--workers", "2"],
    scripts,
    targets: [{}],
  });
  const ends = new Map<string, { readonly run: LocalRun; readonly end: CommandEnd }>();

  before(async () => {
    await inTurns(Object.keys(scripts), 3, async (name) => {
      const run = runs.start(["--script", name, "--host", runs.target().url]);
      ends.set(name, { run, end: await run.command.ended });
    });
  });

  const of = (name: string) => {
    const found = ends.get(name);
    if (found === undefined) throw new Error(`${name} was not run`);
    return found;
  };
  const told = (name: string, code: number): FinishedRecord => {
    const { run, end } = of(name);
    expect(end.code, end.stdout + end.stderr).to.equal(code);
    return run.record();
  };
  const reasons = (name: string, code: number) => told(name, code).reasons.join("\n");

  it("is told where it raises: number, type, message and line, in terminal, run.json, JUnit and report", async () => {
    const { exceptions } = told("exceptions.py", 0);
    // Each has a number of its own.
    expect(exceptions?.kinds).to.have.length(10);
    expect(exceptions?.kinds[0]).to.include({ type: "KeyError", message: "(other messages)", file: "exceptions.py" });
    expect(exceptions?.kinds[9]).to.include({
      type: "KeyError",
      file: "exceptions.py",
      line: exceptions?.kinds[0]?.line,
    });
    const { run, end } = of("exceptions.py");
    const rows = readFileSync(`${run.directory()}/exceptions.csv`, "utf8").matchAll(/^(\d+),"?'token/gm);
    const theirs = Array.from(rows, ([, count]) => Number(count)).reduce((sum, count) => sum + count, 0);
    expect(exceptions?.count).to.equal(theirs).and.to.be.greaterThan(20);
    const line = /KeyError: 'token \d+' \(exceptions\.py, line \d+\)/;
    expect(end.stdout)
      .to.match(/The script raised \d+ exceptions/)
      .and.to.match(line);
    expect(run.text("junit.xml")).to.match(line);
    expect(runReport(await readRunData(run.directory()))).to.match(/KeyError: &#39;token \d+&#39; \(exceptions\.py/);
  });

  it("is told by its messages, and keeps its numbers, with texts that are no UTF-8", () => {
    const { exceptions, failures, totals } = told("odd_words.py", 0);
    const shown = exceptions?.kinds.map(({ message, count }) => [message, count]);
    const rounds = totals.requests / 2;
    expect(shown?.map(([message]) => message)).to.deep.equal(["b", "\\udcff"]);
    expect(exceptions?.count).to.equal(rounds);
    expect(exceptions?.kinds[1]?.count).to.be.within((rounds * 3) / 8 - 4, (rounds * 3) / 8 + 4);
    expect(failures?.map(({ name, count }) => ({ name, count }))).to.deep.equal([
      { name: "page \\udcff", count: rounds },
    ]);
  });

  it("is told where its listeners raise", () => {
    const { exceptions, totals } = told("listeners.py", 0);
    expect(exceptions?.kinds).to.have.length(1);
    expect(exceptions?.kinds[0]).to.include({ type: "ValueError", message: "no such account", count: totals.requests });
  });

  it("is why users are not there: they left, on_start raised, a class allows fewer", () => {
    expect(reasons("once.py", 3)).to.match(
      /users: 0 of 4 asked .*: 4 ended by themselves: StopUser \(once\.py, line \d+\)/,
    );
    expect(reasons("on_start.py", 3)).to.match(/: 4 ended by an error: KeyError: 'access' \(on_start\.py, line \d+\)/);
    const { exceptions } = told("base.py", 3);
    expect(exceptions?.kinds.map(({ type }) => type)).to.have.members(["Own", "Timeout"]);
    expect(exceptions?.count).to.equal(4);
    expect(reasons("base.py", 3))
      .to.match(/users: 0 of 4 asked .* 2 ended by an error: Own: gone \(base\.py, line \d+\)/)
      .and.to.match(/2 ended by an error: Timeout: 7 seconds \(base\.py, line \d+\)/);
    expect(reasons("fixed.py", 3)).to.match(
      /users: 2 of 4 asked .*: the script's user classes allow 2 \(fixed_count\)/,
    );
  });

  it("fails the run by an exit code of its own, set when Locust quits or when the test stops", () => {
    expect(told("own_code.py", 1)).to.include({ verdict: "failed", scriptExitCode: 7 });
    expect(reasons("own_code.py", 1)).to.equal(
      "The script failed the run: it set the exit code 7 (process_exit_code).",
    );
    expect(told("own_code_at_stop.py", 1)).to.include({ verdict: "failed", scriptExitCode: 5 });
  });

  it("ends the run early: invalid, unless it says that all is well; nothing was lost", () => {
    const record = told("quits.py", 3);
    expect(record).to.include({ endedBy: "script", verdict: "invalid" });
    expect(record.integrity?.workers).to.deep.equal({ asked: 2, lost: [] });
    expect(record.reasons).to.have.length(1);
    expect(record.reasons[0]).to.match(/^The script ended the run after [3-5](\.\d)? s of 8 s: less load was applied/);
    expect(reasons("done.py", 0)).to.match(/^The script ended the run after [3-5](\.\d)? s of 8 s\.$/);
  });

  it("ends its workers, by quit(), sys.exit or KeyboardInterrupt, and is named", () => {
    const record = told("quits_in_workers.py", 3);
    expect(record.endedBy).to.equal("script");
    expect(record.integrity?.workers.lost).to.deep.equal([]);
    expect(record.reasons[0]).to.match(/^The script ended the run .*\(quits_in_workers\.py, line \d+\): less load/);
    expect([...record.reasons, ...record.warnings].join()).to.match(
      /[Uu]sers: \d were ended by the script: runner\.quit\(\) on a worker \(quits_in/,
    );
    for (const [name, error] of [
      ["exits_in_task.py", "SystemExit: 3"],
      ["exits_later.py", "SystemExit: 3"],
      ["interrupts.py", "KeyboardInterrupt"],
    ] as const) {
      const place = name === "exits_later.py" ? "" : ` \\(${name}, line \\d+\\)`;
      const { integrity, exceptions, reasons, warnings, totals } = told(name, 3);
      expect(integrity?.workers.lost).to.deep.equal([]);
      expect(reasons[0]).to.match(new RegExp(`^The script ended the run after [\\d.]+ s of 8 s${place}: less load`));
      expect([...reasons, ...warnings].join()).to.match(
        new RegExp(`[Uu]sers: \\d ended by an error: ${error}${place}`),
      );
      expect(exceptions?.count).to.be.within(1, 4);
      expect(totals.requests).to.be.within(8, 12);
    }
  });

  it("may raise in all listeners: the run goes on, and its numbers are those of its users", () => {
    const record = told("raises_everywhere.py", 0);
    expect(record.verdict).to.equal("passed");
    expect(record.totals.requests).to.be.within(40, 72);
    const places = record.exceptions?.kinds.map(({ message }) => message);
    expect(places).to.include.members(["in test_start", "in report_to_master", "in worker_report", "in request"]);
  });
});
