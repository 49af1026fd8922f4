import type { ThresholdResult } from "./thresholds";

/** Watches thresholds while a run goes on, to end it early. */
export interface BreachWatch {
  /**
   * Takes the state of all thresholds at `t` (seconds since the start of the run, never going back).
   * Returns the threshold that has been breached without a break for the hold time, the longest
   * breached first; undefined while there is none.
   */
  update(t: number, results: readonly ThresholdResult[]): ThresholdResult | undefined;
}

/**
 * A watch that reports a threshold once it has been breached for `holdSeconds` (0: at once).
 * A recovery starts its clock anew, and so does a moment without data: before the first request
 * nothing can be said of the target.
 */
export function createBreachWatch(holdSeconds: number): BreachWatch {
  let breachedSince = new Map<string, number>();
  return {
    update(t, results) {
      const breached = results.filter(({ passed, actual }) => !passed && actual !== null);
      breachedSince = new Map(breached.map(({ threshold }) => [threshold, breachedSince.get(threshold) ?? t]));
      const since = ({ threshold }: ThresholdResult) => breachedSince.get(threshold) ?? t;
      return breached.filter((result) => t - since(result) >= holdSeconds).sort((a, b) => since(a) - since(b))[0];
    },
  };
}
