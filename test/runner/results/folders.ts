import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { FinishedRecord, RunRecord, Writer } from "../../../runner/results/run-record";
import type { Sample } from "../../../runner/types";
import { finishedRecord } from "./make";

/** A process that has ended, as the writer of a record. */
export function deadWriter(): Writer {
  return { pid: spawnSync("true").pid, host: hostname(), start: null };
}

/** Makes the folder of a run; gives its path. */
export function makeRun(base: string, name: string, record: RunRecord, samples: readonly Sample[] = []): string {
  const path = join(base, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "run.json"), JSON.stringify(record));
  writeFileSync(join(path, "series.ndjson"), samples.map((sample) => `${JSON.stringify(sample)}\n`).join(""));
  return path;
}

/** A finished run that began at this minute of a day. */
export function recordAt(minute: number, more: Partial<FinishedRecord> = {}): FinishedRecord {
  return finishedRecord([], { startedAt: startOf(minute), ...more });
}

export function nameAt(minute: number, script = "script1"): string {
  return `${startOf(minute).replace(/\.\d+|[-:]/g, "")}-${script}`;
}

function startOf(minute: number): string {
  return new Date(Date.UTC(2026, 10, 24, 11, minute, 5)).toISOString();
}
