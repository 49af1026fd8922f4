import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { RequestStats, Sample } from "../types";
import { completeFolder } from "./complete";
import { readSeries } from "./read";
import { readRequests } from "./requests";
import type { FinishedRecord } from "./run-record";

/** All that a run's folder tells of it. */
export interface RunOfFolder {
  /** Of its folder. */
  readonly name: string;
  readonly record: FinishedRecord;
  /** Empty where there is no series. */
  readonly samples: readonly Sample[];
  /** Rows of `requests.csv`, with the one over all requests at the end; empty where it cannot be read or is not there. */
  readonly requests: readonly RequestStats[];
}

/**
 * Reads a run to compare or draw it, after completing one whose command was killed. What could not be read is among
 * the record's warnings. Throws a ResultsError for a folder that is damaged, or whose run still goes on (`EINUSE`).
 */
export async function readRunData(dir: string): Promise<RunOfFolder> {
  const { record, requests } = await readFinished(dir);
  const series = join(dir, "series.ndjson");
  return { name: basename(resolve(dir)), record, requests, samples: existsSync(series) ? readSeries(series) : [] };
}

/** The record and the requests of a run, after completing one whose command was killed. */
export async function readFinished(dir: string): Promise<Pick<RunOfFolder, "record" | "requests">> {
  const record = await completeFolder(dir);
  const warnings = [...record.warnings];
  const requests = readRequests(dir, warnings) ?? [];
  return { record: { ...record, warnings: [...new Set(warnings)] }, requests };
}
