import { resolve } from "node:path";
import { writeAtomically } from "../results/files";
import type { RunOfFolder } from "../results/read";
import { comparePage } from "../results/report/compare";
import { reportPage } from "../results/report/report";
import type { Comparison } from "../verdict/comparison";

/**
 * Writes the page of a run. A page is written whole or not at all: a ResultsError (one line) says why, and then a
 * former page is still there.
 */
export async function writeReportPage(run: RunOfFolder, file: string): Promise<void> {
  await writeAtomically(resolve(file), reportPage(run));
}

/** Writes the page of two runs laid over each other, as `writeReportPage` does. */
export async function writeComparePage(
  [before, after]: readonly [before: RunOfFolder, after: RunOfFolder],
  comparison: Comparison,
  file: string,
): Promise<void> {
  await writeAtomically(resolve(file), comparePage({ before, after, comparison }));
}
