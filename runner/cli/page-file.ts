import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { comparePage } from "../results/page/compare";
import type { PageRun } from "../results/page/head";
import { reportPage } from "../results/page/report";
import { writePage } from "../results/page/write";
import { readRun } from "../results/read";
import { parseRequestsCsv } from "../results/requests-csv";
import { readRunData } from "../results/run-data";
import type { Comparison } from "../verdict/comparison";

/** Writes the page of a run's folder. */
export async function writeReportPage(folder: string, file: string): Promise<void> {
  await writePage(resolve(file), reportPage(await pageRun(folder)));
}

/** Writes the page of two runs' folders. */
export async function writeComparePage(
  folders: readonly [before: string, after: string],
  comparison: Comparison,
  file: string,
): Promise<void> {
  const [before, after] = [await pageRun(folders[0]), await pageRun(folders[1])];
  await writePage(resolve(file), comparePage({ before, after, comparison }));
}

async function pageRun(folder: string): Promise<PageRun> {
  const { name, samples } = await readRunData(folder);
  const record = readRun(folder);
  const csv = join(folder, "requests.csv");
  return { name, record, samples, requests: existsSync(csv) ? parseRequestsCsv(readFileSync(csv, "utf8")) : [] };
}
