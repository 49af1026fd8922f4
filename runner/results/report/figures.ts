import type { Chart, Curves, Line } from "./chart";
import { foreign, none, quantity } from "./format";
import { type Html, html } from "./html";

/** More lines than this are those of workers; their last two, the mean and the highest, say enough. */
const summedUp = 3;

/** Leaves as many points of a chart as are worth drawing: at most 2,000 over all of its runs. */
export function thinned(chart: Chart): Chart {
  // A load has few points, and they are as far apart as they are.
  if (chart.across !== undefined) return chart;
  const most = Math.floor(mostPoints / Math.max(1, chart.curves.length));
  return { ...chart, curves: chart.curves.map((curves) => thin(withHoles(curves), most)) };
}

/** The place of each chart, which the report's script fills, with its title and what it shows in words. */
export function figures(charts: readonly Chart[]): Html {
  return html`<div class="charts">${charts.map(figure)}</div>`;
}

function figure(chart: Chart): Html {
  const lines = chart.curves.flatMap((curves) => curves.lines);
  const told = lines.length > summedUp ? lines.slice(-2) : lines;
  return html`
<figure id="${chart.id}" aria-labelledby="${chart.id}-title">
<figcaption><h3 id="${chart.id}-title">${chart.title}</h3>
<p id="${chart.id}-words">${told.map((line, index) => [index > 0 && "; ", lineWords(line, chart)])}</p></figcaption>
<div class="chart" role="group" tabindex="0" aria-labelledby="${chart.id}-title" aria-describedby="${chart.id}-words"></div>
</figure>`;
}

/** `p95 from 3 ms to 12 ms, at the end 8 ms`: over all points, not those that are drawn. */
function lineWords({ label, values }: Line, { unit, across }: Chart): Html {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value === null) continue;
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  if (lowest > highest) return html`${foreign(label)} ${none}`;
  const [from, to] = [quantity(lowest, unit), quantity(highest, unit)];
  if (from === to) return html`${foreign(label)} ${to} throughout`;
  const last = values.at(-1);
  const end =
    last !== null &&
    last !== undefined &&
    `, ${quantity(last, unit)} at the ${across === undefined ? "end" : "highest load"}`;
  return html`${foreign(label)} ${from} to ${to}${end}`;
}

/** A chart of more points is no clearer, only slower. */
export const mostPoints = 2000;

/** Samples this much further apart than usual have a hole between them; seconds. */
const holeFactor = 4;
const smallestHole = 5;

/** Puts a gap where no samples were taken for a while: a line across it would show values that nobody measured. */
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
