import type { Chart, Line } from "./chart";
import { type Html, html } from "./html";
import { mostPoints, thin, withHoles } from "./thin";
import { foreign, none, quantity } from "./words";

/** More lines than this are those of workers; their last two, the mean and the highest, say enough. */
const summedUp = 3;

/** Leaves as many points of a chart as are worth drawing: at most 2,000 over all of its runs. */
export function thinned(chart: Chart): Chart {
  const most = Math.floor(mostPoints / Math.max(1, chart.curves.length));
  return { ...chart, curves: chart.curves.map((curves) => thin(withHoles(curves), most)) };
}

/** The place of each chart, which the page's script fills, with its title and what it shows in words. */
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
function lineWords({ label, values }: Line, { unit }: Chart): Html {
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
  const end = last !== null && last !== undefined && `, ${quantity(last, unit)} at the end`;
  return html`${foreign(label)} ${from} to ${to}${end}`;
}
