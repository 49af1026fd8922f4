import { loadtestVersion } from "../../settings/package-root";
import type { Settings } from "../../settings/schema";
import { parseDuration } from "../../settings/values/duration";
import type { RunPlan } from "../engine/plan";
import { UsageError } from "../errors";
import type { RunFacts } from "./recorder";

/** What a run is made of, wherever it runs. */
export interface TestSetup {
  readonly place: "local" | "kubernetes";
  /** Pulumi stack whose settings are used; null without one. */
  readonly stack: string | null;
  readonly script: string;
  /** The script's own arguments by name, where the place has to be told of them; undefined for a run that goes on. */
  readonly scriptArguments?: Readonly<Record<string, string>>;
  readonly plan: RunPlan;
  /** For the record: without secrets. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The settings that a plan is made of. */
export type PlanSettings = Pick<
  Settings,
  "users" | "spawnRate" | "runTime" | "workerReplicas" | "targetHost" | "thresholds"
>;

/** @param abortAfter seconds */
export function planOf(settings: PlanSettings, abortAfter?: number): RunPlan {
  return {
    users: settings.users,
    spawnRate: settings.spawnRate,
    runTime: parseDuration(settings.runTime),
    workers: settings.workerReplicas,
    host: settings.targetHost,
    thresholds: settings.thresholds,
    abortAfter,
  };
}

/** What the record of a run says beside its numbers. */
export function recordFacts({ place, stack, script, plan, settings }: TestSetup): RunFacts {
  return {
    place,
    stack,
    script,
    target: plan.host ?? null,
    users: plan.users,
    spawnRate: plan.spawnRate,
    workers: plan.workers,
    thresholds: plan.thresholds,
    settings: { ...settings, thresholds: plan.thresholds.map(({ text }) => text) },
    loadtestVersion: loadtestVersion(),
  };
}

export function requireWorkers({ workerReplicas }: Pick<Settings, "workerReplicas">): void {
  if (workerReplicas < 1) throw new UsageError("a run needs at least one worker: --workers 1");
}
