import { spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import { expect } from "chai";
import type { FinishedRecord } from "../../runner/results/run-record";
import { localRuns } from "../support/local-runs";
import { PausingTarget } from "../support/pausing-target";
import { type Found, requireRole } from "../support/processes";
import { together } from "../support/together";

/** Users that would wait for hours between two tasks. */
const visitor = (kind: string) => `from locust import ${kind}, constant, task


class Visitor(${kind}):
    wait_time = constant(10_000)

    @task
    def front_page(self):
        self.client.get("/")
`;

const steps = `from locust import HttpUser, SequentialTaskSet, constant, task


class Purchase(SequentialTaskSet):
    @task
    def first(self):
        self.client.get("/first")

    @task
    def second(self):
        self.client.get("/second")


class Buyer(HttpUser):
    wait_time = constant(10_000)
    tasks = [Purchase]
`;

/** A sleep that lets no other user run meanwhile. */
const blocks = `from gevent.monkey import get_original
${visitor("FastHttpUser").replace("    def front_page(self):", '    def front_page(self):\n        get_original("time", "sleep")(0.01)')}`;

const shaped = `${visitor("FastHttpUser")}

from locust import LoadTestShape


class Wave(LoadTestShape):
    def tick(self):
        return (1, 1)
`;

describe("a run with an arrival rate", function () {
  this.timeout(120_000);
  const { start } = localRuns({
    args: ["--workers", "2", "--spawn-rate", "100"],
    scripts: {
      "fast.py": visitor("FastHttpUser"),
      "slow.py": visitor("HttpUser"),
      "steps.py": steps,
      "blocks.py": blocks,
      "shaped.py": shaped,
    },
  });
  const oneOf = together();
  /** Has a target of its own. */
  const test = (title: string, body: (target: PausingTarget) => Promise<void>) =>
    oneOf(title, async () => {
      const target = new PausingTarget();
      await target.listen();
      await body(target).finally(() => target.close());
    });

  const load = (target: PausingTarget, script: string, users: number, rate: string, ...more: string[]) =>
    start(["--script", script, "--host", target.url, "--users", String(users), "--arrival-rate", rate, ...more]);
  const arrivalsOf = ({ integrity }: FinishedRecord) => integrity?.arrivals ?? { due: 0, started: 0, dropped: 0 };
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  /** All but 1 % of what was due, and as the target has counted; a machine without CPU for a second drops a few. */
  function expectAllStarted({ due, started }: { due: number; started: number }, counted: number | undefined): void {
    expect(started).to.equal(counted);
    expect(due - started).to.be.within(0, 0.01 * due);
  }

  for (const script of ["fast.py", "slow.py"]) {
    test(`starts what its stages ask for, with ${script}`, async (target) => {
      const run = load(target, script, 40, "50:3s 100/s:4s", "--threshold", "corrected_p50<500", "--json");
      const end = await run.command.ended;
      const record = run.record();
      expect(end.code, end.stdout + end.stderr).to.equal(0);
      expect(arrivalsOf(record)).to.include({ rate: "50:3s 100/s:4s", due: 550 });
      expectAllStarted(arrivalsOf(record), target.asked.get("/"));
      expect(record.totals.requests).to.equal(arrivalsOf(record).started);
      expect(record.endedBy).to.equal("run-time");
      expect(record.durationSeconds).to.be.within(7, 20);
      expect(record.corrected?.avg).to.be.at.least(record.totals.avg);
      expect(record.files).to.include("corrected.csv");
      expect(end.stderr).to.match(/wait_time is not used: iterations start at 50:3s 100\/s:4s, with at most 40/);
      expect(end.stderr).to.match(/[\d.]+\/100 iterations\/s/);
    });
  }

  for (const spacing of ["even", "poisson"]) {
    test(`starts rate times time of a constant rate, with ${spacing} gaps`, async (target) => {
      const run = load(target, "fast.py", 20, "40", "--arrival-spacing", spacing, "--run-time", "8s");
      const end = await run.command.ended;
      expect(end.code, end.stdout + end.stderr).to.equal(0);
      const arrivals = arrivalsOf(run.record());
      expectAllStarted(arrivals, target.asked.get("/"));
      // Random ones are 320 with a standard deviation of 18; the rate begins when all users are there.
      expect(arrivals.due).to.be.within(160, spacing === "even" ? 320 : 400);
    });
  }

  test("takes a pass through a sequential set for one iteration", async (target) => {
    const run = load(target, "steps.py", 10, "20:5s");
    const end = await run.command.ended;
    expect(end.code, end.stdout + end.stderr).to.equal(0);
    expect(arrivalsOf(run.record()).due).to.equal(100);
    expectAllStarted(arrivalsOf(run.record()), target.asked.get("/first"));
    expect(target.asked.get("/second")).to.equal(target.asked.get("/first"));
  });

  test("goes on at the whole rate within seconds where a worker is killed", async (target) => {
    const run = load(target, "fast.py", 40, "100", "--run-time", "16s");
    await run.command.waitFor(/full load/);
    await pause(3000);
    const [worker] = requireRole(run.command.children(), "worker", 2);
    process.kill(worker?.pid ?? 0, "SIGKILL");
    await run.command.ended;
    // Its half of the rate is not started for some three seconds, of the twelve that were left.
    expect(arrivalsOf(run.record()).due - (target.asked.get("/") ?? 0)).to.be.within(50, 5 * 50);
    const { verdict, reasons } = run.record();
    expect(verdict).to.equal("invalid");
    expect(reasons.join("\n")).to.match(
      /Arrivals: \d+ of \d+ iterations asked were started: \d+ went with lost workers/,
    );
  });

  test("claims no shortfall of what workers had no time to tell before the master was killed", async (target) => {
    const run = load(target, "fast.py", 40, "100", "--run-time", "60s");
    await run.command.waitFor(/full load/);
    await pause(6000);
    process.kill((await run.command.master()).pid, "SIGKILL");
    const end = await run.command.ended;
    expect(end.code, end.stdout).to.equal(4);
    const { verdict, integrity } = run.record();
    expect(verdict).to.equal("error");
    expect(integrity?.problems.join("\n")).to.not.contain("arrivals:");
    expect(integrity?.arrivals?.started).to.be.greaterThan(100);
  });

  test("is invalid where most starts are late, as tasks block their worker", async (target) => {
    const run = load(target, "blocks.py", 50, "200", "--run-time", "10s", "--workers", "1");
    const end = await run.command.ended;
    expect(end.code, end.stdout).to.equal(3);
    const { reasons, integrity } = run.record();
    const { late = 0, started = 0 } = integrity?.arrivals ?? {};
    expect(late).to.be.greaterThan(started / 2);
    expect(reasons.join("\n")).to.match(/rrivals: [\d.]+ % of the iterations started more than 10 ms late/);
  });

  test("gives a worker that joins its part, and starts all of it once", async (target) => {
    const run = load(target, "fast.py", 40, "100", "--run-time", "18s");
    await run.command.waitFor(/full load/);
    await pause(3000);
    const [{ args, env, pid }] = requireRole(run.command.children(), "worker", 2) as [Found];
    const [program = "", ...more] = args;
    // It ends with this process, which has the other end of its lifeline.
    const own = { ...env, LOADTEST_LIFELINE_FD: "0" };
    const joins = spawn(program, more, {
      ...{ env: own, cwd: readlinkSync(`/proc/${pid}/cwd`), stdio: ["pipe", "ignore", "ignore"] },
    });
    const end = await run.command.ended;
    joins.kill("SIGKILL");
    expect(end.code, end.stdout + end.stderr).to.equal(0);
    expectAllStarted(arrivalsOf(run.record()), target.asked.get("/"));
    expect(Math.max(...run.series().map(({ workers }) => workers))).to.equal(3);
    expect(target.connections).to.be.greaterThan(40);
  });

  test("starts nothing twice where a worker is paused", async (target) => {
    const run = load(target, "fast.py", 40, "100", "--run-time", "18s");
    await run.command.waitFor(/full load/);
    await pause(3000);
    const [worker] = requireRole(run.command.children(), "worker", 2);
    process.kill(worker?.pid ?? 0, "SIGSTOP");
    await pause(5000);
    process.kill(worker?.pid ?? 0, "SIGCONT");
    const end = await run.command.ended;
    const { due, started, dropped } = arrivalsOf(run.record());
    const counted = target.asked.get("/") ?? 0;
    expect(started, end.stdout).to.equal(counted);
    // Its half was not started until the other worker got it, after some two seconds: that is what it drops.
    expect(due - counted).to.be.within(50, 5 * 50);
    expect(Math.abs(due - counted - dropped)).to.be.at.most(0.01 * due);
  });

  test("is invalid where all users wait for a target that hangs", async (target) => {
    const run = load(target, "fast.py", 10, "50", "--run-time", "8s");
    await run.command.waitFor(/full load/);
    target.pause();
    const end = await run.command.ended;
    expect(end.code, end.stdout).to.equal(3);
    const record = run.record();
    const { due, started, dropped } = arrivalsOf(record);
    expect(record.verdict).to.equal("invalid");
    expect(record.reasons.join("\n")).to.match(/\d+ were dropped, as all users, 10, were under way/);
    expect(dropped).to.be.greaterThan(100);
    expect(Math.abs(due - started - dropped)).to.be.at.most(0.01 * due);
  });

  test("shows a second without answers in corrected times, where Locust's own hide it", async (target) => {
    const run = load(target, "fast.py", 4, "40:10s", "--threshold", "corrected_p95<400", "--threshold", "p95<400");
    await run.command.waitFor(/full load/);
    await pause(3000);
    target.pause();
    await pause(1000);
    target.goOn();
    await run.command.ended;
    const { corrected, percentiles, thresholds } = run.record();
    // Four requests have waited, and with them some forty iterations.
    expect(corrected?.percentiles.p95).to.be.above((percentiles.p95 ?? 0) + 300);
    expect(thresholds.map(({ passed }) => passed)).to.deep.equal([false, true]);
    expect(run.text("corrected.csv")).to.match(/^GET,\/,/m);
  });

  test("refuses what cannot be, with one line and exit code 2", async (target) => {
    const shape = await load(target, "shaped.py", 5, "10").command.ended;
    expect(shape.code, shape.stderr).to.equal(2);
    expect(shape.stderr).to.contain("the script's load shape Wave decides users and time: leave the arrival rate out");
    const wrong = await load(target, "fast.py", 5, "10:x", "--arrival-spacing", "odd").command.ended;
    expect(wrong.code, wrong.stderr).to.equal(2);
    expect(wrong.stderr)
      .to.match(/arrivalRate.*"10:x"/)
      .and.to.match(/arrivalSpacing.*"odd"/);
    const closed = await start(["--host", target.url, "--threshold", "corrected_p95<9"]).command.ended;
    expect(closed.code, closed.stderr).to.equal(2);
    expect(closed.stderr).to.contain("on p95 instead of corrected_p95, unless arrivalRate is set");
  });
});
