import type { Threshold } from "../../../settings/values/threshold";
import type { ArrivalsStatus } from "../../types/arrivals";
import type { Counts } from "../../types/counts";
import { type Broke, certainBreach, couldNotHold, judgeStep } from "../../verdict/capacity/breach";
import { isOverRate } from "../../verdict/capacity/cap";
import { type Measured, measure } from "../../verdict/capacity/measure";
import { allowedBy, isBlocked, isClear, isHeldUp, type WorkerUse, whyVoid } from "../../verdict/capacity/proof";
import type { CapacityStep, StepArrivals } from "../../verdict/capacity/report";
import { rpsText } from "../../verdict/capacity/words";
import { round } from "../../verdict/format";
import { totalRow } from "../../verdict/requests";
import type { ThresholdResult } from "../../verdict/thresholds";
import type { LiveRun } from "../live-run";
import { livingWorkers } from "../phase";
import type { SearchPlan, SearchTiming } from "../plan";
import { BusyUsers, type Judged } from "./busy-users";
import { EarlyEnd } from "./early";
import { lateUsers, SearchLoad, silenceOf, timingOf } from "./load";
import { isThere, startsBetween, WorkerWatch } from "./observed";

/** A level that was measured, and what its thresholds say of it. */
export interface HeldLevel {
  readonly step: CapacityStep;
  readonly thresholds: readonly ThresholdResult[];
  readonly use: WorkerUse;
  /** Whether it is to be held again, with more users. */
  readonly again?: boolean;
}

const nothing: Measured = { rows: [], corrected: [], seconds: 0 };

/** What is known of a level before it is judged. */
interface Watched {
  readonly measured: Measured | undefined;
  /** What broke it before its time was over: no threshold, or one that could not hold any more. */
  readonly early: Broke | undefined;
  readonly certain?: Threshold | undefined;
  /** Whether it was left for more requests a second than may be. */
  readonly over?: boolean;
  readonly workers: WorkerWatch;
  readonly arrivals: StepArrivals | undefined;
}

/** Users are there; or what broke on the way, or since when there were more requests a second than may be. */
type Arrived = "there" | Broke | { readonly overSince: Counts };

/** Holds one level after the other. Its methods give undefined where the run has ended meanwhile. */
export class Levels {
  private readonly timing: SearchTiming;
  private readonly load: SearchLoad;
  private readonly users: BusyUsers;

  constructor(
    private readonly run: LiveRun,
    private readonly plan: SearchPlan,
  ) {
    const timing = timingOf(plan);
    this.timing = { ...timing, silence: silenceOf(timing, run.plan.thresholds) };
    this.load = new SearchLoad(run, plan);
    this.users = new BusyUsers(this.load, plan.asked.maxUsers);
  }

  /** Goes to a level, waits until the load is that, and measures it; it is left as soon as it must break. */
  async hold(level: number, purpose: CapacityStep["purpose"]): Promise<HeldLevel | undefined> {
    const { run } = this;
    const start = run.recording.elapsed;
    const last = run.lastStatus();
    const before = last === undefined ? [] : livingWorkers(last);
    const isRaised = level > this.load.level;
    const ramp = await this.load.counts(true);
    if (ramp === undefined || !(await this.load.set(level))) return undefined;
    const arrived = await this.arrive(level, ramp, isRaised);
    const watched = arrived === undefined ? undefined : await this.watch(ramp, arrived);
    const status = run.lastStatus();
    if (watched === undefined || status === undefined || run.state.endedBy !== undefined) return undefined;
    const { measured } = watched;
    const judged = judgeStep(run.plan.thresholds, measured ?? nothing);
    const total = totalRow(measured?.rows ?? []);
    const use = watched.workers.use();
    const living = livingWorkers(status);
    const { arrivals } = watched;
    const short = arrivals !== undefined && isHeldUp(arrivals, status.users) ? arrivals : undefined;
    const certain = watched.certain && couldNotHold(watched.certain);
    const broke = watched.early ?? judged.broke ?? certain ?? null;
    const allowed = allowedBy(broke);
    const why = whyVoid({
      ...{ level, by: this.plan.asked.by, users: status.users },
      ...{
        counted: measured !== undefined,
        ...{ answers: total?.requests ?? 0, underWay: status.underWay },
        broke: broke !== null || short !== undefined,
        allowed,
        clear: broke !== null && isClear(broke, total?.requests ?? 0),
      },
      lost: before.filter(({ id }) => !living.some((worker) => worker.id === id)).map(({ name }) => name),
      arrivals,
      ...{ workers: use, masterCpu: status.master.cpu / status.master.cpuLimit },
    });
    const { again, ...outcome } =
      this.overRate(total?.rps ?? 0, watched.over) ??
      (why === null && broke === null && short !== undefined
        ? this.users.judge(level, status.users, short)
        : { outcome: why !== null ? "void" : broke === null ? "held" : "broke", why, broke });
    const step: CapacityStep = {
      ...{ level, purpose, ...outcome },
      ...{ t: round(start, 1), seconds: measured?.seconds ?? 0 },
      rps: round(total?.rps ?? 0, 2),
      failRatio: total === undefined || total.requests === 0 ? 0 : round(total.failures / total.requests, 6),
      avg: total === undefined || total.requests === 0 ? null : round(total.avg, 2),
      p50: total?.percentiles.p50 ?? null,
      p95: total?.percentiles.p95 ?? null,
      p99: total?.percentiles.p99 ?? null,
      ...{ users: status.users, workers: living.length, workerCpu: use.cpu },
      ...(why !== null && isBlocked(use, allowed) ? { workerDelay: use.delay } : {}),
      ...(arrivals === undefined ? {} : { arrivals }),
    };
    if (arrivals !== undefined && step.outcome === "held") this.load.iterationSeconds = arrivals.underWay / level;
    return { step, use, thresholds: judged.results, ...(again === true ? { again } : {}) };
  }

