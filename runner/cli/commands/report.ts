import { resolve } from "node:path";
import { writeAtomically } from "../../results/files";
import { findRun } from "../../results/history";
import { type RunOfFolder, readFinished, readRunData } from "../../results/read";
import type { ReportOptions } from "../options";
import { printRecord } from "../output";

/** `loadtest report RUN`; gives the exit code of the run's verdict. */
export function reportCommand(run: string, options: ReportOptions): Promise<number> {
  return reportFolder(findRun(options.results, run).path, options);
}

/** Shows a run's folder, after completing one whose command was killed; gives the run's exit code. */
export async function reportFolder(
  directory: string,
  { json = false, html }: { readonly json?: boolean; readonly html?: string },
): Promise<number> {
  const { record, requests, corrected } =
    html === undefined ? await readFinished(directory) : await writeRunReport(directory, html);
  printRecord(record, { rows: requests, corrected }, directory, json);
  return record.exitCode;
}

/**
 * Writes the HTML report of a run's folder, and gives the run. A report is written whole or not at all: a ResultsError
 * (one line) says why, and then a former report is still there.
 */
export async function writeRunReport(directory: string, file: string): Promise<RunOfFolder> {
  const run = await readRunData(directory);
  const { runReport } = await import("../../results/report/report.js");
  await writeAtomically(resolve(file), runReport(run));
  return run;
}
