import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { FinishedRecord } from "../../runner/results/run-record";
import { type CommandEnd, inTurns } from "../support/cli";
import { type LocalRun, localRuns } from "../support/local-runs";

/** Its target answers each user for some seconds, one for longer than the other; `farewell` asks it as well. */
const hanging = (kind: string, farewell = "pass") => `import itertools
import time

from locust import ${kind}, constant, task

began = time.monotonic()
numbers = itertools.count()


class HangingUser(${kind}):
    wait_time = constant(0.2)

    def on_start(self):
        self.until = 8 + next(numbers)

    @task
    def front_page(self):
        self.client.get("/" if time.monotonic() - began < self.until else "/hang", name="/")

    def on_stop(self):
        ${farewell}
`;

const steady = `from locust import FastHttpUser, constant, events, task
from locust.runners import MasterRunner, WorkerRunner


class SteadyUser(FastHttpUser):
    wait_time = constant(0.5)

    @task
    def front_page(self):
        self.client.get("/")
`;

const slowStop = `${steady}

@events.test_stop.add_listener
def clean_up(environment, **_):
    import gevent

    if isinstance(environment.runner, WorkerRunner):
        gevent.sleep(12)
        environment.events.request.fire(
            request_type="CLEAN", name="up", response_time=5, response_length=0, exception=None, context={}
        )
`;

/** Its listener is added as late as can be. @param sleep how it waits: so that others go on meanwhile, or not */
const slowStart = (sleep: string) => `${steady}

@events.init.add_listener
def add(environment, **_):
    def seed(**_):
        import time

        from gevent import monkey

        if isinstance(environment.runner, MasterRunner):
            ${sleep}(8)

    environment.events.test_start.add_listener(seed)
`;

/** As most scripts have it: master and workers alike do it, one after the other. */
const allStart = `${steady}

@events.test_start.add_listener
def seed(**_):
    import time

    time.sleep(4)
`;

const stateOfInit = `${steady}

@events.init.add_listener
def make(environment, **_):
    global env
    env, environment.own = environment, 0


@events.report_to_master.add_listener
def send(client_id, data):
    data["own"], env.own = env.own + 1, 0


@events.worker_report.add_listener
def add(client_id, data):
    env.own += data["own"]


@events.quitting.add_listener
def tell(environment, **_):
    if isinstance(environment.runner, MasterRunner):
        print("reports with state:", environment.own > 0)
`;

