import type { EndedBy, LocustStatus, LostWorker, Phase, RecordedSample, Sample, WorkerStatus } from "../types";
import type { ArrivalsSample } from "../types/arrivals";
import type { CapacityReport } from "../verdict/capacity/report";
import { round } from "../verdict/format";
import { Integrity, type IntegrityReport, workerText } from "../verdict/integrity";
import { AnswerWatch, type Unanswered } from "../verdict/requests";
import { inBrackets, missingUsers } from "../verdict/script";
import { type LocustClient, LocustRefused, MasterUnreachable } from "./client";
import { isLoading, livingWorkers, loadPhase } from "./phase";
import type { RunObserver, RunOptions } from "./plan";
import type { RunState } from "./state";

/** A gap between two samples, in seconds, above which the master is asked for those between. */
const gap = 2.5;

/** A run at its start, or as it is found. */
export interface Begun {
  /** The master's number of it. */
  readonly run: number;
  /** As in AskedLoad: whether something else than the plan decides the users. */
  readonly shape: string | true | null;
  /** What a former command has saved. */
  readonly earlier?: Earlier | undefined;
  /** The status before its start: workers that are not heard of since are lost. */
  readonly ready?: LocustStatus;
}

/** What a former command has saved of a run. */
export interface Earlier {
  readonly samples: readonly Sample[];
  /** Workers that it has seen go. */
  readonly workers?: Pick<IntegrityReport["workers"], "lost" | "left"> | undefined;
  /** What its search had found. */
  readonly capacity?: CapacityReport | undefined;
}

/** What is measured of a run as it goes on: its clock, its samples, and what they say of the load. */
export class Recording {
  startedAt: Date | undefined;
  endedAt: Date | undefined;
  /** Seconds of load, from the start to its end. */
  duration = 0;
  /** Seconds until all users ran. */
  ramp: number | null = null;
  private readonly observer: RunObserver;
  /** The start, by `performance.now()`. */
  private began = 0;
  private last: Sample | undefined;
  private integrity: Integrity | undefined;
  private readonly answers = new AnswerWatch();
  private readonly departed = createRollCall();

  constructor(
    private readonly options: RunOptions,
    private readonly state: RunState,
  ) {
    this.observer = options.observer ?? {};
  }

  /** The load has begun. */
  async begin(status: LocustStatus, { run, shape, earlier, ready }: Begun): Promise<void> {
    const elapsed = status.elapsed ?? 0;
    this.began = performance.now() - elapsed * 1000;
    const startedAt = status.startedAt !== null && elapsed > 0 ? new Date(status.startedAt) : new Date();
    this.startedAt = startedAt;
    const { plan } = this.options;
    this.integrity = new Integrity({ ...plan, shape, ...(plan.search === undefined ? {} : { arrivals: undefined }) });
    this.enter("ramp", 0);
    if (ready !== undefined) this.departed(ready, 0);
    for (const sample of earlier?.samples ?? []) {
      if (sample.phase === "hold") this.enter("hold", sample.t);
      this.count(sample);
    }
    for (const worker of earlier?.workers?.lost ?? []) this.integrity.lost(worker);
    for (const worker of earlier?.workers?.left ?? []) this.integrity.left(worker);
    await this.state.save(() => this.observer.started?.(status, startedAt, run));
  }

  /** Seconds since the start, by the clock of this machine. */
  get elapsed(): number {
    return (performance.now() - this.began) / 1000;
  }

  enter(phase: Phase, t = this.elapsed): void {
    if (phase === this.state.phase) return;
    if (phase === "hold") this.ramp ??= t;
    this.state.phase = phase;
    this.observer.phase?.(phase);
  }

  /** The load is over. @param duration seconds, as the master says; null where it does not, and it is over now */
  endLoad(duration: number | null): void {
    this.duration = duration ?? this.elapsed;
    this.endedAt = new Date((this.startedAt?.getTime() ?? Date.now()) + this.duration * 1000);
  }

  async record(status: LocustStatus): Promise<void> {
    const { elapsed } = this;
    // Workers go down with their master: that is one loss, not one for each worker.
    const departures = status.master.leaving === true ? [] : this.departed(status, elapsed);
    for (const { left, ...gone } of departures) {
      // Workers that say goodbye after the load, as those that a script sends away, have reported everything.
      if (left && !isLoading(status)) continue;
      const cause = gone.cause ?? (await this.options.whyLost?.(gone.name));
      const endedAt = this.options.endedAt?.(gone.name);
      const t = endedAt === undefined ? gone.t : Math.max(0, round((endedAt - this.began) / 1000, 1));
      const worker = { ...gone, t, ...(cause !== undefined && { cause }) };
      if (left) this.integrity?.left(worker);
      else this.integrity?.lost(worker);
      this.observer.warning?.(`workers: ${workerText(worker, left ? "left" : "was lost")}`);
    }
    if (status.code !== undefined) this.integrity?.explainUsers(missingUsers(status.code), status.code.idle);
    await this.save(toSample(status, this.state.phase, elapsed, new Date()), false);
  }

