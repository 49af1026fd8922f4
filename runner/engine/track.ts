import { messageOf } from "../errors";
import type { EndedBy, LocustStatus, Phase, RecordedSample, Sample } from "../types";
import { round } from "../verdict/format";
import { createIntegrity, type IntegrityReport, workerText } from "../verdict/integrity";
import type { Unanswered } from "../verdict/requests";
import { missingUsers } from "../verdict/script";
import { type LocustClient, LocustRefused, MasterUnreachable } from "./client";
import type { Ending } from "./ending";
import { isLoading, loadPhase } from "./phase";
import type { RunObserver, RunOptions, RunPlan } from "./plan";
import { createRollCall, toSample } from "./sample";

/** A gap between two samples, in seconds, above which the master is asked for those between. */
const gap = 2.5;

/** A run at its start, or as it is found. */
export interface Begun {
  /** The master's number of it. */
  readonly run: number;
  /** As in AskedLoad: whether something else than the plan decides the users. */
  readonly shape: string | true | null;
  /** Seconds since its start; defaults to 0. */
  readonly elapsed?: number;
  /** What a former command has kept. */
  readonly earlier?: Earlier | undefined;
  /** The status before its start: workers that are not heard of since are missed. */
  readonly ready?: LocustStatus;
}

/** What a former command has kept of a run. */
export interface Earlier {
  readonly samples: readonly Sample[];
  /** Workers that it has seen go. */
  readonly workers?: Pick<IntegrityReport["workers"], "lost" | "left"> | undefined;
}

/** What is measured of a run as it goes on: its clock, its phase, its samples, and what they say of the load. */
export class Track {
  phase: Phase = "ready";
  startedAt: Date | undefined;
  endedAt: Date | undefined;
  /** Seconds of load, from the start to its end. */
  duration = 0;
  /** Seconds until all users ran. */
  ramp: number | null = null;
  private began = 0;
  private latest = 0;
  private last: Sample | undefined;
  private integrity: ReturnType<typeof createIntegrity> | undefined;
  private readonly rollCall = createRollCall();

  constructor(
    private readonly plan: RunPlan,
    private readonly observer: RunObserver,
    private readonly end: Ending,
    private readonly workers: Pick<RunOptions, "endedAt" | "whyLost"> = {},
  ) {}

  /** The run has begun. */
  async begin(status: LocustStatus, { run, shape, elapsed = 0, earlier, ready }: Begun): Promise<void> {
    const { users, spawnRate, workers } = this.plan;
    this.began = performance.now() - elapsed * 1000;
    const startedAt = status.startedAt !== null && elapsed > 0 ? new Date(status.startedAt) : new Date();
    this.startedAt = startedAt;
    this.integrity = createIntegrity({ users, spawnRate, workers, shape });
    this.enter("ramp", 0);
    if (ready !== undefined) this.rollCall(ready, 0);
    for (const sample of earlier?.samples ?? []) {
      if (sample.phase === "hold") this.enter("hold", sample.t);
      this.count(sample);
    }
    for (const worker of earlier?.workers?.lost ?? []) this.integrity.lost(worker);
    for (const worker of earlier?.workers?.left ?? []) this.integrity.left(worker);
    await this.tell(() => this.observer.started?.(status, startedAt, run));
  }

  /** Seconds since the start, by the clock of this machine. */
  get elapsed(): number {
    return (performance.now() - this.began) / 1000;
  }

  enter(phase: Phase, t = this.elapsed): void {
    if (phase === this.phase) return;
    if (phase === "hold") this.ramp ??= t;
    this.phase = phase;
    this.observer.phase?.(phase);
  }

  /** The load is over. @param duration seconds, as the master says; null where it does not, and it is over now */
  markEnd(duration: number | null): void {
    this.duration = duration ?? this.elapsed;
    this.endedAt = new Date((this.startedAt?.getTime() ?? Date.now()) + this.duration * 1000);
  }

  async record(status: LocustStatus): Promise<void> {
    const { elapsed } = this;
    // Workers that follow their master are not lost each by itself.
    const departures = status.master.leaving === true ? [] : this.rollCall(status, elapsed);
    for (const { left, ...gone } of departures) {
      // A goodbye after the load, as of workers that a script sends away, loses nothing.
      if (left && !isLoading(status)) continue;
      const cause = gone.cause ?? (await this.workers.whyLost?.(gone.name));
      const endedAt = this.workers.endedAt?.(gone.name);
      const t = endedAt === undefined ? gone.t : Math.max(0, round((endedAt - this.began) / 1000, 1));
      const worker = cause === undefined ? { ...gone, t } : { ...gone, t, cause };
      if (left) this.integrity?.left(worker);
      else this.integrity?.lost(worker);
      this.observer.warning?.(`workers: ${workerText(worker, left ? "left" : "was lost")}`);
    }
    if (status.code !== undefined) this.integrity?.explainUsers(missingUsers(status.code), status.code.idle);
    await this.keep(toSample(status, this.phase, elapsed, new Date()), false);
  }

  /** Gets what was missed, from the master's own record, where nothing was heard of it for a while. */
  async catchUp(client: LocustClient, run: number, signal: AbortSignal): Promise<void> {
    const now = this.elapsed;
    if (now - this.latest < gap) return;
    try {
      const record = await client.samples(this.latest, signal);
      if (record.run !== run) return;
      for (const sample of record.samples) {
        if (sample.t > this.latest && sample.t < now) await this.keepRecorded(sample);
      }
    } catch (error) {
      // A gap stays a gap; what the master counted is in its numbers all the same.
      if (!(error instanceof MasterUnreachable || error instanceof LocustRefused)) throw error;
      this.observer.warning?.(`samples of ${Math.round(now - this.latest)} s are missing: ${error.message}`);
    }
  }

  /** @param complete whether all that workers counted is in the numbers. @param cutOff the master's number of those */
  unanswered(complete: boolean, cutOff = 0): Unanswered {
    const { underWay = 0, oldestWait = 0 } = (complete ? undefined : this.last) ?? {};
    return { cutOff, left: underWay, oldestWaitSeconds: oldestWait };
  }

  report(endedBy?: EndedBy): IntegrityReport | undefined {
    return this.integrity?.report(endedBy);
  }

  /** Results that cannot be written end the run: load whose numbers are lost is load for nothing. */
  async tell(event: () => Promise<void> | void): Promise<void> {
    try {
      await event();
    } catch (error) {
      if (this.end.by === undefined) this.end.finish("results-unwritable", messageOf(error));
      else this.end.spoil("results-unwritable", messageOf(error));
    }
  }

  private async keepRecorded({ state, ...sample }: RecordedSample): Promise<void> {
    const phase = isLoading({ state }) ? loadPhase(this.phase, { ...sample, state }) : "stop";
    if (phase !== "stop") this.enter(phase, sample.t);
    await this.keep({ ...sample, t: round(sample.t, 3), phase }, true);
  }

  private async keep(sample: Sample, late: boolean): Promise<void> {
    this.count(sample);
    await this.tell(() => this.observer.sample?.(sample, late));
  }

  private count(sample: Sample): void {
    this.latest = sample.t;
    this.last = sample;
    this.integrity?.add(sample);
  }
}
