import { relative } from "node:path";
import type { RunOutcome } from "../engine/plan";
import type { ResultsFolder } from "../results/folder";
import type { FinishedRecord } from "../results/run-record";
import { resultTable } from "../results/table";

/** The record for programs. */
export function toJson(record: FinishedRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** Prints a run that has ended, for programs or for people; `exitCode` is false for a command that gives another. */
export function printRun({ record, outcome, folder }: KeptRun, json = false, exitCode = true): void {
  const colour = process.stdout.isTTY === true;
  const table = () => resultTable(record, outcome.rows, { colour, folder: relative(".", folder.path), exitCode });
  process.stdout.write(json ? toJson(record) : `${table()}\n`);
}

/** A run whose results are on disk. */
export interface KeptRun {
  readonly record: FinishedRecord;
  readonly outcome: RunOutcome;
  readonly folder: ResultsFolder;
}
