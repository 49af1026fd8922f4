import { correctedTime, parseThreshold, type Threshold } from "../../settings/values/threshold";
import type { RequestStats } from "../types";
import { short, unit } from "./format";
import { requestLabel, requestRows, totalRow } from "./requests";

/** What became of one threshold. */
export interface ThresholdResult {
  /** As it was written: `GET /path: p99<800`. */
  readonly threshold: string;
  /** `GET /path`; null where the threshold is about all requests. */
  readonly request: string | null;
  readonly metric: Threshold["metric"];
  readonly operator: Threshold["operator"];
  /** Times in ms, `fail_ratio` from 0 to 1, `rps` per second. */
  readonly limit: number;
  /** In the limit's unit; null where there is no data, and then it never passes. */
  readonly actual: number | null;
  readonly passed: boolean;
  /** Why there is no data. */
  readonly note?: string | undefined;
  /** The default threshold, which applies where no others are given. */
  readonly default?: true | undefined;
}

/** Applies where no thresholds are given: a run in which most requests fail does not pass. */
export const defaultThreshold = parseThreshold("fail_ratio<=0.5");

/** More seen requests than this are counted, not named. */
const namedRequests = 10;

/**
 * Holds each threshold against the rows of Locust's `requests.csv`, in the order of the thresholds; those on corrected
 * times against rows of these, which a run without an arrival rate has none of.
 * No data (no such request, no requests at all, no such percentile) is never a pass. Without thresholds there is the
 * default one, where there is data for it; also where all requests failed and no threshold says how many may, as times
 * of failures alone say nothing.
 */
export function evaluateThresholds(
  thresholds: readonly Threshold[],
  rows: readonly RequestStats[],
  corrected: readonly RequestStats[] = [],
): ThresholdResult[] {
  const results = thresholds.map((threshold) =>
    evaluate(threshold, correctedTime(threshold.metric) === undefined ? rows : corrected),
  );
  const standard = evaluate(defaultThreshold, rows);
  const isLeft = thresholds.length === 0 || (standard.actual === 1 && !thresholds.some(isOfAllFailures));
  return standard.actual === null || !isLeft ? results : [...results, { ...standard, default: true }];
}

/** The thresholds of earlier results, to hold them against newer rows. */
export function thresholdsOf(results: readonly ThresholdResult[]): Threshold[] {
  const asked = results.filter((result) => result.default !== true);
  return asked.map(({ threshold, request, metric, operator, limit }) => ({
    text: threshold,
    ...(request === null ? {} : { request: requestOf(request) }),
    metric,
    operator,
    limit,
  }));
}

function isOfAllFailures({ metric, request }: Threshold): boolean {
  return metric === "fail_ratio" && request === undefined;
}

function evaluate(threshold: Threshold, rows: readonly RequestStats[]): ThresholdResult {
  const { text, request, metric, operator, limit } = threshold;
  const row = request === undefined ? totalRow(rows) : find(request, rows);
  const value = row === undefined ? undefined : measure(metric, row);
  const base = { threshold: text, request: request === undefined ? null : requestLabel(request) };
  if (value === undefined || !Number.isFinite(value)) {
    const note = noData(threshold, row, rows);
    return { ...base, metric, operator, limit, actual: null, passed: false, note };
  }
  return { ...base, metric, operator, limit, actual: value, passed: holds(value, operator, limit) };
}

function find(request: { method: string; name: string }, rows: readonly RequestStats[]): RequestStats | undefined {
  return requestRows(rows).find(({ method, name }) => method === request.method && name === request.name);
}

/** Undefined where the row does not tell: before its first request, Locust's zeros mean nothing. */
function measure(metric: Threshold["metric"], row: RequestStats): number | undefined {
  if (row.requests <= 0) return undefined;
  switch (metric) {
    case "avg":
    case "min":
    case "max":
    case "rps":
      return row[metric];
    case "fail_ratio":
      return row.failures / row.requests;
    default: {
      const time = correctedTime(metric);
      return time === undefined ? (row.percentiles[metric] ?? undefined) : measure(time, row);
    }
  }
}

function holds(value: number, operator: Threshold["operator"], limit: number): boolean {
  switch (operator) {
    case "<":
      return value < limit;
    case "<=":
      return value <= limit;
    case ">":
      return value > limit;
    case ">=":
      return value >= limit;
  }
}

function noData(threshold: Threshold, row: RequestStats | undefined, rows: readonly RequestStats[]): string {
  const seen = requestRows(rows).filter(({ requests }) => requests > 0);
  if (row !== undefined && row.requests > 0) {
    const known = Object.keys(row.percentiles).join(", ");
    return `the script's numbers have no ${correctedTime(threshold.metric) ?? threshold.metric}${known === "" ? "" : `, only ${known}`}`;
  }
  if (seen.length === 0 && (totalRow(rows)?.requests ?? 0) === 0) return "no requests were seen";
  if (threshold.request === undefined) return "the numbers over all requests are missing";
  const names = seen.slice(0, namedRequests).map(requestLabel).join(", ");
  const more = seen.length > namedRequests ? ` and ${seen.length - namedRequests} more` : "";
  return `no request ${requestLabel(threshold.request)} was seen, only ${names}${more}`;
}

/** A method has no spaces; a name may. */
function requestOf(label: string): { method: string; name: string } {
  const space = label.indexOf(" ");
  return space < 0 ? { method: "", name: label } : { method: label.slice(0, space), name: label.slice(space + 1) };
}

/**
 * Watches thresholds while a run goes on, to end it early. Give it the state of all thresholds at `t` (seconds since the
 * start of the run, never going back): it returns the one that has been breached for `holdSeconds` without a break (0: at
 * once), the longest breached first; undefined while there is none. A recovery starts the clock anew, and so does a
 * moment without data: before the first request nothing can be said of the target.
 */
export function createBreachWatch(
  holdSeconds: number,
): (t: number, results: readonly ThresholdResult[]) => ThresholdResult | undefined {
  let breachedSince = new Map<string, number>();
  return (t, results) => {
    const breached = results.filter(({ passed, actual }) => !passed && actual !== null);
    breachedSince = new Map(breached.map(({ threshold }) => [threshold, breachedSince.get(threshold) ?? t]));
    const since = ({ threshold }: ThresholdResult) => breachedSince.get(threshold) ?? t;
    return breached.filter((result) => t - since(result) >= holdSeconds).sort((a, b) => since(a) - since(b))[0];
  };
}

/**
 * The measured value of a threshold with its unit: `812 ms`, `0.0125`, `95.2 requests/s`, `no data`.
 * Four digits, but all of them where four would look the same as the limit.
 */
export function actualText({ metric, actual, limit }: ThresholdResult): string {
  if (actual === null) return "no data";
  const value = short(actual);
  return `${value === limit ? actual : value}${unit(metric)}`;
}

/** A threshold as it was written; `(default)` marks the one that nobody wrote. */
export function thresholdText({ threshold, default: isDefault }: ThresholdResult): string {
  return isDefault === true ? `${threshold} (default)` : threshold;
}

/** Why a threshold failed, in one sentence. */
export function failureText(result: ThresholdResult): string {
  const failed = `Threshold ${thresholdText(result)} failed`;
  if (result.actual === null) return `${failed}: ${result.note ?? "there is no data"}.`;
  return `${failed}: it was ${actualText(result)}.`;
}
