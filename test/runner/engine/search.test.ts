import { expect } from "chai";
import type { RunOptions, RunPlan } from "../../../runner/engine/plan";
import type { LocustStatus, WorkerStatus } from "../../../runner/types";
import type { Counts } from "../../../runner/types/counts";
import type { CapacityAsked, CapacityStep } from "../../../runner/verdict/capacity/report";
import { parseThreshold } from "../../../settings/values/threshold";
import { asked as usual } from "../verdict/capacity/steps";
import { engineRuns, timing as engineTiming, plan } from "./engine-runs";
import { worker } from "./scripted";

const asked: CapacityAsked = { ...usual, stepSeconds: 0.06, precision: 0.1, holds: 2 };
const timing = { ramp: 5, settle: 5, settleMost: 50, watch: 10, silence: 80, recover: 100 };

/** A target that answers so many users in 10 ms, 2,000 of them a second each, and all that are more too late. */
class Simulated {
  users = 0;
  readonly levels: number[] = [];
  readonly spawnRates: number[] = [];
  workers: WorkerStatus[] = [worker("worker-1", { state: "running" }), worker("worker-2", { state: "running" })];
  /** Of each worker, by the users that there are. */
  cpu: (users: number) => number = () => 0.2;
  silentFrom = Number.POSITIVE_INFINITY;
  /** Requests that wait for an answer for long while others are answered. */
  waiting = 0;
  /** Answers with errors from so many users on. */
  failingFrom = Number.POSITIVE_INFINITY;
  /** Answers nothing any more, once there were so many users. */
  diesFrom = Number.POSITIVE_INFINITY;
  private isSilent = false;
  /** Users that come up at the most. */
  started = Number.POSITIVE_INFINITY;
  private readonly counted = { requests: 0, good: 0, failures: 0 };
  private since = performance.now();

  constructor(readonly most: number) {}

  set(users: number, _rate?: number): void {
    this.count();
    this.users = users;
    this.levels.push(users);
  }

  counts(): Counts {
    this.count();
    const { requests, good, failures } = this.counted;
    const at = performance.now() / 1000;
    const total = { requests, failures, time: good * 10, times: { "10": good, "500": requests - good } };
    const each = this.workers.map(({ id }) => ({ id, at, requests: requests / this.workers.length }));
    return { run: 1, workers: each, total, requests: [] };
  }

  status(): Partial<LocustStatus> {
    const cpu = this.cpu(this.users);
    const isSilent = this.isSilent || this.users >= this.silentFrom;
    return {
      ...{
        users: Math.min(this.users, this.started),
        targetUsers: this.users,
        underWay: isSilent ? this.users : this.waiting,
        oldestWait: isSilent || this.waiting > 0 ? 9 : 0,
      },
      workers: this.workers.map((one) => ({ ...one, cpu })),
    };
  }

  private count(): void {
    const now = performance.now();
    this.isSilent ||= this.diesFrom <= this.users;
    const answers =
      this.isSilent || this.users >= this.silentFrom ? 0 : Math.round((this.users * 2000 * (now - this.since)) / 1000);
    this.counted.requests += answers;
    this.counted.good += this.users <= this.most ? answers : 0;
    this.counted.failures += this.users >= this.failingFrom ? answers : 0;
    this.since = now;
  }
}

/** Iterations of one request each that is answered in 10 ms, and takes a user for a second. */
class SimulatedArrivals extends Simulated {
  rate = 0;
  private readonly starts = { due: 0, started: 0, dropped: 0, late: 0 };
  private last = performance.now();

  /** @param atOnce iterations that the target has under way at the most, however many users there are */
  constructor(readonly atOnce = Number.POSITIVE_INFINITY) {
    super(0);
  }

  override set(users: number, rate = 0): void {
    this.go();
    this.users = users;
    this.rate = rate;
    this.levels.push(rate);
  }

  override counts(): Counts {
    this.go();
    const requests = this.starts.started;
    const total = { requests, failures: 0, time: requests * 10, times: { "10": requests } };
    const each = this.workers.map(({ id }) => ({
      id,
      at: this.last / 1000,
      requests: requests / this.workers.length,
    }));
    return { run: 1, workers: each, total, requests: [] };
  }

  /** As of the last counts: its numbers and theirs are of one moment. */
  override status(): Partial<LocustStatus> {
    const underWay = this.rate > this.possible ? this.users : this.rate;
    const arrivals = {
      ...{ asked: String(this.rate), spacing: "even" as const, began: 0, rate: this.rate, ends: null },
      ...{ ...this.starts, startedPerSecond: 0, waiting: 0, underWay },
      ...{ lag: { p50: null, p99: null, max: null }, corrected: { p50: null, p95: null, p99: null } },
    };
    return { users: this.users, targetUsers: this.users, arrivals };
  }

