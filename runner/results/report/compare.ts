import type { RequestStats } from "../../types";
import type { ChangeKind, ComparedMetric, Comparison, MetricChange } from "../../verdict/compare/comparison";
import { mostFrequent, requestLabel, requestRows, totalRow } from "../../verdict/requests";
import { compareCharts } from "./charts";
import { documentOf } from "./document";
import { figures, thinned } from "./figures";
import { amount, foreign, none, quantity, share } from "./format";
import { badge, factsOf, lines, type ReportedRun, type Tone, tilesOf, toneClass, verdictOf } from "./head";
import { type Content, type Html, html } from "./html";
import { chartHint, footer, noSamples } from "./report";
import { known, leftOut, tableFrame } from "./sections";

/** Two runs, and what was found when they were compared. */
export interface CompareReportInput {
  readonly before: ReportedRun;
  readonly after: ReportedRun;
  readonly comparison?: Comparison | undefined;
}

/**
 * The report of two runs: their verdicts side by side, what changed between them, and their charts laid over each other
 * from their starts. One file of HTML that asks for nothing from anywhere.
 */
export function compareReport({ before, after, comparison }: CompareReportInput): string {
  const drawn = before.samples.length > 0 || after.samples.length > 0;
  const charts = drawn ? compareCharts(before.samples, after.samples) : [];
  const conclusion = comparison === undefined ? undefined : conclusionOf(comparison);
  const tone: Tone = conclusion?.tone ?? "muted";
  const body = html`
<header>
<p class="kind">Two load tests compared</p>
<h1>${foreign(before.name)} <span class="muted">→</span> ${foreign(after.name)}</h1>
${conclusion?.markup}
</header>
<main>
${
  comparison !== undefined &&
  html`<section><h2>What changed</h2>${lines(comparison.warnings, "!", "caution", "Warnings")}${changesOf(comparison)}</section>`
}
<section><h2>The two runs</h2><div class="runs">${runCard("Before", before)}${runCard("After", after)}</div></section>
<section class="two"><h2>Over time</h2>${drawn ? [chartHint, figures(charts)] : noSamples}</section>
<section><h2>Requests</h2>${requestChangesOf(before.requests, after.requests)}</section>
</main>
${footer}`;
  const word = conclusion === undefined ? "" : `${conclusion.word}: `;
  return documentOf({
    title: `${word}${before.name} → ${after.name}`,
    tone,
    body,
    data: { charts: charts.map(thinned), spans: [], marks: [] },
  });
}

function runCard(label: string, run: ReportedRun): Html {
  return html`<section><p class="kind">${label}</p><h3>${foreign(run.name)}</h3>${verdictOf(run)}${tilesOf(run)}${factsOf(run)}</section>`;
}

/** Whether the later run is worse, and by what: a word for the title, and the top of the report. */
function conclusionOf({ regressions, unclear, maxRegression }: Comparison) {
  const allowed = share(maxRegression);
  const [word, sign, tone, meaning] =
    regressions.length > 0
      ? (["WORSE", "✗", "bad", `Worse by more than the ${allowed} that are allowed.`] as const)
      : unclear.length > 0
        ? (["UNCLEAR", "?", "caution", "Whether anything is worse cannot be told."] as const)
        : (["NOT WORSE", "✓", "good", `Nothing is worse by more than the ${allowed} that are allowed.`] as const);
  const markup = html`
<div class="verdict">${badge({ word, sign, tone })}<p>${meaning}</p></div>
${lines(regressions, "✗", "bad", "Regressions")}
${lines(unclear, "?", "caution", "Unclear changes")}`;
  return { word, tone, markup };
}

const corrected = (time: string) => ({
  name: `Corrected response time, ${time}`,
  value: (value: number | null) => quantity(value, "ms"),
});
const correctedMetrics = {
  corrected_p50: corrected("p50"),
  corrected_p95: corrected("p95"),
  corrected_p99: corrected("p99"),
};

const metrics: Readonly<Record<ComparedMetric, { name: string; value: (value: number | null) => string }>> = {
  p50: { name: "Response time, p50", value: (value) => quantity(value, "ms") },
  p95: { name: "Response time, p95", value: (value) => quantity(value, "ms") },
  p99: { name: "Response time, p99", value: (value) => quantity(value, "ms") },
  ...correctedMetrics,
  fail_ratio: { name: "Failed requests", value: share },
  rps: { name: "Requests/s", value: (value) => quantity(value, "/s") },
};

const signs: Readonly<Record<ChangeKind, { readonly sign: string; readonly tone: Tone }>> = {
  same: { sign: "=", tone: "muted" },
  noise: { sign: "≈", tone: "muted" },
  small: { sign: "✓", tone: "muted" },
  better: { sign: "✓", tone: "good" },
  worse: { sign: "✗", tone: "bad" },
  unclear: { sign: "?", tone: "caution" },
  asked: { sign: "?", tone: "caution" },
};

