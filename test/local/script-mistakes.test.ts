import { expect } from "chai";
import { type CommandEnd, inTurns } from "../support/cli";
import { type LocalRun, localRuns } from "../support/local-runs";
import { runsIn } from "../support/project";
import { listener, script } from "../support/user-scripts";

const mistakes: Readonly<Record<string, readonly [string, RegExp]>> = {
  "worker_init.py": [
    script([], listener("init", 'open("/none/accounts.csv")', "WorkerRunner")),
    /^loadtest: worker_init\.py, line \d+: FileNotFoundError: .*'\/none\/accounts\.csv'$/m,
  ],
  "worker_import.py": [
    script([], 'if "--worker" in sys.argv:\n    import no_such_package\n'),
    /^loadtest: worker_import\.py, line \d+: ModuleNotFoundError: No module named 'no_such_package'$/m,
  ],
  "exits_at_import.py": [
    script([], "sys.exit(0)\n"),
    /^loadtest: exits_at_import\.py, line \d+: sys\.exit\(0\) in the script$/m,
  ],
  "exits_in_init.py": [
    script([], listener("init", 'sys.exit("no accounts")', "WorkerRunner")),
    /^loadtest: exits_in_init\.py, line \d+: sys\.exit\("no accounts"\) in the script$/m,
  ],
  "ends_in_init.py": [
    script([], listener("init", "import os; os._exit(3)", "WorkerRunner")),
    /^loadtest: ends_in_init\.py ended Locust's worker-\d before it was ready: exit code 3 and no error, as with os\._exit/m,
  ],
  "raises_lines.py": [
    script([], listener("init", 'raise ValueError("no account\\nfor acme")', "MasterRunner")),
    /^loadtest: raises_lines\.py, line \d+: ValueError: no account …$/m,
  ],
  "exits_in_test_start.py": [
    script([], listener("test_start", "sys.exit(1)", "MasterRunner")),
    /^loadtest: exits_in_test_start\.py, line \d+: sys\.exit\(1\) in the script$/m,
  ],
};

describe("a mistake of the script", function () {
  this.timeout(120_000);
  const runs = localRuns({
    args: ["--users", "4", "--spawn-rate", "4", "--run-time", "8s", "--workers", "2"],
    scripts: Object.fromEntries(Object.entries(mistakes).map(([name, [text]]) => [name, text])),
    targets: [{}],
  });
  const ends = new Map<string, { readonly run: LocalRun; readonly end: CommandEnd }>();

  before(async () => {
    await inTurns(Object.keys(mistakes), 3, async (name) => {
      const run = runs.start(["--script", name, "--host", runs.target().url]);
      ends.set(name, { run, end: await run.command.ended });
    });
  });

  for (const [name, [, says]] of Object.entries(mistakes)) {
    it(`keeps the run from starting: ${name}`, () => {
      const { run, end } = ends.get(name) ?? expect.fail(`${name} was not run`);
      expect(end.code, end.stdout + end.stderr).to.equal(2);
      expect(end.stderr).to.match(says);
      expect(end.stderr).to.not.match(/Traceback|^\s+at /m);
      expect(runsIn(run.results)).to.deep.equal([]);
    });
  }
});