  private get possible(): number {
    return Math.min(this.users, this.atOnce);
  }

  private go(): void {
    const now = performance.now();
    const seconds = (now - this.last) / 1000;
    const started = Math.min(this.rate, this.possible) * seconds;
    this.starts.due += this.rate * seconds;
    this.starts.started += started;
    this.starts.dropped += this.rate * seconds - started;
    this.last = now;
  }
}

describe("a search for the capacity", function () {
  this.timeout(60_000);
  const { locust, drive } = engineRuns();

  async function search(target: Simulated, change: Partial<CapacityAsked> = {}, options: Partial<RunOptions> = {}) {
    const steps: CapacityStep[] = [];
    const said: string[] = [];
    const scripted = locust();
    let running = false;
    scripted.onSwarm = (form) => {
      target.spawnRates.push(Number(form.get("spawn_rate")));
      target.set(Number(form.get("user_count")), Number(form.get("arrival_rate") ?? 0));
      if (!running) scripted.run();
      running = true;
      return { success: true };
    };
    scripted.onCounts = () => target.counts();
    // As it is at each look.
    const own = scripted.status;
    let base = own;
    Object.defineProperty(scripted, "status", {
      get: () => (base.state === "running" ? { ...base, ...target.status() } : base),
      set: (value: LocustStatus) => {
        base = value;
      },
    });
    const searched: RunPlan = {
      ...{ ...plan, runTime: undefined, thresholds: [parseThreshold("p95<100")] },
      ...(change.by === "arrivals" ? { users: 1, arrivals: { rate: "10", spacing: "even" } } : {}),
      search: { asked: { ...asked, ...change }, timing },
    };
    const observer = {
      step: (step: CapacityStep) => void steps.push(step),
      said: (text: string) => void said.push(text),
    };
    // A moment in which nothing runs here is no end of the master.
    const patient = {
      ...engineTiming,
      silence: change.by === "arrivals" ? 1000 : 10_000,
      ready: 10_000,
      start: 10_000,
    };
    const outcome = await drive({ plan: searched, observer, timing: patient, ...options });
    return { outcome, capacity: outcome.capacity, steps, said };
  }

  it("finds the most users that hold, and ends the run", async () => {
    const target = new Simulated(33);
    const { outcome, capacity, steps } = await search(target);
    expect(outcome.endedBy).to.equal("capacity");
    expect(capacity?.limit).to.equal("target");
    expect(capacity?.level).to.be.within(30, 33);
    expect(capacity?.broke).to.be.within(34, 36);
    expect(capacity?.steps).to.deep.equal(steps);
    expect(outcome.thresholds.map(({ threshold, actual }) => [threshold, actual])).to.deep.equal([["p95<100", 10]]);
    expect(outcome.integrity).to.deep.include({ ok: true, problems: [] });
    expect(locust().calls.filter((call) => call.startsWith("POST /stop"))).to.have.length(1);
  });

  it("asks again for a level whose users are not there at the rate of all that are missing", async () => {
    const target = new Simulated(1000);
    const set = target.set.bind(target);
    target.started = 7;
    target.set = (users) => {
      // They come up with the second level.
      if (target.levels.length > 2) target.started = 1000;
      set(users);
    };
    await search(target, { from: 40, maxUsers: 40 });
    // 33 of 40 users in 5 ms.
    expect(target.spawnRates[3]).to.be.at.least(33 / 0.005);
  });

  it("gives a target that broke half of what held, before it goes on", async () => {
    const target = new Simulated(33);
    await search(target);
    const [, , , up = 0, rest] = target.levels;
    expect([up, rest]).to.deep.equal([40, 10]);
  });

  it("has Locust end each step by itself, should the command be gone", async () => {
    await search(new Simulated(15));
    const swarms = locust().calls.filter((call) => call.startsWith("POST /swarm"));
    for (const call of swarms) expect(call).to.match(/run_time=\d+s/);
  });

  it("leaves a level at which nothing is answered", async () => {
    const target = new Simulated(1000);
    target.silentFrom = 40;
    const { capacity } = await search(target, { stepSeconds: 1, holds: 1 });
    expect(capacity?.level).to.be.within(36, 39);
    expect(capacity?.first?.text).to.match(/no answer for/);
  });

  it("takes errors for the target's, however busy the workers are, and asks a dead target for little", async () => {
    const target = new Simulated(1000);
    target.failingFrom = 1;
    target.cpu = () => 1;
    target.started = 14;
    const { capacity, outcome } = await search(target, { from: 40, stepSeconds: 5 });
    expect(capacity).to.deep.include({ limit: "target", level: null, broke: 1 });
    expect(capacity?.steps.map(({ level, outcome }) => [level, outcome])).to.deep.equal([
      [40, "broke"],
      [1, "broke"],
      [1, "broke"],
    ]);
    // Each is left at its first look, and none of them is rested from.
    expect(target.levels.slice(1)).to.deep.equal([40, 1, 1]);
    expect(outcome.duration).to.be.below(2);
  });

  it("ends where a target does not recover, with what held before", async () => {
    const target = new Simulated(1000);
    target.diesFrom = 40;
    const { capacity, outcome } = await search(target, { stepSeconds: 0.5 });
    expect(capacity).to.deep.include({ limit: "dead", level: 20, broke: 40 });
    expect(capacity?.steps.map(({ level, outcome }) => [level, outcome])).to.deep.equal([
      [10, "held"],
      [20, "held"],
      [40, "broke"],
    ]);
    expect(capacity?.steps[2]?.broke?.what).to.equal("no answers");
    expect(outcome.integrity?.ok).to.equal(true);
  });

  it("brings up no workers for a script that makes no request", async () => {
    const target = new Simulated(1000);
    target.silentFrom = 0;
    target.cpu = () => 1;
    const status = target.status.bind(target);
    target.status = () => ({ ...status(), underWay: 0, oldestWait: 0 });
    const { capacity } = await search(target, { maxWorkers: 4 });
    expect(capacity).to.deep.include({ limit: "load", level: null });
    expect(capacity?.steps.map(({ why }) => why?.split(":")[0])).to.deep.equal(Array(3).fill("no request was made"));
  });

  it("takes throughput that waits of the script keep from rising for no limit of the target", async () => {
    const target = new Simulated(1000);
    const set = target.set.bind(target);
    let users = 0;
    target.status = () => ({ users, targetUsers: users });
    // Ten users at a time are let through.
    target.set = (wanted) => {
      users = wanted;
      set(Math.min(wanted, 10));
    };
    const { capacity } = await search(target);
    expect(capacity).to.deep.include({ limit: "script", level: 10 });
    expect(capacity?.interval?.high).to.equal(null);
  });

  it("takes busy workers for no proof, and says how many it would take", async () => {
    const target = new Simulated(33);
    target.cpu = (users) => Math.min(1, users / 30);
    const { capacity, outcome } = await search(target);
    expect(capacity).to.deep.include({ limit: "workers", level: 20 });
    expect(capacity?.steps.at(-1)).to.deep.include({ level: 40, outcome: "void" });
    expect(capacity?.workers.needed).to.equal(8);
    expect(outcome.integrity?.ok).to.equal(false);
  });

  it("brings up the workers that it may, says what they cost, and goes on", async () => {
    const target = new Simulated(33);
    target.cpu = (users) => Math.min(1, users / 15 / target.workers.length);
    const scale = {
      cost: (more: number) => `$${more} an hour more`,
      async to(workers: number) {
        target.workers = Array.from({ length: workers }, (_, index) =>
          worker(`worker-${index + 1}`, { state: "running" }),
        );
      },
    };
    const { capacity, said } = await search(target, { maxWorkers: 6 }, { scale });
    expect(said).to.have.length(1);
    expect(said[0]).to.match(/Workers: 2 → 6, \$4 an hour more$/);
    expect(capacity?.limit).to.equal("target");
    expect(capacity?.level).to.be.within(30, 33);
    expect(capacity?.workers).to.deep.equal({ count: 6, needed: null });
  });

  it("goes no further than it may", async () => {
    const target = new Simulated(1000);
    expect((await search(target, { maxUsers: 25 })).capacity).to.deep.include({ limit: "cap", level: 25, broke: null });
    expect(Math.max(...target.levels)).to.equal(25);
  });

  it("goes no further than so many requests a second", async () => {
    const target = new Simulated(1000);
    const { capacity } = await search(target, { maxRps: 60_000 });
    expect(capacity?.limit).to.equal("cap");
    expect(capacity?.level).to.be.within(27, 33);
  });

  it("goes on no longer than it may, and says that this is no answer", async () => {
    // A step may take 8.1 s here, as users may be late for so long.
    const maxSeconds = 8.5;
    const target = new Simulated(1_000_000);
    const { capacity, outcome } = await search(target, { maxSeconds });
    expect(capacity?.limit).to.equal("time");
    expect(capacity?.level).to.be.at.least(10);
    expect(outcome.duration).to.be.below(maxSeconds);
  });

  it("leaves a level with more requests a second than may be, and never asks for it again", async () => {
    const target = new Simulated(1000);
    const { capacity, outcome } = await search(target, { maxRps: 10_000, stepSeconds: 2, holds: 2 });
    const [first, ...others] = capacity?.steps ?? [];
    expect(first).to.deep.include({ level: 10, outcome: "beyond" });
    expect(first?.why).to.match(/requests\/s are more than --max-rps 10000$/);
    expect(first?.seconds).to.be.below(1.9);
    expect(others.map(({ level, outcome }) => [level, outcome])).to.deep.equal([
      [4, "held"],
      [4, "held"],
    ]);
    expect(capacity).to.deep.include({ limit: "cap", level: 4, broke: null });
    expect(outcome.thresholds.map(({ passed }) => passed)).to.deep.equal([true]);
  });

  it("says that nothing is known where not even one user may be", async () => {
    const target = new Simulated(1000);
    const { capacity, outcome } = await search(target, { maxRps: 1500 });
    expect(capacity).to.deep.include({ limit: "cap", level: null, rps: null });
    expect(capacity?.steps).to.have.length(1);
    expect(outcome.integrity?.ok).to.equal(false);
  });

  it("is not broken by one request that waits for long while others are answered", async () => {
    const target = new Simulated(15);
    target.waiting = 1;
    const { capacity } = await search(target, { stepSeconds: 0.3 });
    expect(capacity).to.deep.include({ limit: "target" });
    expect(capacity?.level).to.be.within(14, 15);
    expect(capacity?.first?.what).to.equal("time");
  });

  it("starts more users for iterations that take long, and does not take them for the target's limit", async () => {
    const target = new SimulatedArrivals();
    const { capacity } = await search(target, { by: "arrivals", maxRps: 45 });
    const { steps = [] } = capacity ?? {};
    expect(steps[0]).to.deep.include({ level: 10, outcome: "void" });
    expect(steps[0]?.why).to.match(/^all \d+ users were busy: more are started$/);
    expect(steps.filter(({ outcome }) => outcome === "broke")).to.deep.equal([]);
    expect(capacity?.limit).to.equal("cap");
    expect(capacity?.level).to.be.within(43, 45);
  });

  it("is ended by its most users, by arrivals, and not by the target", async () => {
    const { capacity } = await search(new SimulatedArrivals(), { by: "arrivals", maxUsers: 50 });
    expect(capacity?.limit).to.equal("cap");
    expect(capacity?.interval?.high).to.equal(null);
    expect(capacity?.level).to.be.within(40, 50);
    expect(
      capacity?.steps.some(({ why }) => why === "all 50 users were busy, which are those of --max-users"),
    ).to.equal(true);
  });

  it("takes a target that starts no more with more users for the limit", async () => {
    const { capacity } = await search(new SimulatedArrivals(33), { by: "arrivals" });
    expect(capacity).to.deep.include({ limit: "target" });
    expect(capacity?.level).to.be.within(29, 33.4);
    expect(capacity?.first?.what).to.equal("arrivals");
  });

  it("keeps what it has found when it is interrupted", async () => {
    const interrupt = new AbortController();
    const target = new Simulated(1000);
    const { outcome } = await search(target, {}, {
      interrupt: interrupt.signal,
      observer: { step: ({ level }) => level >= 40 && interrupt.abort() },
    } as Partial<RunOptions>);
    expect(outcome.endedBy).to.equal("interrupt");
    expect(outcome.capacity).to.deep.include({ limit: null, level: 40 });
  });

  it("has found nothing where somebody else stops it", async () => {
    const target = new Simulated(1000);
    const { outcome } = await search(
      target,
      {},
      { observer: { step: ({ level }) => void (level >= 40 && locust().ended()) } },
    );
    expect(outcome.endedBy).to.equal("stopped-elsewhere");
    expect(outcome.capacity?.limit).to.equal(null);
  });

  it("asks for no level any more once the run has failed", async () => {
    const target = new Simulated(1000);
    const failing = search(
      target,
      {},
      {
        observer: {
          sample: () => undefined,
          phase: (phase) => {
            if (phase === "hold") throw new Error("no phase any more");
          },
        },
      },
    );
    await failing.then(
      () => expect.fail("it did not fail"),
      (error: unknown) => expect(String(error)).to.match(/no phase any more/),
    );
    const { length } = target.levels;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(target.levels).to.have.length(length);
  });

  it("ends with the reason where the plugin knows no counts, and stops the load", async () => {
    const target = new Simulated(30);
    const { outcome } = await search(
      target,
      {},
      {
        observer: {
          phase: () => {
            locust().onCounts = undefined;
          },
        },
      },
    );
    expect([outcome.endedBy, outcome.error]).to.deep.equal([
      "not-started",
      "what is deployed is older than this command, and does not tell what it has counted: pulumi up",
    ]);
    expect(locust().calls.filter((call) => call.startsWith("POST /stop"))).to.have.length(1);
  });
});
