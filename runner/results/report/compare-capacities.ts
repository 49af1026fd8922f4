import type { CapacityComparison } from "../../verdict/capacity/compare";
import { type CurvePoint, curveOf } from "../../verdict/capacity/report";
import { round } from "../../verdict/format";
import type { RunRecord } from "../run-record";
import type { Chart } from "./chart";
import { documentOf } from "./document";
import { figures } from "./figures";
import { foreign } from "./format";
import { badge, factsOf, lines, type ReportedRun, type Tone, verdictOf } from "./head";
import { type Html, html } from "./html";
import { footer, moveHint } from "./report";

const words: Readonly<Record<CapacityComparison["kind"], readonly [word: string, sign: string, tone: Tone]>> = {
  worse: ["WORSE", "✗", "bad"],
  small: ["WORSE, WITHIN WHAT IS ALLOWED", "✓", "good"],
  same: ["THE SAME", "=", "good"],
  better: ["BETTER", "✓", "good"],
  unclear: ["UNCLEAR", "?", "caution"],
};

/** The report of two searches for a capacity: what it was and is, and both curves laid over each other. */
export function compareCapacitiesReport(before: ReportedRun, after: ReportedRun, found: CapacityComparison): string {
  const [word, sign, tone] = words[found.kind];
  const charts = overlays.map((overlay) => overlayOf(overlay, before.record, after.record));
  const body = html`
<header>
<p class="kind">Two capacities compared</p>
<h1>${foreign(before.name)} <span class="muted">→</span> ${foreign(after.name)}</h1>
<div class="verdict">${badge({ word, sign, tone })}<p>${found.texts.at(-1) ?? ""}</p></div>
${lines(found.texts.slice(0, -1), sign, "muted", "Capacities")}
${lines(found.warnings, "!", "caution", "Warnings")}
</header>
<main>
<section class="two"><h2>By load</h2>${moveHint}${figures(charts)}</section>
<section><h2>The two searches</h2><div class="runs">${card("Before", before)}${card("After", after)}</div></section>
</main>
${footer}`;
  return documentOf({
    ...{ title: `${word}: ${before.name} → ${after.name}`, tone, body },
    data: { charts, spans: [], marks: [] },
  });
}

function card(label: string, run: ReportedRun): Html {
  return html`<section><p class="kind">${label}</p><h3>${foreign(run.name)}</h3>${verdictOf(run)}${factsOf(run)}</section>`;
}

interface Overlay extends Pick<Chart, "id" | "title" | "unit" | "axis"> {
  readonly value: (point: CurvePoint) => number | null;
}

const overlays: readonly Overlay[] = [
  { id: "rate", title: "Requests/s", unit: "/s", axis: "per second", value: ({ rps }) => rps },
  { id: "p95", title: "Response time, p95", unit: "ms", axis: "ms", value: ({ p95 }) => p95 },
];

function overlayOf({ value, ...about }: Overlay, before: RunRecord, after: RunRecord): Chart {
  const curve = (
    record: RunRecord,
    label: string,
    style: Pick<Chart["curves"][0]["lines"][0], "colour" | "width" | "dash">,
  ) => {
    const points = curveOf(record.capacity?.steps ?? []);
    const values = points.map((point) => {
      const number = value(point);
      return number === null ? null : round(number, 2);
    });
    return { times: points.map(({ level }) => level), lines: [{ label, ...style, values }] };
  };
  const ways = new Set([before, after].map(({ capacity }) => capacity?.asked.by));
  const label = ways.size > 1 ? "users, or arrivals a second" : ways.has("users") ? "users" : "arrivals a second";
  return {
    ...{ ...about, limits: [] },
    across: { label, unit: ways.has("users") ? "users" : "/s", marks: [] },
    curves: [
      curve(before, "before", { colour: "series-2", width: 1.5, dash: [5, 4] }),
      curve(after, "after", { colour: "series-1", width: 2 }),
    ],
  };
}
