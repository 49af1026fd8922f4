import { relative, resolve } from "node:path";
import type { RunOutcome } from "../engine/plan";
import { writeAtomically } from "../results/files";
import type { ResultsFolder } from "../results/folder";
import { type RunOfFolder, readFinished, readRunData } from "../results/read";
import type { FinishedRecord } from "../results/run-record";
import { resultTable } from "../results/table";
import type { RequestStats } from "../types";

/** A run whose results are on disk. */
export interface KeptRun {
  readonly record: FinishedRecord;
  readonly outcome: RunOutcome;
  readonly folder: ResultsFolder;
}

/** Prints a run that has ended, for programs or for people; `exitCode` is false for a command that gives another. */
export function printRun({ record, outcome, folder }: KeptRun, json = false, exitCode = true): void {
  print(record, outcome.rows, relative(".", folder.path), json, exitCode);
}

/** Shows a run's folder, after completing one whose command was killed; gives the run's exit code. */
export async function reportFolder(
  directory: string,
  { json = false, html }: { readonly json?: boolean; readonly html?: string },
): Promise<number> {
  const { record, requests } =
    html === undefined ? await readFinished(directory) : await writeRunReport(directory, html);
  print(record, requests, directory, json);
  return record.exitCode;
}

/**
 * Writes the HTML report of a run's folder, and gives the run. A report is written whole or not at all: a ResultsError
 * (one line) says why, and then a former report is still there.
 */
export async function writeRunReport(directory: string, file: string): Promise<RunOfFolder> {
  const run = await readRunData(directory);
  const { runReport } = await import("../results/report/report.js");
  await writeAtomically(resolve(file), runReport(run));
  return run;
}

function print(
  record: FinishedRecord,
  rows: readonly RequestStats[],
  folder: string,
  json: boolean,
  exitCode = true,
): void {
  const colour = process.stdout.isTTY === true;
  const text = json ? JSON.stringify(record, undefined, 2) : resultTable(record, rows, { colour, folder, exitCode });
  process.stdout.write(`${text}\n`);
}