describe("what has no answer, and what surrounds the load", function () {
  this.timeout(240_000);
  let server: Server;
  const { start } = localRuns({
    args: ["--users", "6", "--spawn-rate", "6", "--workers", "2"],
    scripts: {
      "hang_fast.py": hanging("FastHttpUser"),
      "hang_http.py": hanging("HttpUser", 'self.client.post("/hang", name="logout")'),
      "slow_stop.py": slowStop,
      "slow_start.py": slowStart("time.sleep"),
      "blocked_start.py": slowStart('monkey.get_original("time", "sleep")'),
      "all_start.py": allStart,
      "state.py": stateOfInit,
    },
  });
  const runs: Record<string, { run: LocalRun; end: CommandEnd }> = {};
  const of = (script: string) => {
    const found = runs[script];
    if (found === undefined) throw new Error(`${script} was not run`);
    return { ...found, record: found.run.record() };
  };
  /** Rates are requests by the time of the load, wherever they are told. */
  function expectRates({ run, record }: { run: LocalRun; record: FinishedRecord }): void {
    const { requests, rps } = record.totals;
    expect(rps).to.be.closeTo(requests / record.durationSeconds, 0.02);
    expect(run.text("requests.csv").trim().split("\n").at(-1)).to.match(
      new RegExp(`,Aggregated,${requests},.*,${String(rps).slice(0, 5)}`),
    );
  }

  before(async () => {
    server = createServer((request, response) => {
      if (request.url !== "/hang") response.end("ok");
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const host = ["--host", `http://127.0.0.1:${(server.address() as AddressInfo).port}`];
    const plans: readonly (readonly [string, ...string[]])[] = [
      ["hang_http.py", "--run-time", "24s"],
      ["hang_fast.py", "--run-time", "24s", "--threshold", "rps>20", "--threshold", "fail_ratio<1%"],
      ["slow_stop.py", "--run-time", "6s", "--threshold", "rps>8"],
      ["slow_start.py", "--run-time", "14s"],
      ["blocked_start.py", "--run-time", "14s"],
      ["all_start.py", "--run-time", "14s"],
      ["state.py", "--run-time", "4s"],
    ];
    await inTurns(plans, 3, async ([script, ...args]) => {
      const run = start([...host, "--script", script, ...args]);
      runs[script] = { run, end: await run.command.ended };
    });
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  for (const script of ["hang_fast.py", "hang_http.py"]) {
    it(`is counted and named, with ${script}`, () => {
      const { run, record } = of(script);
      const farewells = script === "hang_http.py" ? 6 : 0;
      expect(record.totals.failures).to.equal(6 + farewells);
      expect(record.unanswered).to.deep.include({ cutOff: 6 + farewells, left: 0 });
      const failures = run.text("failures.csv");
      expect(failures).to.match(/^GET,\/,no answer within [23]\d s,6,/m);
      if (farewells > 0) expect(failures).to.match(/^POST,logout,no answer within \d+ s,6,/m);
      expect(record.warnings.join("\n")).to.match(/requests had no answer when the grace after the end was over/);
      expect(record.percentiles.p100).to.be.at.least(20_000);
      expect(record.integrity?.problems).to.deep.equal([]);
      expectRates({ run, record });
    });

    it(`shows in the series of ${script} while it lasts`, () => {
      const { run, end } = of(script);
      const series = run.series().filter(({ phase }) => phase === "hold");
      const last = Math.max(
        ...series.filter((sample, index) => sample.requests > (series[index - 1]?.requests ?? 0)).map(({ t }) => t),
      );
      for (const { t, rps, p95 } of series.filter((sample) => sample.t > last + 9.5)) {
        expect({ t, rps, p95 }).to.deep.equal({ t, rps: 0, p95: null });
      }
      expect(series.at(-1)).to.include({ underWay: 6, users: 6 });
      expect(series.at(-1)?.oldestWait).to.be.within(8, 20);
      expect(end.stderr).to.match(/0\.0 req\/s, p95 –, 0 failures, 6 under way, up to \d+ s/);
    });
  }

  it("does not pass, whatever its thresholds say", () => {
    const { record } = of("hang_http.py");
    expect(record.thresholds.map(({ passed }) => passed)).to.deep.equal([true]);
    expect(record.verdict).to.equal("failed");
    expect(record.reasons).to.have.lengthOf(1);
    expect(record.reasons[0]).to.match(
      /^The target answered nothing in the last \d+ s of 2[34] s, with 6 requests under way\.$/,
    );
  });

  it("does not pass", () => {
    const { record, end } = of("hang_fast.py");
    expect(end.code, end.stdout).to.equal(1);
    expect(record.reasons[0]).to.match(/^Threshold rps>20 failed: it was \d+\.?\d* requests\/s\.$/);
    expect(record.reasons[1]).to.match(/^Threshold fail_ratio<1% failed: it was 0\.0\d+\.$/);
  });

  it("lowers no rate when the script cleans up for long", () => {
    const { run, record, end } = of("slow_stop.py");
    expect(end.code, end.stdout).to.equal(0);
    expect(record.durationSeconds).to.be.closeTo(6, 1);
    expect(run.text("requests.csv"), "what came last").to.match(/^CLEAN,up,2,/m);
    expectRates({ run, record });
  });

  for (const script of ["slow_start.py", "blocked_start.py", "all_start.py"]) {
    it(`begins with the load, which ${script} prepares for long`, () => {
      const { run, record, end } = of(script);
      expect(end.code, end.stdout).to.equal(0);
      expect(end.stderr).to.match(/the script prepares the test \(test_start\), for \d s by now/);
      // The rest of the run time, less what messages take.
      expect(record.durationSeconds).to.be.within(4, 6.5);
      // As with Locust alone, whose timer goes on: six users, every half second.
      expect(record.totals.requests).to.be.within(48, 78);
      expect(record.warnings).to.have.lengthOf(1);
      expect(record.warnings[0]).to.match(/^the script's test_start listeners took [89] s of the run time of 14 s$/);
      expectRates({ run, record });
    });
  }

  it("reports nothing before the script's own init", () => {
    const { run, record, end } = of("state.py");
    expect(end.code, end.stdout).to.equal(0);
    expect(record.totals.requests).to.be.within(36, 54);
    for (const log of ["master", "worker-1", "worker-2"]) {
      expect(run.text(`logs/${log}.log`)).to.not.match(/Traceback|Uncaught/);
    }
    expect(run.text("logs/master.log")).to.contain("reports with state: True");
    const named = run.series().flatMap(({ workerCpu }) => Object.keys(workerCpu));
    expect([...new Set(named)].sort(), "names are known from the start").to.deep.equal(["worker-1", "worker-2"]);
  });
});
