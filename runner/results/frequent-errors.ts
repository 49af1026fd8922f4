import { requestLabel } from "../verdict/requests";
import { kindText } from "../verdict/script";
import type { RunRecord } from "./run-record";

/** Kinds that a table shows; the record has more, and Locust's CSV files have all. */
const shown = 5;

/** What went wrong in requests or in the script's code, for whoever shows it: texts in full length. */
export interface FrequentErrors {
  readonly title: string;
  readonly kinds: readonly { readonly count: number; readonly text: string }[];
  /** How many are not shown, and where they are; undefined where that is all. */
  readonly rest: string | undefined;
}

/** The most frequent failures of requests; undefined without any. */
export function frequentFailures({ failures = [], totals }: Pick<RunRecord, "failures" | "totals">) {
  const kinds = failures.map((kind) => ({ count: kind.count, text: `${requestLabel(kind)}: ${kind.error}` }));
  return mostFrequent("Failures of requests", kinds, totals.failures, " in failures.csv");
}

/** The most frequent exceptions of the script; undefined without any. */
export function frequentExceptions({ exceptions = { count: 0, kinds: [] } }: Pick<RunRecord, "exceptions">) {
  const { count } = exceptions;
  const title = `The script raised ${count === 1 ? "an exception" : `${count} exceptions`}`;
  const kinds = exceptions.kinds.map((kind) => ({ count: kind.count, text: kindText(kind) }));
  return mostFrequent(title, kinds, count, ": exceptions.csv has those of tasks, logs/ all");
}

function mostFrequent(
  title: string,
  all: FrequentErrors["kinds"],
  total: number,
  where: string,
): FrequentErrors | undefined {
  if (all.length === 0) return undefined;
  const kinds = all.slice(0, shown);
  const rest = total - kinds.reduce((sum, { count }) => sum + count, 0);
  return { title, kinds, rest: rest > 0 ? `and ${rest} more${where}` : undefined };
}
