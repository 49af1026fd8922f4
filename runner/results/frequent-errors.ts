import type { FailureKind, Tally } from "../types";
import { requestLabel } from "../verdict/requests";
import { kindText } from "../verdict/script";
import type { RunRecord } from "./run-record";

/** Kinds that a table shows; the record has more, and Locust's CSV files have all. */
const shown = 5;

/** What went wrong in requests and in the script's code, for whoever shows it: texts in full length. */
export interface CodeLines {
  readonly title: string;
  readonly kinds: readonly { readonly count: number; readonly text: string }[];
  /** What is not shown, and where it is; undefined where that is all. */
  readonly rest: string | undefined;
}

/** The most frequent failures of requests; undefined without any. */
export function failureLines({ failures, totals }: Pick<RunRecord, "failures" | "totals">): CodeLines | undefined {
  if (failures === undefined || failures.length === 0) return undefined;
  const kinds = failures.slice(0, shown);
  const rest = totals.failures - kinds.reduce((sum, { count }) => sum + count, 0);
  return {
    title: "Failures of requests",
    kinds: kinds.map((kind) => ({ count: kind.count, text: failureText(kind) })),
    rest: rest > 0 ? `and ${rest} more in failures.csv` : undefined,
  };
}

/** The most frequent exceptions of the script; undefined without any. */
export function exceptionLines({ exceptions }: Pick<RunRecord, "exceptions">): CodeLines | undefined {
  if (exceptions === undefined || exceptions.count === 0) return undefined;
  const kinds = exceptions.kinds.slice(0, shown);
  const rest = exceptions.count - kinds.reduce((sum, { count }) => sum + count, 0);
  return {
    title: exceptionsText(exceptions),
    kinds: kinds.map((kind) => ({ count: kind.count, text: kindText(kind) })),
    rest: rest > 0 ? `and ${rest} more: exceptions.csv has those of tasks, logs/ all` : undefined,
  };
}

function exceptionsText({ count }: Pick<Tally, "count">): string {
  return count === 1 ? "The script raised an exception" : `The script raised ${count} exceptions`;
}

function failureText(kind: FailureKind): string {
  return `${requestLabel(kind)}: ${kind.error}`;
}
