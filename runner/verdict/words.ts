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
  const value = short(actual);
  return `${value === limit ? actual : value}${unit(metric)}`;
}

/** The value of a metric in four digits, with its unit: `812 ms`, `0.0125`, `95.2 requests/s`. */
export function valueText(metric: string, value: number): string {
  return `${short(value)}${unit(metric)}`;
}

/** A share, or a relative change without its sign, in three digits: `0.125 %`, `8.25 %`, `120 %`. */
export function shareText(share: number): string {
  const value = Math.abs(share) * 100;
  return `${value >= 100 ? round(value, 0) : Number(value.toPrecision(3))} %`;
}

/** A threshold as it was written, or the one that nobody wrote. */
export function thresholdText({ threshold, default: isDefault }: ThresholdResult): string {
  return isDefault === true ? `${threshold} (default)` : threshold;
}

/** Why a threshold failed, in one sentence. */
export function failureText(result: ThresholdResult): string {
  const failed = `Threshold ${thresholdText(result)} failed`;
  if (result.actual === null) {
    return `${failed}: ${result.note ?? "there is no data"}.`;
  }
  return `${failed}: it was ${actualText(result)}.`;
}

function short(value: number): number {
  return Math.abs(value) >= 1000 ? round(value, 0) : Number(value.toPrecision(4));
}

function unit(metric: string): string {
  if (metric === "fail_ratio") {
    return "";
  }
  return metric === "rps" ? " requests/s" : " ms";
}