  /** Gets the samples that were missed from the master's own record, where it was not heard of for a while. */
  async catchUp(client: LocustClient, run: number, signal: AbortSignal): Promise<void> {
    const now = this.elapsed;
    const latest = this.last?.t ?? 0;
    if (now - latest < gap) return;
    try {
      const record = await client.samples(latest, signal);
      if (record.run !== run) return;
      for (const sample of record.samples) {
        if (sample.t > (this.last?.t ?? 0) && sample.t < now) await this.saveRecorded(sample);
      }
    } catch (error) {
      // The totals have what the master counted meanwhile; only the series has a gap.
      if (!(error instanceof MasterUnreachable || error instanceof LocustRefused)) throw error;
      this.observer.warning?.(`samples of ${Math.round(now - latest)} s are missing: ${error.message}`);
    }
  }

  /** @param cutOff the master's number of requests without an answer that it counts as failures */
  unanswered(cutOff = 0): Unanswered {
    const { underWay = 0, oldestWait = 0 } = (this.state.counted ? undefined : this.last) ?? {};
    return { cutOff, left: underWay, oldestWaitSeconds: oldestWait };
  }

  /** That the target has stopped answering; undefined where it has not. */
  silence(cutOff = 0): string | undefined {
    return this.answers.report(cutOff);
  }

  report(endedBy?: EndedBy): IntegrityReport | undefined {
    return this.integrity?.report(endedBy, this.state.drained);
  }

  private async saveRecorded({ state, ...sample }: RecordedSample): Promise<void> {
    const phase = isLoading({ state }) ? loadPhase(this.state.phase, { ...sample, state }) : "stop";
    if (phase !== "stop") this.enter(phase, sample.t);
    await this.save({ ...sample, t: round(sample.t, 3), phase }, true);
  }

  private async save(sample: Sample, late: boolean): Promise<void> {
    this.count(sample);
    await this.state.save(() => this.observer.sample?.(sample, late));
  }

  private count(sample: Sample): void {
    this.last = sample;
    this.integrity?.add(sample);
    this.answers.add(sample);
  }
}

/** Makes a line of the series from what the master says. */
export function toSample(status: LocustStatus, phase: Phase, seconds: number, now: Date): Sample {
  const living = livingWorkers(status);
  return {
    t: round(seconds, 3),
    time: now.toISOString(),
    phase,
    users: status.users,
    targetUsers: status.targetUsers,
    workers: living.length,
    rps: round(status.rps, 2),
    failuresPerSecond: round(status.failuresPerSecond, 2),
    requests: status.requests,
    failures: status.failures,
    resets: status.resets ?? 0,
    underWay: status.underWay ?? 0,
    oldestWait: status.oldestWait ?? 0,
    p50: status.p50,
    p95: status.p95,
    p99: status.p99,
    workerCpu: Object.fromEntries(living.map((worker) => [worker.name, round(worker.cpu / worker.cpuLimit, 3)])),
    workerMemory: Math.max(0, ...living.map(({ memory }) => memory)),
    masterCpu: round(status.master.cpu / status.master.cpuLimit, 3),
    ...(status.arrivals ? { arrivals: arrivalsSample(status.arrivals) } : {}),
  };
}

function arrivalsSample(status: ArrivalsSample): ArrivalsSample {
  const { asked, began, rate, due, started, dropped, late, underWay, ready, startedPerSecond, lag, corrected } = status;
  return {
    ...{ began, rate, due, started, dropped, late, startedPerSecond, lag, corrected },
    ...(asked === undefined ? {} : { asked }),
    ...(underWay === undefined ? {} : { underWay }),
    ...(ready === undefined ? {} : { ready }),
  };
}

/** A worker that went away: `left` where it has said goodbye. */
interface Departure extends LostWorker {
  readonly left: boolean;
}

/** Remembers the workers of a run and says which of them went away. */
export function createRollCall(): (status: LocustStatus, seconds: number) => readonly Departure[] {
  const present = new Map<string, WorkerStatus>();
  return (status, seconds) => {
    const known = new Map(status.workers.map((worker) => [worker.id, worker]));
    const gone = [...present].filter(([id]) => isGone(known.get(id)));
    for (const [id] of gone) present.delete(id);
    for (const worker of livingWorkers(status)) if (!isGone(worker)) present.set(worker.id, worker);
    return gone.map(([id, { name, underWay = 0 }]) => ({
      ...{ name, t: round(seconds, 1), ...departure(known.get(id)) },
      ...(underWay > 0 ? { underWay } : {}),
    }));
  };
}

function isGone(worker: WorkerStatus | undefined): boolean {
  return worker === undefined || worker.state === "missing" || worker.leaving === true;
}

function departure(worker: WorkerStatus | undefined): Pick<Departure, "left" | "cause"> {
  if (worker?.leaving !== true) return { left: false };
  const { endedAt } = worker;
  return { left: true, cause: endedAt ? `the script ended it${inBrackets(endedAt)}` : "it was told to end" };
}
