import type { Curves } from "./chart";

/** A chart of more points is no clearer, only slower. */
export const mostPoints = 2000;

/** Samples this much further apart than usual have a hole between them; seconds. */
const holeFactor = 4;
const smallestHole = 5;

/** Puts a gap where no samples were taken for a while: a line across would be a claim. */
export function withHoles(curves: Curves): Curves {
  const steps = curves.times.slice(1).map((time, index) => time - (curves.times[index] ?? time));
  const usual = [...steps].sort((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  const hole = Math.max(smallestHole, usual * holeFactor);
  const before = new Set(steps.flatMap((step, index) => (step > hole ? [index + 1] : [])));
  if (before.size === 0) return curves;
  const widen = <T>(values: readonly T[], between: (index: number) => T) =>
    values.flatMap((value, index) => (before.has(index) ? [between(index), value] : [value]));
  const { times } = curves;
  return {
    times: widen(times, (index) => ((times[index - 1] ?? 0) + (times[index] ?? 0)) / 2),
    lines: curves.lines.map((line) => ({ ...line, values: widen<number | null>(line.values, () => null) })),
  };
}

/**
 * Leaves at most `most` points in time. Those that stay are as they were measured: the first, the last, and of each
 * stretch of time those where a line is lowest, highest, or begins to have no value.
 */
export function thin(curves: Curves, most: number = mostPoints): Curves {
  const { times, lines } = curves;
  if (times.length <= most) return curves;
  let buckets = Math.ceil(most / 2);
  let kept = keep(curves, buckets);
  while (kept.length > most && buckets > 1) {
    buckets = Math.floor(buckets * 0.85);
    kept = keep(curves, buckets);
  }
  return {
    times: pick(times, kept),
    lines: lines.map((line) => ({ ...line, values: pick(line.values, kept) })),
  };
}

function pick<T>(values: readonly T[], indices: readonly number[]): T[] {
  return indices.map((index) => values[index] as T);
}

/** The indices that stay, ascending. */
function keep({ times, lines }: Curves, buckets: number): number[] {
  const kept = new Set([0, times.length - 1]);
  for (let bucket = 0; bucket < buckets; bucket += 1) {
    const from = Math.floor((bucket * times.length) / buckets);
    const to = Math.floor(((bucket + 1) * times.length) / buckets);
    for (const { values } of lines) addExtremes(kept, values, from, to);
  }
  return [...kept].sort((a, b) => a - b);
}

function addExtremes(kept: Set<number>, values: readonly (number | null)[], from: number, to: number): void {
  let lowest: number | undefined;
  let highest: number | undefined;
  let gap: number | undefined;
  for (let index = from; index < to; index += 1) {
    const value = values[index] ?? null;
    if (value === null) {
      gap ??= index;
      continue;
    }
    if (lowest === undefined || value < (values[lowest] ?? 0)) lowest = index;
    if (highest === undefined || value > (values[highest] ?? 0)) highest = index;
  }
  for (const index of [lowest, highest, gap]) if (index !== undefined) kept.add(index);
}