/** What a change is worth, in words. */
function worthOf({ kind, change, noise, before, after }: MetricChange, allowed: string): string {
  switch (kind) {
    case "same":
      return "no change";
    case "noise":
      if (noise === null) return "may be noise";
      return change !== null && Math.abs(change) > noise ? "no more than noise and rounding" : "no more than noise";
    case "small":
      return `worse, within the ${allowed} that are allowed`;
    case "better":
      return kind;
    case "worse":
      return `worse, beyond the ${allowed} that are allowed`;
    case "unclear":
      if (before === null || after === null) return "unclear: one of them is missing";
      return `beyond the ${allowed} that are allowed, and whether it is real cannot be told`;
    case "asked":
      return "different rates were asked for";
  }
}

/** The table of what is compared. */
function changesOf({ metrics: changes, maxRegression }: Comparison): Html {
  return tableFrame(
    "What changed",
    html`<table class="data"><thead><tr>
<th scope="col" class="name">Over the whole run</th><th scope="col">Before</th><th scope="col">After</th>
<th scope="col">Change</th><th scope="col">Noise</th><th scope="col" class="words">Result</th></tr></thead>
<tbody>${changes.map((change) => changeRow(change, share(maxRegression)))}</tbody></table>`,
  );
}

function changeRow(moved: MetricChange, allowed: string): Html {
  const { metric, before, after, change, noise, kind } = moved;
  const { name, value } = metrics[metric];
  const { sign, tone } = signs[kind];
  const mark = html`<span class="${toneClass(tone)}" aria-hidden="true">${sign}</span>`;
  return html`<tr><th scope="row" class="name">${mark} ${name}</th><td>${value(before)}</td><td>${value(after)}</td>
<td>${signed(change)}</td><td>${noise === null ? "unknown" : `± ${share(noise)}`}</td>
<td class="words"><span class="${toneClass(tone)}">${worthOf(moved, allowed)}</span></td></tr>\n`;
}

/** A relative change: `+8 %`, `−3.5 %`. */
function signed(change: number | null): string {
  if (change === null) return none;
  return `${change > 0 ? "+" : change < 0 ? "−" : ""}${share(Math.abs(change))}`;
}

interface Pair {
  readonly name: Content;
  readonly before: RequestStats | undefined;
  readonly after: RequestStats | undefined;
}

interface Measure {
  readonly head: string;
  readonly cell: (row: RequestStats) => string;
}

const measures: readonly Measure[] = [
  { head: "Requests", cell: (row) => amount(row.requests) },
  { head: "Failed", cell: (row) => share(row.requests > 0 ? row.failures / row.requests : null) },
  ...["p50", "p95", "p99"].map((name) => ({
    head: `${name} in ms`,
    cell: (row: RequestStats) => known(row.requests === 0 ? null : row.percentiles[name]),
  })),
];

/** The requests of both runs; one that only one of them has is there too. */
function requestChangesOf(before: readonly RequestStats[], after: readonly RequestStats[]): Html {
  if (before.length === 0 && after.length === 0) return html`<p class="muted">There are no numbers of requests.</p>`;
  const [old, now] = [before, after].map((rows) => new Map(requestRows(rows).map((row) => [requestLabel(row), row])));
  const labels = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
  const shown = mostFrequent(
    [...labels],
    (label) => (old?.get(label)?.requests ?? 0) + (now?.get(label)?.requests ?? 0),
  );
  const pairs = shown.map((label) => ({
    name: foreign(label),
    before: old?.get(label),
    after: now?.get(label),
  }));
  const total = { name: "All requests", before: totalRow(before), after: totalRow(after) };
  return html`${leftOut(pairs.length, labels.size)}${tableFrame(
    "Requests",
    html`<table class="data"><thead>
<tr><th scope="col" rowspan="2" class="name">Request</th>${measures.map(({ head }) => html`<th scope="colgroup" colspan="2" class="first">${head}</th>`)}</tr>
<tr>${measures.map(() => html`<th scope="col" class="first">before</th><th scope="col">after</th>`)}</tr></thead>
<tbody>${pairs.map(pairRow)}</tbody><tfoot>${pairRow(total)}</tfoot></table>`,
  )}`;
}

function pairRow({ name, before, after }: Pair): Html {
  const cell = (measure: Measure, row: RequestStats | undefined) => (row === undefined ? none : measure.cell(row));
  return html`<tr><th scope="row" class="name">${name}</th>${measures.map(
    (measure) => html`<td class="first">${cell(measure, before)}</td><td>${cell(measure, after)}</td>`,
  )}</tr>\n`;
}
