import pc from "picocolors";
import type { RequestStats, Verdict } from "../../types";
import { startsText } from "../../verdict/arrivals";
import { httpUserText } from "../../verdict/clients";
import type { Comparison } from "../../verdict/compare/comparison";
import { portErrors } from "../../verdict/nat";
import { requestLabel, requestRows, totalRow } from "../../verdict/requests";
import type { ThresholdResult } from "../../verdict/thresholds";
import { actualText, thresholdText } from "../../verdict/thresholds";
import { usersGraceSeconds } from "../../verdict/users";
import { isJudged } from "../../verdict/verdict";
import { type FrequentErrors, frequentExceptions, frequentFailures } from "../frequent-errors";
import type { FinishedRecord } from "../run-record";
import { capacityTable } from "./capacity-table";
import { comparisonTable } from "./comparison-table";
import { bareTable, type Colors, cutMiddle, gap, joinSections, marked, oneLine, width, wrap } from "./text";

/** More requests than this are left to `requests.csv`. */
export const tableRows = 20;

/** Columns that are left for a name at least. */
const minName = 8;

const timesTitle = "Request (times in ms)";
const numberHeads = ["reqs", "fails", "req/s", "avg", "p50", "p95", "p99", "max"];

/**
 * What is printed at the end of a run, within 80 columns and without a line break at its end: the requests (times
 * in ms), their corrected times in a run with an arrival rate, what failed in them and in the script, the thresholds, the
 * change since another run, the load's integrity, the verdict with its reasons and exit code (unless `exitCode` is false:
 * for a command that gives another), and where the results are (`folder`; left out without one).
 * Nothing is coloured unless `colour` is true.
 */
export function resultTable(
  record: FinishedRecord,
  rows: readonly RequestStats[],
  {
    colour,
    folder,
    exitCode = true,
    corrected = [],
  }: { colour: boolean; folder?: string | undefined; exitCode?: boolean; corrected?: readonly RequestStats[] },
): string {
  const colors = pc.createColors(colour);
  const warnings = new Set([...record.warnings, ...(record.integrity?.warnings ?? [])]);
  return joinSections([
    // Those of a search are of all its steps together, also of those that broke: they say nothing by themselves.
    record.capacity !== undefined
      ? capacityTable(record.capacity, colors)
      : rows.length === 0
        ? []
        : requestLines(rows, colors, record.totals),
    corrected.length === 0 || record.capacity !== undefined
      ? []
      : requestLines(corrected, colors, undefined, ofCorrected),
    errorLines(frequentFailures(record), colors),
    errorLines(frequentExceptions(record), colors),
    record.thresholds.flatMap((threshold) => thresholdLines(threshold, colors, isJudged(record))),
    record.comparison === undefined ? [] : comparisonLines(record.comparison, colors),
    [...loadLines(record, colors), ...clientLines(record, colors), ...marked([...warnings], "!", colors.yellow)],
    [...verdictLines(record, colors, exitCode), ...(folder === undefined ? [] : [`Results: ${folder}`])],
  ]);
}

/** The numbers of a run that still goes on, and how its thresholds stand: the first sections of `resultTable`. */
export function progressTable(
  { rows, corrected }: Readonly<Record<"rows" | "corrected", readonly RequestStats[]>>,
  thresholds: readonly ThresholdResult[],
  { colour }: { colour: boolean },
): string {
  const colors = pc.createColors(colour);
  return joinSections([
    requestLines(rows, colors),
    corrected.length === 0 ? [] : requestLines(corrected, colors, undefined, ofCorrected),
    thresholds.flatMap((threshold) => thresholdLines(threshold, colors)),
  ]);
}

/** A table of requests: its title, and how many of the numbers it leaves out from the left. */
interface RequestColumns {
  readonly title: string;
  /** Where there is no room for it. */
  readonly short: string;
  readonly from: number;
}

const ofRequests: RequestColumns = { title: timesTitle, short: "Request", from: 0 };
const ofCorrected: RequestColumns = {
  title: "Corrected times: ms from when each iteration was due",
  short: "Corrected",
  from: 3,
};

function requestLines(
  rows: readonly RequestStats[],
  colors: Colors,
  totals?: FinishedRecord["totals"],
  { title: fullTitle, short, from }: RequestColumns = ofRequests,
): string[] {
  const requests = requestRows(rows);
  const total = totalRow(rows, totals);
  const shown = requests.slice(0, tableRows);
  const numbers = [...shown, ...(total === undefined ? [] : [total])].map((row) => numbersOf(row).slice(from));
  const heads = numberHeads.slice(from);
  const widths = heads.map((head, index) => Math.max(head.length, ...numbers.map((row) => row[index]?.length ?? 0)));
  const room = Math.max(minName, width - widths.reduce((sum, column) => sum + column + gap, 0));
  const names = [...shown.map((row) => oneLine(requestLabel(row))), ...(total === undefined ? [] : ["Total"])];
  // A name's room may be narrow: the unit of the times is cut before a column is.
  const title = room < fullTitle.length ? short : fullTitle;
  const cells = numbers.map((row, index) => {
    const name = cutMiddle(names[index] ?? "", room);
    const failing = from === 0 && row[1] !== "0";
    return [name, ...row.map((cell, column) => (failing && column === 1 ? colors.red(cell) : cell))];
  });
  const [head = "", ...body] = bareTable([title, ...heads], cells);
  if (requests.length > shown.length) {
    body.splice(
      shown.length,
      0,
      `and ${requests.length - shown.length} more in ${from === 0 ? "requests.csv" : "corrected.csv"}`,
    );
  }
  return [colors.bold(head), ...body];
}

