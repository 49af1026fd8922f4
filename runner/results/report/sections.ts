import type { RequestStats } from "../../types";
import type { ArrivalsReport } from "../../verdict/arrivals";
import { type NatReport, portErrors } from "../../verdict/nat";
import { mostFrequent, requestLabel, requestRows, totalRow } from "../../verdict/requests";
import type { ThresholdResult } from "../../verdict/thresholds";
import { actualText, thresholdText } from "../../verdict/thresholds";
import { usersGraceSeconds } from "../../verdict/users";
import { isJudged } from "../../verdict/verdict";
import { type FrequentErrors, frequentExceptions, frequentFailures } from "../frequent-errors";
import type { RunRecord } from "../run-record";
import { amount, duration, foreign, none, quantity, share } from "./format";
import { factList, line, lines } from "./head";
import { type Content, type Html, html } from "./html";

/** A table that may be wider than the report: it is moved inside its frame, also with the keyboard. */
export function tableFrame(label: string, table: Html): Html {
  return html`<div class="table" role="region" aria-label="${label}" tabindex="0">${table}</div>`;
}

/** The thresholds and what they were. */
export function thresholdsOf(record: RunRecord): Html {
  const { thresholds } = record;
  if (thresholds.length === 0) return html`<p class="muted">No thresholds were set.</p>`;
  return tableFrame(
    "Thresholds",
    html`<table class="data"><thead><tr><th scope="col" class="name">Threshold</th><th scope="col" class="words">Actual</th></tr></thead>
<tbody>${thresholds.map((result) => thresholdRow(result, isJudged(record)))}</tbody></table>`,
  );
}

function thresholdRow(result: ThresholdResult, judged: boolean): Html {
  const [sign, tone, word] = !judged
    ? ["–", "muted-tone", "not judged"]
    : result.passed
      ? ["✓", "good", "passed"]
      : ["✗", "bad", "failed"];
  const note = result.note !== undefined && html`: ${foreign(result.note)}`;
  return html`<tr><th scope="row" class="name">${foreign(thresholdText(result))}</th>
<td class="words"><span class="${tone}"><span aria-hidden="true">${sign}</span> ${word}</span>, ${actualText(result)}${note}</td></tr>`;
}

/** Whether the load was what was asked. */
export function loadOf(record: RunRecord): Html {
  const { integrity, unanswered } = record;
  if (integrity === null) return html`<ul class="lines">${line("✗", "bad", "Nothing is known of the load.")}</ul>`;
  const { users, workers, workerCpu, masterCpu, nat, arrivals } = integrity;
  const cpu = Object.values(workerCpu);
  const highest = cpu.length === 0 ? null : Math.max(...cpu.map(({ max }) => max));
  const mean = cpu.length === 0 ? null : cpu.reduce((sum, use) => sum + use.mean, 0) / cpu.length;
  const reached = users.reachedAfterSeconds === null ? "never all" : `all after ${duration(users.reachedAfterSeconds)}`;
  const off = `${duration(users.offSeconds)} of ${duration(users.afterRampSeconds)}, from ${duration(usersGraceSeconds)} after the ramp on`;
  const facts: (readonly [string, Content])[] = [
    ["Peak users", `${amount(users.max)} of ${amount(users.asked)}, ${reached}`],
    ["Time off target (> 5 %)", users.afterRampSeconds > 0 ? off : "unknown: the run ended before"],
    ...(arrivals === undefined ? [] : arrivalFacts(arrivals)),
    ["Workers", `${amount(workers.asked)}, ${workers.lost.length === 0 ? "none" : amount(workers.lost.length)} lost`],
    ...(unanswered === undefined ? [] : [["Cut off without an answer", amount(unanswered.cutOff)] as const]),
    ["Worker CPU", `mean ${share(mean)}, peak ${share(highest)}`],
    ["Master CPU", `mean ${share(masterCpu.mean)}, peak ${share(masterCpu.max)}`],
    ...(nat === undefined ? [] : [["NAT gateways", natWords(nat)] as const]),
  ];
  return html`${
    integrity.ok
      ? html`<ul class="lines">${isJudged(record) ? line("✓", "good", "The load was what was asked for.") : line("–", "muted", "The load was what was asked for, up to then.")}</ul>`
      : lines(integrity.problems, "✗", "bad", "Problems of the load")
  }
${factList(facts)}`;
}

function arrivalFacts({ due, started, dropped, late, lag }: ArrivalsReport): (readonly [string, Content])[] {
  const lags = `p50 ${quantity(lag.p50, "ms")}, p99 ${quantity(lag.p99, "ms")}, at most ${quantity(lag.max, "ms")}`;
  return [
    ["Iterations started", `${amount(started)} of ${amount(due)}, ${amount(dropped)} dropped`],
    ["Late by more than 10 ms", `${amount(late)}; ${lags}`],
  ];
}