  /** Of a level with more requests a second than may be, whatever else became of it. */
  private overRate(rps: number, isOver = false): Judged | undefined {
    const { maxRps } = this.plan.asked;
    if (maxRps === null || !(isOver || rps > maxRps)) return undefined;
    return { outcome: "beyond", why: `${rpsText(rps)} are more than --max-rps ${maxRps}`, broke: null };
  }

  /**
   * Gives a target that a level broke so little that it answers as it should, before anything else is asked of it.
   *
   * @returns `dead` where it still does not; undefined where the run has ended
   */
  async rest(level: number): Promise<"well" | "dead" | undefined> {
    const { timing, run } = this;
    if (!(await this.load.set(level))) return undefined;
    const deadline = performance.now() + timing.recover;
    let from = await this.load.counts(true);
    while (from !== undefined && performance.now() < deadline) {
      await this.load.pause(Math.max(timing.watch, timing.settle));
      const to = await this.load.counts(true);
      if (to === undefined) return undefined;
      const measured = measure(from, to) ?? nothing;
      const answers = totalRow(measured.rows)?.requests ?? 0;
      const isWell = answers > 0 && judgeStep(run.plan.thresholds, measured).broke === undefined;
      if (isWell || (answers === 0 && (run.lastStatus()?.underWay ?? 0) === 0)) return "well";
      from = to;
    }
    if (from === undefined || run.state.endedBy !== undefined) return undefined;
    const seconds = Math.round(timing.recover / 1000);
    run.observer.warning?.(`the target has not recovered from a level that broke it after ${seconds} s with less`);
    return "dead";
  }

  /** Asks Locust for a level; false where the run has ended. */
  set(level: number): Promise<boolean> {
    return this.load.set(level);
  }

  /** Waits until the users are there, and what was asked before is answered; what breaks meanwhile ends the wait. */
  private async arrive(level: number, ramp: Counts, isRaised: boolean): Promise<Arrived | undefined> {
    const { run, timing, plan } = this;
    const { maxRps } = plan.asked;
    const began = performance.now();
    const { arrivals, users, spawnRate } = run.plan;
    const fixed = arrivals === undefined ? plan.spawnRate : spawnRate;
    const change = fixed === undefined ? timing.ramp : ((arrivals === undefined ? level : users) / fixed) * 1000;
    let there: number | undefined;
    const early = new EarlyEnd(ramp, timing.silence);
    let looked = ramp;
    while (run.state.checkSignals()) {
      await this.load.pause(Math.min(timing.watch, timing.settle));
      const status = run.lastStatus();
      const now = performance.now();
      if (status !== undefined) {
        if (there === undefined && (isThere(status, level) || now - began > change + lateUsers)) there = now;
        const since = there === undefined ? 0 : now - there;
        const isOld = (status.oldestWait ?? 0) * 1000 > since && since < timing.settleMost;
        if (since >= timing.settle && !isOld) return "there";
      }
      // Errors at once are many: each second counts until they are known.
      const counts = await this.load.counts(true);
      if (counts === undefined) return undefined;
      // On the way down there are still the requests of the level before.
      if (isRaised && isOverRate(looked, counts, maxRps)) return { overSince: looked };
      looked = counts;
      const broke = early.look(counts, status);
      if (broke !== undefined) return broke;
    }
    return undefined;
  }

  /** Watches a level for the time of a step; where it has broken on the way there, what it did on the way. */
  private async watch(ramp: Counts, arrived: Arrived): Promise<Watched | undefined> {
    const { run, timing, plan } = this;
    const { maxRps } = plan.asked;
    const workers = new WorkerWatch();
    if (typeof arrived === "object" && "overSince" in arrived) {
      const watched = await this.watched(arrived.overSince, undefined, workers);
      return watched && { ...watched, over: true };
    }
    if (arrived !== "there") return this.watched(ramp, arrived, workers);
    const from = await this.load.counts(true, true);
    const starts = (await run.poll())?.arrivals ?? undefined;
    if (from === undefined) return undefined;
    const whole = plan.asked.stepSeconds * 1000;
    const began = performance.now();
    const early = new EarlyEnd(from, timing.silence);
    for (;;) {
      const left = whole - (performance.now() - began);
      if (left <= 0) return this.watched(from, undefined, workers, starts);
      await this.load.pause(Math.min(timing.watch, left));
      if (run.state.endedBy !== undefined) return undefined;
      const status = run.lastStatus();
      if (status !== undefined) workers.add(status);
      // Its end is near enough to wait for.
      if (left <= timing.watch) continue;
      const counts = await this.load.counts(maxRps !== null);
      if (counts === undefined) return undefined;
      const broke = early.look(counts, status);
      const breach = certainBreach(run.plan.thresholds, from, counts, whole / 1000);
      const over = isOverRate(from, counts, maxRps);
      if (broke === undefined && breach === undefined && !over) continue;
      const watched = await this.watched(from, broke, workers, starts);
      return watched && { ...watched, certain: breach, over };
    }
  }

  private async watched(
    from: Counts,
    early: Broke | undefined,
    workers: WorkerWatch,
    starts?: ArrivalsStatus,
  ): Promise<Watched | undefined> {
    const to = await this.load.counts(true, true);
    const status = await this.run.poll();
    // Workers have just said what they have used since the beginning of the step.
    if (status !== undefined) workers.add(status);
    const measured = to && measure(from, to);
    const ends = status?.arrivals ?? undefined;
    const arrivals = starts && ends && measured && startsBetween(starts, ends, measured.seconds);
    return to && { early, workers, measured, arrivals };
  }
}
