/** What `loadtest capacity` is asked for, and what it says beside its results. */
import type { ArrivalSpacing } from "../../../settings/values/arrivals";
import { correctedTime, parseThreshold, type Threshold } from "../../../settings/values/threshold";
import type { RunPlan, SearchPlan } from "../../engine/plan";
import { poolSize, rateText, timingOf } from "../../engine/search/load";
import { longestStep, searchOptions } from "../../engine/search/search";
import { UsageError } from "../../errors";
import type { CapacityAsked, CapacityStep } from "../../verdict/capacity/report";
import { searchDefaults, usualSteps } from "../../verdict/capacity/search";
import { levelText, outcomeText, rpsText } from "../../verdict/capacity/words";
import { percent, shareText } from "../../verdict/format";
import type { LimitOptions } from "../limits";
import { clock, milliseconds } from "../terminal/format";

/** As the command line gives them; times in seconds. */
export interface CapacityOptions extends LimitOptions {
  readonly by: "users" | "arrivals";
  readonly from?: number;
  readonly maxRps?: number;
  readonly stepTime: number;
  readonly holds: number;
  readonly precision: number;
  readonly atLeast?: number;
  /** Users a second. */
  readonly spawnRate?: string;
  /** That the search begins with; left out, the stack's, or `maxWorkers` where these are fewer. */
  readonly workers?: string;
}

/** Where a search begins that is not told. */
const usualFrom = 10;

/** Levels are twice as high as the one before: what is further apart is no precision. */
const mostPrecision = 0.5;

/** @throws UsageError where the options say different things */
export function searchPlan(options: CapacityOptions): SearchPlan {
  const { by, maxUsers = null, maxRps = null, maxWorkers = null, atLeast = null } = options;
  const { maxArrivalRate = null, maxRunTime: maxSeconds = null, workers } = options;
  const limits = levelLimits({ by, maxUsers, maxArrivalRate, maxRps });
  const from = options.from ?? Math.min(usualFrom, ...limits.map(({ most }) => most));
  if (by === "users" && !Number.isInteger(from)) throw new UsageError(`--from ${from}: users are a whole number`);
  for (const { option, most } of limits) {
    if (from <= most) continue;
    throw new UsageError(`--from ${from} is more than --${option} ${most}: the first level must be allowed`);
  }
  if (maxWorkers !== null && Number(workers) > maxWorkers) {
    throw new UsageError(`--workers ${workers} is more than --max-workers ${maxWorkers}`);
  }
  if (!(options.precision > 0 && options.precision <= mostPrecision)) {
    const allowed = `more than 0 and at most ${shareText(mostPrecision)}`;
    throw new UsageError(`--precision ${shareText(options.precision)}: it must be ${allowed}`);
  }
  const asked: CapacityAsked = {
    ...{ by, from, maxUsers, maxRps, maxWorkers, maxArrivalRate, maxSeconds, atLeast },
    ...{ stepSeconds: options.stepTime, precision: options.precision, holds: options.holds },
  };
  const plan = { asked, ...(options.spawnRate === undefined ? {} : { spawnRate: Number(options.spawnRate) }) };
  const shortest = Math.ceil(longestStep(plan));
  if (maxSeconds === null || maxSeconds >= shortest) return plan;
  throw new UsageError(
    `--max-run-time ${maxSeconds}: a step may take ${shortest} s, of which --step-time is ${options.stepTime} s`,
  );
}

/** The options that limit the levels themselves. */
function levelLimits(asked: Pick<CapacityAsked, "by" | "maxUsers" | "maxArrivalRate" | "maxRps">) {
  const { by, maxUsers, maxArrivalRate, maxRps } = asked;
  const all = by === "users" ? { "max-users": maxUsers } : { "max-arrival-rate": maxArrivalRate, "max-rps": maxRps };
  return Object.entries(all).flatMap(([option, most]) => (most === null ? [] : [{ option, most }]));
}

