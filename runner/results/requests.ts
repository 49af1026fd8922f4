import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RequestStats } from "../types";
import { ResultsError } from "./errors";
import { parseRequestsCsv } from "./requests-csv";

/**
 * Reads `requests.csv` of a run's folder, with the row over all requests at the end; undefined where there is none.
 * Where it is damaged there are no rows and one more warning: that is no reason to show nothing of the run.
 */
export function readRequests(dir: string, warnings: string[]): RequestStats[] | undefined {
  const path = join(dir, "requests.csv");
  if (!existsSync(path)) return undefined;
  try {
    return parseRequestsCsv(readFileSync(path, "utf8"));
  } catch (error) {
    if (!(error instanceof ResultsError)) throw error;
    warnings.push(error.message);
    return [];
  }
}
