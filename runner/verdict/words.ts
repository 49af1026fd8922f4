import type { ThresholdResult } from "./thresholds";

/** `value` with at most `digits` decimals, as a number. */
export function round(value: number, digits: number): number {
  const rounded = Number(value.toFixed(digits));
  return rounded === 0 ? 0 : rounded;
}

/** A share from 0 to 1 as whole per cent: `93 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Seconds for people: `12 s`, and `0.4 s` below ten seconds. */
export function seconds(value: number): string {
  return `${round(value, value < 10 ? 1 : 0)} s`;
}

/**
 * The measured value of a threshold with its unit: `812 ms`, `0.0125`, `95.2 requests/s`, `no data`.
 * Four digits, but all of them where four would look the same as the limit.
 */
export function actualText({ metric, actual, limit }: ThresholdResult): string {
  if (actual === null) {
    return "no data";
  }
  const short = Number(actual.toPrecision(4));
  const value = Math.abs(actual) >= 1000 ? round(actual, 0) : short;
  return `${value === limit ? actual : value}${unit(metric)}`;
}

/** Why a threshold failed, in one sentence. */
export function failureText(result: ThresholdResult): string {
  if (result.actual === null) {
    return `Threshold ${result.threshold} failed: ${result.note ?? "there is no data"}.`;
  }
  return `Threshold ${result.threshold} failed: it was ${actualText(result)}.`;
}

function unit(metric: string): string {
  if (metric === "fail_ratio") {
    return "";
  }
  return metric === "rps" ? " requests/s" : " ms";
}