/** Lines that a text takes at most: some messages are whole pages. */
const textLines = 3;

function errorLines(lines: FrequentErrors | undefined, colors: Colors): string[] {
  if (lines === undefined) return [];
  const widest = Math.max(...lines.kinds.map(({ count }) => String(count).length));
  const kinds = lines.kinds.flatMap(({ count, text }) => {
    const first = `${String(count).padStart(widest + gap)}  `;
    return wrap(cutMiddle(oneLine(text), (width - first.length - 8) * textLines), first);
  });
  return [colors.bold(colors.yellow(lines.title)), ...kinds, ...(lines.rest === undefined ? [] : [lines.rest])];
}

function numbersOf(row: RequestStats): string[] {
  const known = (value: number | null | undefined) => (row.requests === 0 ? "-" : milliseconds(value));
  return [
    String(row.requests),
    String(row.failures),
    row.rps.toFixed(1),
    known(row.avg),
    known(row.percentiles.p50),
    known(row.percentiles.p95),
    known(row.percentiles.p99),
    known(row.max),
  ];
}

function milliseconds(value: number | null | undefined): string {
  return value === null || value === undefined
    ? "-"
    : String(value > 0 && value < 10 ? Number(value.toFixed(1)) : Math.round(value));
}

function thresholdLines(result: ThresholdResult, colors: Colors, judged = true): string[] {
  const value = result.actual === null ? `has no data: ${result.note ?? "none"}` : `was ${actualText(result)}`;
  const text = `${thresholdText(result)} ${value}`;
  if (!judged) return marked([`${text} (not judged)`], "-", colors.dim);
  return marked([text], result.passed ? "✓" : "✗", result.passed ? colors.green : colors.red);
}

function comparisonLines(comparison: Comparison, colors: Colors): string[] {
  const title = colors.bold(cutMiddle(oneLine(`Compared with ${comparison.before}`), width));
  const warnings = marked(comparison.warnings, "!", colors.yellow);
  return [title, ...comparisonTable(comparison, colors), ...warnings];
}

function loadLines(record: FinishedRecord, colors: Colors): string[] {
  const { integrity } = record;
  if (integrity === null) return marked(["load integrity: unknown"], "✗", colors.red);
  if (!integrity.ok) return marked(integrity.problems, "✗", colors.red);
  const { users, workers, workerCpu, nat, arrivals } = integrity;
  const cpu = Object.values(workerCpu).map(({ max }) => max);
  const peak = cpu.length === 0 ? "" : `, worker CPU at most ${Math.round(Math.max(...cpu) * 100)} %`;
  const count = `${workers.asked} ${workers.asked === 1 ? "worker" : "workers"}`;
  const [mark, paint] = isJudged(record) ? (["✓", colors.green] as const) : (["-", colors.dim] as const);
  const short =
    users.afterRampSeconds > 0
      ? ""
      : ` (the run was too short to judge them: that begins ${usersGraceSeconds} s after the ramp)`;
  const errors = nat && portErrors(nat);
  const ports =
    nat === undefined ? "" : errors === undefined ? ", NAT port errors not known" : `, ${errors} NAT port errors`;
  const starts = arrivals === undefined ? "" : `, ${startsText(arrivals)}`;
  const load = `${users.max} of ${users.asked} users${short}${starts}, ${count}${peak}${ports}`;
  return marked([`load integrity: ${load}`], mark, paint);
}

function clientLines(record: FinishedRecord, colors: Colors): string[] {
  const text = httpUserText(record);
  return text === undefined ? [] : marked([text], "-", colors.dim);
}

const colourOf: Readonly<Record<Verdict, "green" | "red" | "yellow">> = {
  passed: "green",
  failed: "red",
  invalid: "yellow",
  aborted: "yellow",
  error: "red",
};

function verdictLines({ verdict, exitCode, reasons }: FinishedRecord, colors: Colors, withExitCode: boolean): string[] {
  const paint = (text: string) => colors.bold(colors[colourOf[verdict]](text));
  const head = paint(verdict.toUpperCase()) + (withExitCode ? ` (exit code ${exitCode})` : "");
  return [head, ...reasons.flatMap((reason) => wrap(reason, "  "))];
}
