import { readFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../errors";
import type { Sample } from "../types";
import { ResultsError, readError } from "./errors";
import { type RunRecord, runRecordSchema } from "./run-record";

/**
 * Reads a `series.ndjson`. A last line that is torn, as a killed command leaves it, is skipped; one before it
 * is a ResultsError (`EFORMAT`).
 */
export function readSeries(path: string): Sample[] {
  const lines = readText(path).split("\n");
  const last = lines.findLastIndex((line) => line !== "");
  const samples: Sample[] = [];
  for (const [index, line] of lines.slice(0, last + 1).entries()) {
    const sample = toSample(line);
    if (sample !== undefined) {
      samples.push(sample);
    } else if (index < last) {
      throw new ResultsError(`${path} is damaged: line ${index + 1} is not a sample`, "EFORMAT");
    }
  }
  return samples;
}

/** Reads the `run.json` of a results folder. Throws a ResultsError where it is none, or its record is no record. */
export function readRun(dir: string): RunRecord {
  const path = join(dir, "run.json");
  const record = runRecordSchema.safeParse(parseRun(dir, path));
  if (!record.success) {
    const [issue] = record.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
    throw new ResultsError(`${path} is not the record of a run: ${where}${issue?.message ?? "unknown"}`, "EFORMAT");
  }
  return record.data;
}

function parseRun(dir: string, path: string): unknown {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new ResultsError(`${dir} is not a results folder: it has no run.json`, "EFORMAT", { cause: error });
    }
    throw error;
  }
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    throw new ResultsError(`${path} is damaged: it is not JSON`, "EFORMAT", { cause: error });
  }
  const version = (record as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === "number" && version > 1) {
    throw new ResultsError(`${path} has version ${version}, and only version 1 is known here`, "EFORMAT");
  }
  return record;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw readError(path, error);
  }
}

/** Undefined for a line that is torn. */
function toSample(line: string): Sample | undefined {
  try {
    const value = JSON.parse(line);
    return typeof value?.t === "number" && typeof value.phase === "string" ? value : undefined;
  } catch {
    return undefined;
  }
}
