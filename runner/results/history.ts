import { existsSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { codeOf, messageOf } from "../errors";
import { readError } from "./errors";
import { readRun } from "./read";
import type { FinishedRecord, RunningRecord } from "./run-record";
import { writerLives } from "./writer";

/** A run in a folder of results, as far as it can be read. */
export type RunSummary = {
  /** Of its folder. */
  readonly name: string;
  /** Of its folder, relative where the base is. */
  readonly path: string;
  /** UTC, ISO 8601; of a damaged one from its name, null where that does not say it either. */
  readonly startedAt: string | null;
} & (
  | { readonly state: "finished"; readonly record: FinishedRecord }
  /** `running`: its command lives. `killed`: it does not, and the folder is to be completed. */
  | { readonly state: "running" | "killed"; readonly record: RunningRecord }
  /** `problem` says what is wrong with its record, in a line. */
  | { readonly state: "damaged"; readonly record: null; readonly problem: string }
);

/**
 * Every folder in `base` that has a `run.json`, the newest run first; none where there is no such folder. Damaged ones
 * are among them. Throws a ResultsError where `base` cannot be read.
 */
export function listRuns(base: string): RunSummary[] {
  return namesIn(base)
    .filter((name) => hasRun(join(base, name)))
    .map((name) => summaryOf(join(base, name)))
    .sort((a, b) => compareText(b.startedAt ?? "", a.startedAt ?? "") || compareText(b.name, a.name));
}

/** Is this the folder of a run, damaged or not? */
export function hasRun(path: string): boolean {
  return existsSync(join(path, "run.json"));
}

/** What is known of the run in a folder. */
export function summaryOf(path: string): RunSummary {
  const name = basename(resolve(path));
  try {
    const record = readRun(path);
    const common = { name, path, startedAt: record.startedAt };
    return record.status === "finished"
      ? { ...common, state: "finished", record }
      : { ...common, state: writerLives(record.writer) ? "running" : "killed", record };
  } catch (error) {
    return { name, path, startedAt: startIn(name), state: "damaged", record: null, problem: messageOf(error) };
  }
}

function namesIn(base: string): string[] {
  try {
    return readdirSync(base);
  } catch (error) {
    if (codeOf(error) === "ENOENT") {
      return [];
    }
    throw readError(base, error);
  }
}

/** The time in the name of a folder: `20261124T111205Z-script1`. */
function startIn(name: string): string | null {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(name) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  return parts.length === 0 ? null : `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
