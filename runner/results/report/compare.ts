import type { Comparison } from "../../verdict/comparison";
import { changesOf, conclusionOf, requestChangesOf } from "./changes";
import { compareCharts } from "./compare-charts";
import { documentOf } from "./document";
import { figures, thinned } from "./figures";
import { factsOf, lines, type PageRun, type Tone, tilesOf, verdictOf } from "./head";
import { type Html, html } from "./html";
import { chartHint, footer, noSamples } from "./report";
import { foreign } from "./words";

/** Two runs, and what was found when they were compared. */
export interface ComparePageInput {
  readonly before: PageRun;
  readonly after: PageRun;
  readonly comparison?: Comparison | undefined;
}

/**
 * The page of two runs: their verdicts side by side, what changed between them, and their charts laid over each other
 * from their starts. One file of HTML that asks for nothing from anywhere.
 */
export function comparePage({ before, after, comparison }: ComparePageInput): string {
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

function runCard(label: string, run: PageRun): Html {
  return html`<section><p class="kind">${label}</p><h3>${foreign(run.name)}</h3>${verdictOf(run)}${tilesOf(run)}${factsOf(run)}</section>`;
}
