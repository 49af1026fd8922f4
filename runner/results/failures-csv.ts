import { parse } from "csv-parse/sync";
import type { FailureKind } from "../types";
import { ResultsError } from "./errors";

/** Failures that a record names; `failures.csv` has all. */
const most = 10;

/**
 * Reads the most frequent failures of Locust's `/stats/failures/csv`. Throws a ResultsError (`EFORMAT`) for a text that
 * is torn. Another text has none: a run is not lost by what it says of its failures.
 */
export function frequentFailures(text: string): FailureKind[] {
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
