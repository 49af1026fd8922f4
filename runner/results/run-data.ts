import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { RunData } from "../verdict/run-data";
import { completeFolder } from "./complete";
import { readSeries } from "./read";

/**
 * Reads a run to compare it, after completing one whose command was killed; without a series it has no samples.
 * Throws a ResultsError for a folder that is damaged, or whose run still goes on (`EINUSE`).
 */
export async function readRunData(dir: string): Promise<RunData> {
  const record = await completeFolder(dir);
  const series = join(dir, "series.ndjson");
  return { name: basename(resolve(dir)), record, samples: existsSync(series) ? readSeries(series) : [] };
}
