/** Asks Locust for the levels of a search, and for what was counted. */
import type { Threshold } from "../../../settings/values/threshold";
import type { Counts } from "../../types/counts";
import { MasterUnreachable } from "../client";
import type { LiveRun } from "../live-run";
import type { SearchPlan, SearchTiming } from "../plan";
import { pause } from "../timing";

const defaultTiming: SearchTiming = {
  ramp: 3000,
  settle: 2000,
  settleMost: 15_000,
  watch: 1000,
  silence: 5000,
  recover: 30_000,
};

/** Users may take this much longer than their ramp, as workers report every 3 s; in ms. */
export const lateUsers = 8000;
/** A load that nobody changes any more ends by itself this much later than its step; in ms. */
const patience = 60_000;
/** Times as many users as iterations were under way, and as there are where answers take as long as they may. */
const poolFactor = 3;
/** Seconds that an iteration may take where no threshold says it. */
const iterationSeconds = 1;

/** The highest time that a threshold allows, in ms; undefined where none is about times. */
function longestAllowed(thresholds: readonly Threshold[]): number | undefined {
  const limits = thresholds
    .filter(({ metric }) => metric !== "fail_ratio" && metric !== "rps")
    .map(({ limit }) => limit);
  return limits.length === 0 ? undefined : Math.max(...limits);
}

/** The most iterations that are under way at a rate while answers take no longer than thresholds allow. */
export function poolSize(thresholds: readonly Threshold[], rate: number): number {
  const ms = longestAllowed(thresholds) ?? iterationSeconds * 1000;
  return Math.ceil((rate * ms * poolFactor) / 1000);
}

/** A rate of iterations as Locust is told it. */
export function rateText(rate: number): string {
  return rate.toLocaleString("en-US", { useGrouping: false, maximumFractionDigits: 6 });
}

export function timingOf({ timing }: SearchPlan): SearchTiming {
  return { ...defaultTiming, ...timing };
}

/** In ms without an answer until a target counts as silent: never less than thresholds allow an answer to take. */
export function silenceOf({ silence }: Pick<SearchTiming, "silence">, thresholds: readonly Threshold[]): number {
  return Math.max(silence, longestAllowed(thresholds) ?? 0);
}

/** Seconds after which Locust stops by itself where no next step comes: this command is gone then. */
export function stepLimit({ timing: { ready } }: Pick<LiveRun, "timing">, plan: SearchPlan): number {
  const { ramp, settleMost, recover } = timingOf(plan);
  return (ramp + lateUsers + settleMost + recover + ready + patience) / 1000 + plan.asked.stepSeconds;
}

/** The load of a search. What asks the master gives undefined where the run has ended meanwhile. */
export class SearchLoad {
  private readonly timing: SearchTiming;
  private readonly names: boolean;
  /** The last that was asked for. */
  level: number;
  /** That an iteration took at the last level that held. */
  iterationSeconds = 0;
  /** Users that there are at least, by arrivals. */
  least = 0;

  constructor(
    private readonly run: LiveRun,
    private readonly plan: SearchPlan,
  ) {
    this.timing = timingOf(plan);
    this.names = run.plan.thresholds.some(({ request }) => request !== undefined);
    this.level = 0;
  }

  /** Asks Locust for a level; false where the run has ended. */
  async set(level: number): Promise<boolean> {
    const { run, timing, plan } = this;
    const { arrivals } = run.plan;
    // Users of the level before may still be on their way.
    const { users = this.level } = this.run.lastStatus() ?? {};
    const change = Math.max(Math.abs(level - this.level), Math.abs(level - users));
    const load =
      arrivals === undefined
        ? { users: level, spawnRate: plan.spawnRate ?? Math.max(1, change / (timing.ramp / 1000)) }
        : {
            users: this.pool(level),
            spawnRate: plan.spawnRate ?? Math.max(run.plan.spawnRate, this.pool(level) / (timing.ramp / 1000)),
            arrivals: { ...arrivals, rate: rateText(level) },
          };
    const left = (plan.asked.maxSeconds ?? Number.POSITIVE_INFINITY) - run.recording.elapsed;
    const runTime = Math.max(1, Math.min(stepLimit(run, plan), Math.ceil(left)));
    const request = { ...load, host: run.plan.host ?? "", runTime };
    this.level = level;
    const swarm = () => run.client.swarm(request, run.state.signals.kill).then(() => true);
    return (await this.ask(swarm)) === true;
  }

  /**
   * The most iterations under way at a rate: three times those that are while answers take as long as thresholds allow,
   * or as iterations took at the last level that held. Never fewer than before, as users that leave break off what they
   * do.
   */
  private pool(level: number): number {
    const { asked } = this.plan;
    const lately = poolFactor * this.iterationSeconds * level;
    const { targetUsers = 0 } = this.run.lastStatus() ?? {};
    const wanted = Math.max(
      poolSize(this.run.plan.thresholds, level),
      lately,
      this.least,
      targetUsers,
      this.run.plan.users,
    );
    return Math.min(asked.maxUsers ?? Number.POSITIVE_INFINITY, Math.ceil(wanted));
  }

  /** What was counted; `now` as in `LocustClient.counts`. */
  counts(now: boolean, names = this.names): Promise<Counts | undefined> {
    return this.ask(() => this.run.client.counts({ now, names }, this.run.state.signals.kill));
  }

  /** Asks again while the master does not answer; how long it may stay silent is the run's to say. */
  private async ask<T>(work: () => Promise<T>): Promise<T | undefined> {
    const { state } = this.run;
    while (state.endedBy === undefined) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof MasterUnreachable)) throw error;
        await this.pause(this.timing.watch);
      }
    }
    return undefined;
  }

  pause(ms: number): Promise<void> {
    const { interrupt, kill, masterLost } = this.run.state.signals;
    return pause(ms, interrupt, kill, masterLost);
  }
}
