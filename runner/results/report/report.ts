import type { ThresholdResult } from "../../verdict/thresholds";
import type { Chart } from "./chart";
import { lossesOf, spansOf } from "./chart";
import { reportCharts } from "./charts";
import { documentOf } from "./document";
import { figures, thinned } from "./figures";
import { foreign } from "./format";
import { factsOf, type ReportedRun, tilesOf, verdictOf, wordOf } from "./head";
import { type Html, html } from "./html";
import { correctedOf, errorsOf, loadOf, requestsOf, thresholdsOf } from "./sections";

/**
 * The report of one run: verdict, thresholds, load, requests, and charts over time. One file of HTML that asks for
 * nothing from anywhere, at most about 3 MB however long the run was.
 */
export function runReport(run: ReportedRun): string {
  const { name, record, samples, requests, corrected = [] } = run;
  const { word, tone } = wordOf(record);
  const charts = reportCharts(samples, timeLimits(record.thresholds));
  const body = html`
<header>
<p class="kind">Load test</p>
<h1>${foreign(name)}</h1>
${verdictOf(run)}
${tilesOf(run)}
${factsOf(run)}
</header>
<main>
<div class="pair">
<section><h2>Thresholds</h2>${thresholdsOf(record)}</section>
<section><h2>Load integrity</h2>${loadOf(record)}</section>
</div>
<section><h2>Requests</h2>${requestsOf(requests, record.totals)}</section>
${correctedOf(corrected)}
${errorsOf(record)}
<section><h2>Over time</h2>${samples.length === 0 ? noSamples : [chartHint, figures(charts)]}</section>
</main>
${footer}`;
  return documentOf({
    title: `${word}: load test ${name}`,
    tone,
    body,
    data: {
      charts: samples.length === 0 ? [] : charts.map(thinned),
      spans: spansOf(samples),
      marks: lossesOf(record.integrity?.workers.lost ?? [], Math.max(2, record.durationSeconds / 30)),
    },
  });
}

/** Limits of response times that hold for all requests. */
function timeLimits(thresholds: readonly ThresholdResult[]): Chart["limits"] {
  return thresholds
    .filter(({ request, metric }) => request === null && ["p50", "p95", "p99"].includes(metric))
    .map(({ threshold, limit }) => ({ value: limit, label: threshold }));
}

export const noSamples = html`<p class="muted">No samples were taken, so there is nothing to draw.</p>`;

export const chartHint = html`<p class="hint small muted">Move over a chart, or use its arrow keys, to read the values of a moment in all of them. Drag to look closer, double-click to see all.</p>
<p class="small muted">Current rates and failures are those of the latest six seconds or so of each moment, response times those of the latest ten.</p>
<noscript><p>The charts need JavaScript. What they show is told in words above each.</p></noscript>`;

export const footer: Html = html`<footer>Made by loadtest. All numbers are those of this file. Charts by uPlot, MIT licence.</footer>`;
