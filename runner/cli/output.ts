import { relative } from "node:path";
import type { RunOutcome } from "../engine/plan";
import type { ResultsFolder } from "../results/folder";
import type { FinishedRecord } from "../results/run-record";
import { resultTable } from "../results/tables/table";
import type { RequestStats } from "../types";
import type { Outcome } from "../verdict/verdict";

/** A run whose results are on disk. */
export interface SavedRun {
  readonly record: FinishedRecord;
  readonly outcome: RunOutcome;
  readonly folder: ResultsFolder;
  /** What its comparison with another run has found, as the verdict has it. */
  readonly compared?: Pick<Outcome, "regressions" | "unclear"> | undefined;
}

/** Prints a run that has ended, for programs or for people; `exitCode` is false for a command that gives another. */
export function printRun({ record, outcome, folder }: SavedRun, json = false, exitCode = true): void {
  const { rows, corrected = [] } = outcome;
  printRecord(record, { rows, corrected }, relative(".", folder.path), json, exitCode);
}

/** The same with its parts; `folder` as people are shown it. */
export function printRecord(
  record: FinishedRecord,
  { rows, corrected }: Readonly<Record<"rows" | "corrected", readonly RequestStats[]>>,
  folder: string,
  json: boolean,
  exitCode = true,
): void {
  const colour = process.stdout.isTTY === true;
  const text = json
    ? JSON.stringify(record, undefined, 2)
    : resultTable(record, rows, { colour, folder, exitCode, corrected });
  process.stdout.write(`${text}\n`);
}
