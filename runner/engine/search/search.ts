import { messageOf } from "../../errors";
import { mostLevel } from "../../verdict/capacity/cap";
import { isBusy, isDead, isOfScript, judged } from "../../verdict/capacity/proof";
import type { CapacityLimit, CapacityReport } from "../../verdict/capacity/report";
import { type CapacityStep, capacityReport, soFar, workersNeeded } from "../../verdict/capacity/report";
import { nextLevel, type SearchOptions, searchDefaults, type Tried } from "../../verdict/capacity/search";
import type { ThresholdResult } from "../../verdict/thresholds";
import { LocustRefused } from "../client";
import type { LiveRun } from "../live-run";
import { livingWorkers } from "../phase";
import type { Scale, SearchPlan } from "../plan";
import { pause } from "../timing";
import { Levels } from "./level";
import { lateUsers, timingOf } from "./load";

/** A step that proves nothing, and for which workers are not the reason, is tried again so often in a row. */
const secondTries = 2;

/** What a search is told of its levels. @param most the highest level; Infinity where nothing limits it */
export function searchOptions({ asked }: SearchPlan, most: number): SearchOptions {
  const { by, from, precision, holds } = asked;
  return { ...searchDefaults, from, most, whole: by === "users", precision, holds };
}

/** Seconds that a step may take, at the most. */
export function longestStep(plan: SearchPlan): number {
  const { ramp, settleMost } = timingOf(plan);
  return (ramp + lateUsers + settleMost) / 1000 + plan.asked.stepSeconds;
}

/**
 * Raises the load of a run that has begun, until what the target takes is known; then the run ends. What was found so
 * far is in `run.found` at any time.
 */
export async function searchCapacity(run: LiveRun, plan: SearchPlan): Promise<void> {
  const search = new Search(run, plan);
  try {
    await search.run();
  } catch (error) {
    // The load must not go on without anybody who looks at it.
    const isOld = error instanceof LocustRefused && error.message.includes("404 to /loadtest/counts");
    run.state.end("not-started", isOld ? olderPlugin : messageOf(error));
  }
}

/** In ms. */
const reminder = 30_000;
const olderPlugin = "what is deployed is older than this command, and does not tell what it has counted: pulumi up";

class Search {
  private readonly steps: CapacityStep[] = [];
  private readonly tried: Tried[] = [];
  private readonly thresholds = new Map<CapacityStep, readonly ThresholdResult[]>();
  private readonly levels: Levels;
  private needed: number | null = null;
  private voids = 0;

  constructor(
    private readonly live: LiveRun,
    private readonly plan: SearchPlan,
  ) {
    this.levels = new Levels(live, plan);
  }

  async run(): Promise<void> {
    const { state } = this.live;
    this.publish(null);
    while (state.checkSignals()) {
      const next = nextLevel(this.tried, searchOptions(this.plan, mostLevel(this.plan.asked, this.steps)));
      if (next.kind === "done") {
        const limits = { broke: "target", flat: "flat", most: "cap", steps: "steps" } as const;
        const isWaiting = next.limit === "flat" && this.plan.asked.by === "users" && isOfScript(this.steps);
        return this.end(isWaiting ? "script" : limits[next.limit], next);
      }
      if (this.isOver()) return this.end("time");
      const held = await this.levels.hold(next.level, next.purpose);
      if (held === undefined) return;
      const step = judged(held.step, this.tried, held.use);
      this.steps.push(step);
      this.thresholds.set(step, held.thresholds);
      const { level, outcome, rps } = step;
      if (outcome === "held" || outcome === "broke")
        this.tried.push({ level, held: outcome === "held", rps, dead: isDead(step) });
      this.live.observer.step?.(step, this.publish(null));
      if (!(await this.goOn(step, held.again))) return;
    }
  }

  /** Whether there is no time left for another step. */
  private isOver(): boolean {
    const { maxSeconds } = this.plan.asked;
    return maxSeconds !== null && this.live.recording.elapsed + longestStep(this.plan) > maxSeconds;
  }

