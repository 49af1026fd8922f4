import { mean, permutationTest, quantile, sampleWithReplacement, sum } from "simple-statistics";

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
  if (largest === 0) {
    return 1;
  }
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
  if (!ratios.every(Number.isFinite)) {
    return null;
  }
  const [low = 0, high = 0] = quantile(ratios, [0.025, 0.975]);
  return (high - low) / 2;
}

/** What is drawn by chance must not depend on which group comes first. */
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
