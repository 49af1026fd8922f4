import { resolve } from "node:path";
import { writeAtomically } from "../results/files";
import type { RunOfFolder } from "../results/read";
import { compareReport } from "../results/report/compare";
import { runReport } from "../results/report/report";
import type { Comparison } from "../verdict/comparison";

/**
 * Writes the report of a run. A report is written whole or not at all: a ResultsError (one line) says why, and then a
 * former report is still there.
 */
export async function writeRunReport(run: RunOfFolder, file: string): Promise<void> {
  await writeAtomically(resolve(file), runReport(run));
}

/** Writes the report of two runs laid over each other, as `writeRunReport` does. */
export async function writeCompareReport(
  [before, after]: readonly [before: RunOfFolder, after: RunOfFolder],
  comparison: Comparison,
  file: string,
): Promise<void> {
  await writeAtomically(resolve(file), compareReport({ before, after, comparison }));
}