  /** What there is to do between two steps; false where the search is over. */
  private async goOn(step: CapacityStep, again = false): Promise<boolean> {
    const { level } = soFar(this.steps);
    // Nothing must keep a load that may not be from being left.
    if (step.outcome === "held" || step.outcome === "beyond") {
      this.voids = 0;
      return true;
    }
    if (level === null && step.outcome === "broke" && isDead(step)) {
      this.voids = 0;
      // Errors at once come as fast as users ask: a rest would only make more of them.
      return true;
    }
    const health = await this.levels.rest(this.calm(level ?? step.level / searchDefaults.factor));
    if (health === undefined) return false;
    // Where nothing held, less may be too much as well.
    if (health === "dead" && step.outcome === "broke" && level !== null) {
      this.end("dead");
      return false;
    }
    if (step.outcome === "broke" || again) {
      this.voids = 0;
      return true;
    }
    // More workers make no requests either where a script makes none.
    if (isBusy(step.workerCpu) && step.avg !== null) return this.moreWorkers(step);
    this.voids += 1;
    if (this.voids <= secondTries) return true;
    this.end(step.workerDelay === undefined ? "load" : "script");
    return false;
  }

  /** Half of what held: a target that has just broken is left in peace. */
  private calm(held: number): number {
    return this.plan.asked.by === "users" ? Math.max(1, Math.round(held / 2)) : held / 2;
  }

  /** Brings up as many workers as it takes, where that is allowed; false where the search ends for want of them. */
  private async moreWorkers(step: CapacityStep): Promise<boolean> {
    const { live, plan } = this;
    const { maxWorkers } = plan.asked;
    const present = this.present();
    const needed = workersNeeded(this.steps, step.level * searchDefaults.factor, present);
    this.needed = needed;
    const { scale } = live.options;
    const wanted = Math.min(needed, maxWorkers ?? 0);
    if (scale === undefined || wanted <= present) {
      this.end("workers");
      return false;
    }
    const cost = scale.cost?.(wanted - present);
    const more = `Workers: ${present} → ${wanted}${cost === undefined ? "" : `, ${cost}`}`;
    live.observer.said?.(`The workers are the limit: ${step.why}. ${more}`);
    await this.scaled(scale, wanted, this.calm(step.level / searchDefaults.factor));
    const deadline = performance.now() + live.timing.ready;
    const { interrupt, kill, masterLost } = live.state.signals;
    while (live.state.checkSignals() && this.present() < wanted && performance.now() < deadline) {
      await pause(live.timing.sample, interrupt, kill, masterLost);
    }
    this.needed = null;
    if (this.present() > present) return true;
    this.needed = needed;
    this.end("workers");
    return false;
  }

  /** Waits for workers to come up, which may take longer than a level may last that nobody asks for again. */
  private async scaled(scale: Scale, wanted: number, calm: number): Promise<void> {
    const { live } = this;
    const isUp = new AbortController();
    const scaling = scale
      .to(wanted)
      .catch((error: unknown) => live.observer.warning?.(messageOf(error)))
      .finally(() => isUp.abort());
    while (!isUp.signal.aborted && (await this.levels.set(calm))) await pause(reminder, isUp.signal);
    await scaling;
  }

  private present(): number {
    const status = this.live.lastStatus();
    return status === undefined ? 0 : livingWorkers(status).length;
  }

  private end(limit: CapacityLimit, found: { level: number | null; broke: number | null } = soFar(this.steps)): void {
    this.publish(limit, found);
    this.live.state.end("capacity");
  }

  private publish(limit: CapacityLimit | null, found = soFar(this.steps)): CapacityReport {
    const workers = { count: this.present(), needed: this.needed };
    const capacity = capacityReport({ asked: this.plan.asked, steps: [...this.steps], ...found, limit, workers });
    const at = this.steps.findLast(({ level, outcome }) => outcome === "held" && level === capacity.level);
    const thresholds = this.thresholds.get((at ?? this.steps.at(-1)) as CapacityStep) ?? [];
    this.live.found = { capacity, thresholds };
    return capacity;
  }
}