/** A plan whose load is searched for: the users, or the iterations started a second, of its first level. */
export function searchedPlan(plan: RunPlan, search: SearchPlan, spacing: ArrivalSpacing = "even"): RunPlan {
  const { by, from, maxUsers, maxWorkers } = search.asked;
  const workers = Math.min(plan.workers, maxWorkers ?? plan.workers);
  const base = { ...plan, workers, runTime: undefined, search, thresholds: searchThresholds(plan.thresholds, by) };
  const { ramp } = timingOf(search);
  if (by === "users") {
    return { ...base, users: from, spawnRate: search.spawnRate ?? Math.max(1, from / (ramp / 1000)) };
  }
  const users = Math.min(maxUsers ?? Number.POSITIVE_INFINITY, Math.max(1, poolSize(base.thresholds, from)));
  const spawnRate = search.spawnRate ?? Math.max(plan.spawnRate, users / (ramp / 1000));
  return { ...base, users, spawnRate, arrivals: { rate: rateText(from), spacing } };
}

/** Applies where no thresholds are given: nearly all requests must be answered. */
const usualThreshold = parseThreshold("fail_ratio<1%");

/** The thresholds of a search: those that more load can break. */
function searchThresholds(thresholds: readonly Threshold[], by: CapacityAsked["by"]): readonly Threshold[] {
  const used = thresholds.filter(
    (one) => isUpper(one) && (by === "arrivals" || correctedTime(one.metric) === undefined),
  );
  return used.length === 0 ? [usualThreshold] : used;
}

function isUpper({ operator }: Threshold): boolean {
  return operator === "<" || operator === "<=";
}

/** Seconds that a search usually takes. */
export function expectedSeconds(plan: SearchPlan): number {
  const { asked } = plan;
  const { ramp, settle } = timingOf(plan);
  const most = Math.min(Number.POSITIVE_INFINITY, ...levelLimits(asked).map((limit) => limit.most));
  const steps = usualSteps(searchOptions(plan, most));
  const seconds = Math.round(steps * (asked.stepSeconds + (ramp + settle * 2) / 1000));
  return Math.min(seconds, asked.maxSeconds ?? seconds);
}

/** What is searched for, what must hold, and how long it takes: said before it begins. */
export function searchIntro({ thresholds }: RunPlan, plan: SearchPlan): string[] {
  const { asked } = plan;
  const { by, from, stepSeconds, maxUsers, maxRps, maxWorkers, maxArrivalRate, maxSeconds, precision } = asked;
  const limits = [
    ...(maxUsers === null ? [] : [`at most ${levelText(maxUsers, "users")}`]),
    ...(maxArrivalRate === null || by === "users" ? [] : [`at most ${levelText(maxArrivalRate, by)}`]),
    ...(maxRps === null ? [] : [`at most ${rpsText(maxRps)}`]),
    ...(maxWorkers === null ? [] : [`at most ${maxWorkers} workers`]),
    ...(maxSeconds === null ? [] : [`at most ${clock(maxSeconds)}`]),
  ];
  const isUsual = thresholds.length === 1 && thresholds[0] === usualThreshold;
  return [
    `Looking for the most that the target takes: from ${levelText(from, by)} up, ${stepSeconds} s a step, ` +
      [`to ${shareText(precision)}`, ...limits].join("; "),
    `What must hold: ${thresholds.map(({ text }) => text).join(", ")}${isUsual ? " (none was given: --threshold)" : ""}`,
    `It takes about ${clock(expectedSeconds(plan))}, ${searchDefaults.mostSteps} steps at most; Ctrl-C keeps what is found`,
  ];
}

/** A step in a line, when it is over. */
export function stepLine(step: CapacityStep, by: CapacityAsked["by"]): string {
  const cpu = step.workerCpu === null ? "" : `, worker CPU ${percent(step.workerCpu)}`;
  const failing = step.failRatio === 0 ? "" : `, ${shareText(step.failRatio)} failed`;
  const numbers = `${rpsText(step.rps)}, p95 ${milliseconds(step.p95)}${failing}${cpu}`;
  return `${levelText(step.level, by)}: ${numbers}: ${outcomeText(step)}`;
}
