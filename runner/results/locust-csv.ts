import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import type { FailureKind, RequestStats, Sample } from "../types";
import { totalRow } from "../verdict/requests";
import { ResultsError } from "./files";

/** The numbers over all requests; times in ms. Zeros where there were no requests. */
export interface Totals {
  readonly requests: number;
  readonly failures: number;
  /** From 0 to 1. */
  readonly failRatio: number;
  readonly rps: number;
  readonly failuresPerSecond: number;
  readonly avg: number;
  readonly min: number;
  readonly max: number;
}

/** The columns that are read, by the name that RequestStats gives them. */
const columns = {
  requests: "Request Count",
  failures: "Failure Count",
  rps: "Requests/s",
  failuresPerSecond: "Failures/s",
  avg: "Average Response Time",
  min: "Min Response Time",
  max: "Max Response Time",
} as const;

/**
 * Reads Locust's `/stats/requests/csv`. A script may choose the percentiles; all that are there are taken.
 * Throws a ResultsError (`EFORMAT`) for any other text, also one that ends before the row over all requests.
 */
export function parseRequestsCsv(text: string): RequestStats[] {
  const [header = [], ...cells] = readCells(text);
  const missing = ["Type", "Name", ...Object.values(columns)].filter((column) => !header.includes(column));
  if (missing.length > 0) throw unusable(`it has no column ${missing.join(", ")}`);
  const rows = cells.map((row) => toStats(new Map(header.map((column, index) => [column, row[index] ?? ""]))));
  if (totalRow(rows) === undefined) throw unusable("its last row is not the one over all requests");
  return rows;
}

/** The numbers over all requests. @param latest counts more where its master was lost before it gave later rows */
export function totals(rows: readonly RequestStats[], latest?: Sample): Totals {
  const counts = latest !== undefined && isBehind(rows, latest) ? countsOf(latest) : {};
  const known = { ...noRequests, ...totalRow(rows), ...counts };
  const { requests, failures, rps, failuresPerSecond, avg, min, max } = known;
  const failRatio = requests > 0 ? failures / requests : 0;
  return { requests, failures, failRatio, rps, failuresPerSecond, avg, min, max };
}

const noRequests = { requests: 0, failures: 0, rps: 0, failuresPerSecond: 0, avg: 0, min: 0, max: 0 };

/** Says which numbers are of fewer requests than were counted, where that is so. */
export function behindWarnings(rows: readonly RequestStats[], latest: Sample | undefined): string[] {
  if (latest === undefined || !isBehind(rows, latest)) return [];
  const known = totalRow(rows)?.requests ?? 0;
  return [`requests.csv has ${known} of the ${latest.requests} requests: times and names of the others are not known`];
}

function isBehind(rows: readonly RequestStats[], { requests }: Sample): boolean {
  return requests > (totalRow(rows)?.requests ?? 0);
}

function countsOf({ t, requests, failures }: Sample) {
  const time = Math.max(t, 1);
  return { requests, failures, rps: requests / time, failuresPerSecond: failures / time };
}

/** The percentiles over all requests, by name (`p50`), in ms; null without a request. */
export function totalPercentiles(rows: readonly RequestStats[]): Record<string, number | null> {
  return { ...totalRow(rows)?.percentiles };
}

/** The part of a record with the corrected times over all requests; empty without any. */
export function correctedTotals(corrected: readonly RequestStats[]): { readonly corrected?: Corrected } {
  const total = totalRow(corrected);
  if (total === undefined || total.requests === 0) return {};
  const { avg, min, max, percentiles } = total;
  return { corrected: { avg, min, max, percentiles } };
}

/** Response times from when each iteration was due, over all requests, in ms; percentiles by name (`p50`). */
export interface Corrected extends Pick<Totals, "avg" | "min" | "max"> {
  readonly percentiles: Readonly<Record<string, number | null>>;
}

function readCells(text: string): string[][] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true });
  } catch (error) {
    throw new ResultsError("requests.csv is not what Locust writes: it is torn or damaged", "EFORMAT", {
      cause: error,
    });
  }
}

function toStats(row: ReadonlyMap<string, string>): RequestStats {
  const percentiles = [...row]
    .filter(([column]) => /^[\d.]+%$/.test(column))
    .map(([column, cell]) => [`p${column.slice(0, -1)}`, cell === "N/A" ? null : toNumber(column, cell)] as const);
  const numbers = Object.entries(columns).map(
    ([key, column]) => [key, toNumber(column, row.get(column) ?? "")] as const,
  );
  return {
    method: row.get("Type") ?? "",
    name: row.get("Name") ?? "",
    ...(Object.fromEntries(numbers) as Record<keyof typeof columns, number>),
    percentiles: Object.fromEntries(percentiles),
  };
}

function toNumber(column: string, cell: string): number {
  const value = Number(cell);
  if (cell.trim() === "" || !Number.isFinite(value)) {
    throw unusable(`${JSON.stringify(cell)} in column ${column} is not a number`);
  }
  return value;
}

function unusable(why: string): ResultsError {
  return new ResultsError(`requests.csv is not what Locust writes: ${why}`, "EFORMAT");
}

/** Failures that a record names; `failures.csv` has all. */
const most = 10;

/**
 * Reads the most frequent failures of Locust's `/stats/failures/csv`. Throws a ResultsError (`EFORMAT`) for a text that
 * is torn. Another text has none: a run is not lost by what it says of its failures.
 */
export function parseFailuresCsv(text: string): FailureKind[] {
  let rows: Record<string, string>[];
  try {
    rows = parse(text, { bom: true, columns: true, skip_empty_lines: true });
  } catch (error) {
    throw new ResultsError("failures.csv is not what Locust writes: it is torn or damaged", "EFORMAT", {
      cause: error,
    });
  }
  return rows
    .map(({ Method = "", Name = "", Error: error = "", Occurrences }) => {
      return { method: Method, name: Name, error, count: Number(Occurrences) };
    })
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, most);
}

/**
 * Reads `requests.csv` of a run's folder, with the row over all requests at the end; undefined where there is none.
 * So is `corrected.csv`, with times from when each iteration was due.
 * Where it is damaged there are no rows and one more warning: that is no reason to show nothing of the run.
 */
export function readRequests(
  dir: string,
  warnings: string[],
  name: "requests.csv" | "corrected.csv" = "requests.csv",
): RequestStats[] | undefined {
  const path = join(dir, name);
  if (!existsSync(path)) return undefined;
  try {
    return parseRequestsCsv(readFileSync(path, "utf8"));
  } catch (error) {
    if (!(error instanceof ResultsError)) throw error;
    warnings.push(error.message.replace("requests.csv", name));
    return [];
  }
}
