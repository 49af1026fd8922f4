import { expect } from "chai";
import type { FinishedRecord } from "../../runner/results/run-record";
import { type CommandEnd, inTurns } from "../support/cli";
import { type LocalRun, localRuns } from "../support/local-runs";
import { type OddTarget, startOddTarget } from "../support/odd-target";

/** A script with one user, who does this twice a second, and with this before its class. */
const script = ({ before = "", more = "", task = 'self.client.get("/")', kind = "FastHttpUser" }) => `import gevent
from locust import FastHttpUser, HttpUser, constant, events, task
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

${before}

class Visitor(${kind}):
    wait_time = constant(0.5)
${more}
    @task
    def visit(self):
        ${task}
`;

/** A listener; it may ask \`environment.runner\` for its role. */
const listener = (event: string, ...lines: string[]) =>
  `@events.${event}.add_listener\ndef on_${event}(environment, **_):\n${lines.map((line) => `    ${line}\n`).join("")}\n`;

const onMaster = "if isinstance(environment.runner, MasterRunner):";
const onWorker = "if isinstance(environment.runner, WorkerRunner):";

interface Case {
  readonly what: string;
  readonly script: string;
  readonly code: number;
  /** In what is printed, with its lines joined. */
  readonly says: RegExp;
  readonly not?: RegExp;
  readonly record?: (record: FinishedRecord, run: LocalRun) => void;
}

