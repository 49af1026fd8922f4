import { mean, permutationTest, quantile, sampleWithReplacement, sum } from "simple-statistics";
import type { Sample } from "../../types";
import { type ComparedMetric, comparedMetrics } from "./comparison";

/** With fewer values a side, no difference is rarer by chance than one of twenty. */
export const fewestValues = 4;

/** Up to this many ways to deal the values to the groups, all of them are looked at. */
const mostDeals = 50_000;
/** How many deals are drawn where there are more, and how often values are drawn for an interval. */
const draws = 2000;
/** The largest value as an integer: sums of integers are exact, so that equal ones are equal in whatever order. */
const largestInteger = 2 ** 30;

/**
 * How likely the means of two groups of values (each from 0 on) would differ by at least this much if the values were
 * dealt to the groups by chance: a two-sided permutation test, from 0 to 1. Neither group may be empty. The answer is
 * the same each time, and for the groups in the other order.
 */
export function chanceOf(before: readonly number[], after: readonly number[]): number {
  const largest = [...before, ...after].reduce((most, value) => Math.max(most, value), 0);
  if (largest === 0) return 1;
  const whole = (group: readonly number[]) => group.map((value) => Math.round((value / largest) * largestInteger));
  const [first, second] = inOrder(whole(before), whole(after));
  return deals(first.length, second.length) <= mostDeals
    ? exactChance(first, second)
    : permutationTest(first, second, "two_side", draws, seeded());
}

/**
 * Half the 95 % interval of the logarithm of the ratio between the means of two groups, by bootstrap: 0.1 says that the
 * one may be a tenth more or less of the other by chance. Null where it has no end, as values may all be 0. Neither group may be empty;
 * the answer is the same each time, and for the groups in the other order.
 */
export function logIntervalOf(before: readonly number[], after: readonly number[]): number | null {
  const random = seeded();
  const [first, second] = inOrder([...before], [...after]);
  const drawn = (group: number[]) => mean(sampleWithReplacement(group, group.length, random));
  const ratios = Array.from({ length: draws }, () => Math.log(drawn(second) / drawn(first)));
  if (!ratios.every(Number.isFinite)) return null;
  const [low = 0, high = 0] = quantile(ratios, [0.025, 0.975]);
  return (high - low) / 2;
}

/** Random draws must not depend on which group comes first. */
function inOrder(one: number[], other: number[]): [number[], number[]] {
  return (one.length - other.length || sum(one) - sum(other)) <= 0 ? [one, other] : [other, one];
}

function exactChance(first: number[], second: number[]): number {
  const values = [...first, ...second];
  const expected = sum(values) * first.length;
  const distance = (total: number) => Math.abs(total * values.length - expected);
  const observed = distance(sum(first));
  let all = 0;
  let extreme = 0;
  eachSum(values, first.length, (total) => {
    all += 1;
    extreme += distance(total) >= observed ? 1 : 0;
  });
  return extreme / all;
}

/** Visits the sum of each choice of `size` values. */
function eachSum(values: readonly number[], size: number, visit: (sum: number) => void, from = 0, total = 0): void {
  if (size === 0) {
    visit(total);
    return;
  }
  for (let index = from; index <= values.length - size; index += 1) {
    eachSum(values, size - 1, visit, index + 1, total + (values[index] ?? 0));
  }
}

/** In how many ways values can be dealt to groups of these sizes. */
function deals(first: number, second: number): number {
  let ways = 1;
  for (let taken = 1; taken <= first; taken += 1) {
    ways *= (second + taken) / taken;
  }
  return ways;
}

/** Numbers from 0 to 1 that look random and are the same each time (mulberry32). */
function seeded(): () => number {
  let state = 0x10ad7e57;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Locust's percentiles in a sample are of about this many seconds before it, and its rps of six of them. */
export const windowSeconds = 10;
/** Seconds that a sample may be off the end of its window: samples come every second. */
const tolerance = 1.5;

/** What a metric was in each window of a run's full load; windows without a value of it are left out. */
export type WindowValues = Readonly<Record<ComparedMetric, readonly number[]>>;

/**
 * Cuts the full load into windows of 10 s that do not overlap. A window without a sample near its start or its end (a
 * gap in the series), or in which requests were taken away (statistics were reset), is left out.
 */
export function windowsOf(samples: readonly Sample[]): WindowValues {
  const marks = windowEnds(samples.filter(({ phase }) => phase === "hold"));
  const windows = marks.slice(1).flatMap((end, index) => {
    const start = marks[index];
    return start === undefined || end === undefined ? [] : [measure(start, end)];
  });
  const valuesOf = (metric: ComparedMetric) => windows.flatMap((window) => window?.[metric] ?? []);
  return Object.fromEntries(comparedMetrics.map((metric) => [metric, valuesOf(metric)])) as unknown as WindowValues;
}

/** The sample at 0, 10, 20, … s of the full load; undefined where there is none. */
function windowEnds(hold: readonly Sample[]): (Sample | undefined)[] {
  const [first] = hold;
  const last = hold.at(-1);
  if (first === undefined || last === undefined) return [];
  const count = Math.floor((last.t - first.t + tolerance) / windowSeconds);
  const marks: (Sample | undefined)[] = Array.from({ length: count + 1 });
  for (const sample of hold) {
    const index = Math.round((sample.t - first.t) / windowSeconds);
    const off = (candidate: Sample) => Math.abs(candidate.t - first.t - index * windowSeconds);
    const found = marks[index];
    if (index <= count && off(sample) <= tolerance && (found === undefined || off(sample) < off(found))) {
      marks[index] = sample;
    }
  }
  return marks;
}

function measure(start: Sample, end: Sample): Record<ComparedMetric, number | null> | undefined {
  const requests = end.requests - start.requests;
  if (requests < 0) return undefined;
  if (requests === 0) {
    // Locust's percentiles of no requests are 0, which is no time.
    return { ...times({}), fail_ratio: null, rps: end.rps };
  }
  return {
    ...times(end),
    fail_ratio: Math.max(0, end.failures - start.failures) / requests,
    // Not from the difference of the requests: workers report every 3 s, so that 9 or 12 s of them are in 10 s.
    rps: end.rps,
  };
}

function times({ p50 = null, p95 = null, p99 = null, arrivals }: Partial<Sample>) {
  const { p50: corrected_p50 = null, p95: corrected_p95 = null, p99: corrected_p99 = null } = arrivals?.corrected ?? {};
  return { p50, p95, p99, corrected_p50, corrected_p95, corrected_p99 };
}

/**
 * The step in which Locust rounds a response time of `ms`: 1 ms below 100, then two digits stay (`bucket_response_time`
 * in its `stats.py`), so 10 ms below 1 s and 100 ms below 10 s.
 */
export function roundingStep(ms: number): number {
  if (ms < 100) return 1;
  return ms < 1000 ? 10 : ms < 10_000 ? 100 : 1000;
}
