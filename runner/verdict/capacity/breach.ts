/** Whether a level of load is already known to break, before its time is over; and what of it broke first. */
import { correctedTime, type Threshold } from "../../../settings/values/threshold";
import type { RequestStats } from "../../types";
import type { Counted, Counts } from "../../types/counts";
import { percent, seconds as secondsText } from "../format";
import { requestLabel } from "../requests";
import { actualText, evaluateThresholds, type ThresholdResult } from "../thresholds";
import { difference, keyOf, type Measured, slowerThan } from "./measure";

/** What kept a level from holding. */
export interface Broke {
  readonly what: "errors" | "time" | "rate" | "no answers" | "arrivals";
  /** The threshold as it was written; null where it is none. */
  readonly threshold: string | null;
  /** `GET /path`; null: all requests together. */
  readonly request: string | null;
  /** In a few words: `p95<500 of GET /path was 812 ms`. */
  readonly text: string;
}

/** Fewer requests than these say nothing yet of a share of them. */
export const fewest = 20;

/**
 * A threshold that must break, even if every further answer is good and they come as fast as before: too many answers
 * are late, or have failed, already. Undefined while the level may hold.
 *
 * @param stepSeconds for which the step is measured; what of them is over the counts say, which may be older than now
 */
export function certainBreach(
  thresholds: readonly Threshold[],
  from: Counts,
  to: Counts,
  stepSeconds: number,
): Threshold | undefined {
  // The oldest report there is: what came since is not in it.
  const before = new Map(from.workers.map(({ id, at }) => [id, at]));
  const spans = to.workers.map(({ id, at }) => at - (before.get(id) ?? at));
  const part = Math.min(...spans) / stepSeconds;
  return thresholds.find((threshold) => {
    const counted = countedOf(threshold, from, to);
    if (counted === undefined || counted.requests < fewest || !(part > 0)) return false;
    const expected = counted.requests / Math.min(1, part);
    const { operator, limit } = threshold;
    if (operator !== "<" && operator !== "<=") return false;
    if (threshold.metric === "fail_ratio") return counted.failures > limit * expected;
    const share = allowedLate(threshold);
    return share !== undefined && slowerThan(counted, limit, operator === "<") > share * expected;
  });
}

/** The part of all answers that may be later than the limit; undefined where the metric is no percentile. */
function allowedLate({ metric }: Threshold): number | undefined {
  if (metric === "max" || metric === "corrected_max") return 0;
  const [, number] = /^(?:corrected_)?p(\d+(?:\.\d+)?)$/.exec(metric) ?? [];
  return number === undefined ? undefined : 1 - Number(number) / 100;
}

function countedOf({ request, metric }: Threshold, start: Counts, end: Counts): Counted | undefined {
  const isCorrected = correctedTime(metric) !== undefined;
  const [from, to] = isCorrected ? [start.corrected, end.corrected] : [start, end];
  if (from === undefined || to === undefined) return undefined;
  if (request === undefined) return difference(to.total, from.total);
  const is = (row: { method: string; name: string }) => keyOf(row) === keyOf(request);
  const now = to.requests.find(is);
  return now === undefined ? undefined : difference(now, from.requests.find(is));
}

/** The thresholds of a step, with the one that broke first by how far it is beyond its limit. */
export function judgeStep(
  thresholds: readonly Threshold[],
  { rows, corrected }: Pick<Measured, "rows" | "corrected">,
): { readonly results: readonly ThresholdResult[]; readonly broke: Broke | undefined } {
  const results = evaluateThresholds(thresholds, rows, corrected);
  // A request that was not made in this time says nothing of the load.
  const failed = results.filter(({ passed, actual }) => !passed && actual !== null);
  const [worst] = failed.sort((a, b) => beyond(b) - beyond(a));
  return {
    results,
    broke:
      worst === undefined ? undefined : brokeOf(worst, correctedTime(worst.metric) === undefined ? rows : corrected),
  };
}

/** How many times its limit a value is; errors come before times, as their answers are fast. */
function beyond({ metric, actual, limit }: ThresholdResult): number {
  if (actual === null) return 0;
  return metric === "fail_ratio" ? 1e6 * (1 + actual) : actual / Math.max(limit, 1e-9);
}

function brokeOf(result: ThresholdResult, rows: readonly RequestStats[]): Broke {
  const { metric, threshold } = result;
  const what = metric === "fail_ratio" ? "errors" : metric === "rps" ? "rate" : "time";
  const request = result.request ?? worstRequest(result, rows);
  const of = result.request === null && request !== null && rows.length > 2 ? `, most of all ${request}` : "";
  return { what, threshold, request, text: `${threshold} was ${actualText(result)}${of}` };
}

/** Where a threshold is about all requests: the one that has most to do with it; null where there is only one. */
function worstRequest({ metric }: ThresholdResult, rows: readonly RequestStats[]): string | null {
  const single = rows.slice(0, -1);
  if (single.length < 2) return single[0] === undefined ? null : requestLabel(single[0]);
  const value = (row: RequestStats) =>
    metric === "fail_ratio" ? row.failures : (row.percentiles[correctedTime(metric) ?? metric] ?? row.avg ?? 0);
  const [worst] = [...single].sort((a, b) => value(b) - value(a));
  return worst === undefined ? null : requestLabel(worst);
}

/** A threshold for which it was too late. */
export function couldNotHold({ text, metric, request }: Threshold): Broke {
  const what = metric === "fail_ratio" ? "errors" : "time";
  const of = request === undefined ? null : requestLabel(request);
  return { what, threshold: text, request: of, text: `${text} could not hold any more` };
}

/** Users that wait for answers leave none free for what is to be started. */
export function heldUp({ due, dropped, late }: { due: number; dropped: number; late: number }, users: number): Broke {
  const part = percent((dropped + late) / Math.max(1, due));
  const text = `no user was free in time for ${part} of the iterations: all ${users} waited for answers`;
  return { what: "arrivals", threshold: null, request: null, text };
}

/** The target answers nothing any more. @param silent seconds without an answer */
export function noAnswers(silent: number, underWay: number): Broke {
  const text = `no answer for ${secondsText(silent)}, with ${underWay} under way`;
  return { what: "no answers", threshold: null, request: null, text };
}
