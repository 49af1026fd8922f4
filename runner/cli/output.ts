import { relative } from "node:path";
import type { RunOutcome } from "../engine/plan";
import type { ResultsFolder } from "../results/folder";
import type { FinishedRecord } from "../results/run-record";
import { resultTable } from "../results/table";

/** The record for programs. */
export function toJson(record: FinishedRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** The record for people. */
export function toTable(record: FinishedRecord, outcome: RunOutcome, folder: ResultsFolder): string {
  const colour = process.stdout.isTTY === true;
  return `${resultTable(record, outcome.rows, { colour, folder: relative(".", folder.path) })}\n`;
}

/** Prints a run that has ended, for programs or for people. */
export function printRun({ record, outcome, folder }: PrintedRun, json = false): void {
  process.stdout.write(json ? toJson(record) : toTable(record, outcome, folder));
}

export interface PrintedRun {
  readonly record: FinishedRecord;
  readonly outcome: RunOutcome;
  readonly folder: ResultsFolder;
}
