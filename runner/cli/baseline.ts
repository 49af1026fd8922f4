import { basename } from "node:path";
import { parseShare } from "../../settings/values/share";
import { findRun } from "../results/history";
import { readRunData } from "../results/read";
import { compareRuns } from "../verdict/compare";
import type { Compare } from "./recorder";

export interface BaselineOptions {
  readonly results: string;
  /** A run, as `findRun` finds it. */
  readonly baseline?: string;
  /** `5%`, `0.05` */
  readonly maxRegression: string;
}

/** What a run to come is to be compared with; undefined without a baseline. Throws a UsageError where there is no such. */
export async function baselineOf({ results, baseline, maxRegression }: BaselineOptions): Promise<Compare | undefined> {
  if (baseline === undefined) return undefined;
  const before = await readRunData(findRun(results, baseline).path);
  const allowed = { maxRegression: parseShare(maxRegression) };
  return (record, samples, folder) => compareRuns(before, { name: basename(folder), record, samples }, allowed);
}
