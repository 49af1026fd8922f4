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
export class Simulated {
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
export class SimulatedArrivals extends Simulated {
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

/** Runs searches against such targets, behind a scripted Locust. */
export function searches() {
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

  return { locust, search };
}