function natWords(nat: NatReport): string {
  const most = nat.gateways.flatMap(({ mostConnections }) => mostConnections ?? []);
  const peak = most.length === 0 ? "" : `, at most ${amount(Math.max(...most))} connections at a time in one`;
  const errors = portErrors(nat);
  const ports =
    errors === undefined ? "connections without a port not known" : `${amount(errors)} connections without a port`;
  return `${amount(nat.gateways.length)}, ${ports}${peak}`;
}

interface Column {
  readonly head: string;
  readonly cell: (row: RequestStats) => Content;
}

const time = (head: string, value: (row: RequestStats) => number | null | undefined): Column => ({
  head,
  cell: (row) => (row.requests === 0 ? none : known(value(row))),
});

const requestColumns: readonly Column[] = [
  { head: "Requests", cell: (row) => amount(row.requests) },
  { head: "Failed", cell: failed },
  { head: "Requests/s", cell: (row) => tenths(row.rps) },
  time("Avg", (row) => row.avg),
  ...["p50", "p95", "p99"].map((name) => time(name, (row) => row.percentiles[name])),
  time("Min", (row) => row.min),
  time("Max", (row) => row.max),
];

/** Corrected times beside Locust's own; nothing without an arrival rate. */
export function correctedOf(rows: readonly RequestStats[]): Html {
  if (rows.length === 0) return html``;
  const columns = requestColumns.filter(({ head }) => !["Requests", "Failed", "Requests/s"].includes(head));
  return html`<section><h2>Corrected times</h2><p class="small muted">From when each iteration was due, not from when its requests were sent: with what users came too late to ask.</p>
${requestTable("Corrected times", rows, totalRow(rows), columns, "corrected.csv")}</section>`;
}

/** All requests with their numbers. */
export function requestsOf(rows: readonly RequestStats[], totals: RunRecord["totals"]): Html {
  if (rows.length === 0) return html`<p class="muted">There are no numbers of requests.</p>`;
  return requestTable("Requests", rows, totalRow(rows, totals), requestColumns, "requests.csv");
}

function requestTable(
  label: string,
  rows: readonly RequestStats[],
  total: RequestStats | undefined,
  columns: readonly Column[],
  file: string,
): Html {
  const all = requestRows(rows);
  const shown = mostFrequent(all, ({ requests }) => requests);
  const head = columns.map((column) => html`<th scope="col">${column.head}</th>`);
  const row = (name: Content, stats: RequestStats) =>
    html`<tr><th scope="row" class="name">${name}</th>${columns.map(({ cell }) => html`<td>${cell(stats)}</td>`)}</tr>\n`;
  return html`${leftOut(shown.length, all.length, file)}${tableFrame(
    label,
    html`<table class="data"><thead><tr><th scope="col" class="name">Request <span class="muted">(times in ms)</span></th>${head}</tr></thead>
<tbody>${shown.map((stats) => row(foreign(requestLabel(stats)), stats))}</tbody>
${total !== undefined && html`<tfoot>${row("All requests", total)}</tfoot>`}</table>`,
  )}`;
}

/** What a table of requests does not show. */
export function leftOut(shown: number, all: number, file = "requests.csv"): Content {
  return (
    shown < all &&
    html`<p class="muted">These are the most frequent ${amount(shown)} of ${amount(all)}; ${file} has all.</p>`
  );
}

function failed({ requests, failures }: RequestStats): Content {
  if (failures === 0) return "0";
  return html`<span class="bad">${amount(failures)} (${share(requests > 0 ? failures / requests : null)})</span>`;
}

/** A time in ms, as a cell has it. */
export function known(value: number | null | undefined): string {
  if (value === null || value === undefined) return none;
  return Number.isInteger(value) || value >= 100 ? amount(value) : tenths(value);
}

/** One decimal, so that those of a column stand below each other; more only where there would be nothing but zeros. */
function tenths(value: number): string {
  return value >= 0.1 && value < 1000 ? value.toFixed(1) : amount(value);
}

/** Characters of a text that are shown. */
const longest = 600;

/** What failed in requests, and what the script raised: nothing where nothing did. */
export function errorsOf(record: RunRecord): Html {
  return html`${section("Failures", frequentFailures(record))}${section("Exceptions", frequentExceptions(record))}`;
}

function section(heading: string, lines: FrequentErrors | undefined): Html {
  if (lines === undefined) return html``;
  const rows = lines.kinds.map(
    ({ count, text }) => html`<tr><td class="words">${foreign(cut(text))}</td><td>${amount(count)}</td></tr>\n`,
  );
  return html`<section><h2>${heading}</h2><p class="small muted">${lines.title}, the most frequent first.</p>
${tableFrame(
  heading,
  html`<table class="data"><thead><tr><th scope="col" class="words">Error</th><th scope="col">Count</th></tr></thead>
<tbody>${rows}</tbody></table>`,
)}
${lines.rest !== undefined && html`<p class="small muted">${lines.rest}.</p>`}</section>`;
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