const cases: readonly Case[] = [
  {
    what: "fails a run by an exit code of its own",
    script: script({ before: listener("quitting", `${onMaster} environment.process_exit_code = 9`) }),
    code: 1,
    says: /FAILED \(exit code 1\) The script failed the run: it set the exit code 9/,
    record: ({ verdict, scriptExitCode }) =>
      expect({ verdict, scriptExitCode }).to.deep.equal({ verdict: "failed", scriptExitCode: 9 }),
  },
  {
    what: "passes with an exit code of 0",
    script: script({ before: listener("test_stop", "environment.process_exit_code = 0") }),
    code: 0,
    says: /PASSED/,
  },
  {
    what: "ends the test on the master",
    script: script({
      before: listener("test_start", `${onMaster} gevent.spawn_later(3, environment.runner.quit)`),
    }),
    code: 3,
    says: /The script ended the run after [34](\.\d)? s of 6 s/,
    not: /lost/,
    record: ({ endedBy, integrity }) => {
      expect(endedBy).to.equal("script");
      expect(integrity?.workers.lost).to.deep.equal([]);
    },
  },
  {
    what: "has users that leave by themselves",
    script: script({ task: "raise StopUser" }),
    code: 3,
    says: /4 ended by themselves: StopUser \(\S+\.py, line \d+\)/,
    not: /lost/,
  },
  {
    what: "raises the same error again and again",
    script: script({ before: 'ERROR = LookupError("always")\n', task: 'self.client.get("/")\n        raise ERROR' }),
    code: 0,
    says: /The script raised \d+ exceptions \d+ LookupError: always \(\S+\.py, line \d+\)/,
    record: ({ exceptions, totals }) => expect(exceptions?.count).to.equal(totals.requests),
  },
  {
    what: "has a load shape that raises in the middle",
    script: script({
      before:
        "from locust import LoadTestShape\n\nclass Waves(LoadTestShape):\n    def tick(self):\n" +
        '        if self.get_run_time() > 2: raise LookupError("no wave")\n        return (4, 4)\n',
    }),
    code: 3,
    says: /LookupError: no wave \(\S+\.py, line \d+\).*The script ended the run after [23](\.\d)? s \(\S+\.py, line \d+\)/,
  },
  {
    what: "sets the statistics to zero",
    script: script({
      before: listener("test_start", `${onMaster} gevent.spawn_later(3, environment.runner.stats.reset_all)`),
    }),
    code: 3,
    says: /requests: statistics were reset [34] s into the run/,
  },
  {
    what: "reports a request whose name is None",
    script: script({
      task: 'self.client.get("/")\n        events.request.fire(request_type="X", name=None, response_time=1, response_length=0)',
    }),
    code: 0,
    says: /X None +\d+/,
  },
  {
    what: "raises what is no Exception where the load ends",
    script: script({ before: listener("test_stopping", "raise gevent.Timeout(1)") }),
    code: 0,
    says: /The script raised \d+ exceptions?/,
  },
  {
    what: "has an on_start that raises",
    script: script({ more: '    def on_start(self):\n        raise LookupError("no token")\n' }),
    code: 3,
    says: /4 ended by an error: LookupError: no token \(\S+\.py, line \d+\)/,
  },
  {
    what: "raises in its task",
    script: script({ task: 'self.client.get("/"); raise KeyError("token")' }),
    code: 0,
    says: /The script raised \d+ exceptions \d+ KeyError: 'token' \(\S+\.py, line \d+\)/,
    record: ({ exceptions, totals }, run) => {
      expect(exceptions?.count).to.equal(totals.requests);
      expect(exceptions?.kinds[0]).to.include({ type: "KeyError", message: "'token'", count: totals.requests });
      for (const file of ["junit.xml", "exceptions.csv"]) expect(run.text(file)).to.match(/token/);
    },
  },
  {
    what: "raises in greenlets of its own, once for each",
    script: script({
      before: "def boom(text):\n    raise ValueError(text)\n",
      task: 'self.client.get("/"); gevent.spawn(boom, "poll"); gevent.spawn(boom, "got").get()',
    }),
    code: 0,
    says: /The script raised \d+ exceptions \d+ ValueError: (poll|got) \(\S+\.py, line \d+\)/,
    record: ({ exceptions, totals }) => {
      expect(exceptions?.count).to.equal(2 * totals.requests);
      expect(exceptions?.kinds.map(({ message }) => message)).to.have.members(["poll", "got"]);
    },
  },
  {
    what: "has a class without tasks, beside a good one",
    script: script({ before: "class Idle(HttpUser):\n    wait_time = constant(1)\n" }),
    code: 3,
    says: /The load was not what was asked: users: class Idle has no tasks, so users in it do nothing\./,
  },
  {
    what: "has no class that is not abstract",
    script: script({ more: "    abstract = True\n" }),
    code: 2,
    says: /^loadtest: \S+\.py has no User class to run: it needs one that .*, and is not abstract/m,
  },
  {
    what: "meets answers that break off",
    script: script({ kind: "HttpUser", task: 'self.client.get("/reset"); self.client.get("/half")' }),
    code: 1,
    says: /Failures of requests \d+ GET \/(reset: RemoteDisconnected|half: ChunkedEncodingError)/,
    record: ({ failures, totals }) => {
      expect(failures?.map(({ count }) => count).reduce((sum, count) => sum + count, 0)).to.equal(totals.failures);
      expect(failures?.map(({ name }) => name)).to.have.members(["/reset", "/half"]);
    },
  },
  {
    what: "raises in a worker's init only",
    script: script({ before: listener("init", `${onWorker} open("accounts-part.csv")`) }),
    code: 2,
    says: /^loadtest: \S+\.py, line \d+: FileNotFoundError: .*accounts-part\.csv/m,
    not: /Traceback|\n.*\n.*\n.*at /,
  },
  {
    what: "raises in init on both",
    script: script({ before: listener("init", 'raise ValueError("no plan")') }),
    code: 2,
    says: /^loadtest: \S+\.py, line \d+: ValueError: no plan/m,
    not: /Traceback/,
  },
  {
    what: "imports a package that is not there",
    script: script({ before: "import package_that_is_not_there" }),
    code: 2,
    says: /^loadtest: \S+\.py, line \d+: ModuleNotFoundError: No module named 'package_that_is_not_there'/m,
    not: /Traceback/,
  },
];

/** Runs at a time. */
const lanes = 3;

describe("what a script does, in a run on this machine", function () {
  this.timeout(240_000);
  const name = (index: number) => `case_${index + 1}.py`;
  const { start } = localRuns({
    args: ["--users", "4", "--spawn-rate", "4", "--run-time", "6s", "--workers", "2"],
    scripts: Object.fromEntries(cases.map(({ script }, index) => [name(index), script])),
  });
  let target: OddTarget;
  let runs: { run: LocalRun; end: CommandEnd }[];

  before(async () => {
    target = await startOddTarget();
    runs = await inTurns(cases, lanes, async (one) => {
      const run = start(["--host", target.url, "--script", name(cases.indexOf(one))]);
      return { run, end: await run.command.ended };
    });
  });
  after(() => target?.close());

  for (const [index, { what, code, says, not, record }] of cases.entries()) {
    it(`is told when it ${what}`, () => {
      const found = runs[index];
      if (found === undefined) throw new Error("it was not run");
      const { stdout, stderr, code: ended } = found.end;
      const printed = [stderr, stdout.replace(/\s*\n\s*/g, " ").replace(/ +/g, " ")].join("\n");
      expect(ended, printed).to.equal(code);
      expect(printed).to.match(says);
      if (not !== undefined) expect(printed).to.not.match(not);
      record?.(found.run.record(), found.run);
    });
  }
});
