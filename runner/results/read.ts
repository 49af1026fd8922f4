import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { codeOf } from "../errors";
import type { LostWorker, RequestStats, Sample } from "../types";
import { Integrity } from "../verdict/integrity";
import { unansweredWarnings } from "../verdict/requests";
import { evaluateThresholds, thresholdsOf } from "../verdict/thresholds";
import { decide } from "../verdict/verdict";
import { listFiles, ResultsError, readText, removeLeftovers, writeAtomically, writeError } from "./files";
import { toJUnit } from "./junit";
import { behindWarnings, correctedTotals, readRequests, totalPercentiles, totals } from "./locust-csv";
import type { FinishedRecord, RunningRecord } from "./run-record";
import { type RunRecord, runRecordSchema } from "./run-record";
import { readSeries } from "./series";
import { writerLives } from "./unfinished";

/** All that a run's folder tells of it. */
export interface RunOfFolder {
  /** Of its folder. */
  readonly name: string;
  readonly record: FinishedRecord;
  /** Empty where there is no series. */
  readonly samples: readonly Sample[];
  /** Rows of `requests.csv`, with the one over all requests at the end; empty where it cannot be read or is not there. */
  readonly requests: readonly RequestStats[];
  /** The same of `corrected.csv`, with times from when each iteration was due. */
  readonly corrected: readonly RequestStats[];
}

/**
 * Reads a run to compare or draw it, after completing one whose command was killed. What could not be read is among
 * the record's warnings. Throws a ResultsError for a folder that is damaged, or whose run still goes on (`EINUSE`).
 */
export async function readRunData(dir: string): Promise<RunOfFolder> {
  const { record, requests, corrected } = await readFinished(dir);
  const series = join(dir, "series.ndjson");
  const samples = existsSync(series) ? readSeries(series) : [];
  return { name: basename(resolve(dir)), record, requests, corrected, samples };
}

/** The record and the requests of a run, after completing one whose command was killed. */
export async function readFinished(dir: string): Promise<Pick<RunOfFolder, "record" | "requests" | "corrected">> {
  const record = await completeFolder(dir);
  const warnings = [...record.warnings];
  const requests = readRequests(dir, warnings) ?? [];
  const corrected = readRequests(dir, warnings, "corrected.csv") ?? [];
  return { record: { ...record, warnings: [...new Set(warnings)] }, requests, corrected };
}

/**
 * Finishes the folder of a run whose command was killed: numbers from the last `requests.csv`, load from
 * `series.ndjson`, `endedBy` command-killed; writes `run.json` and `junit.xml`. A finished folder is left alone
 * and its record returned. Throws a ResultsError for a folder that is none, or (`EINUSE`) that is still written.
 */
export async function completeFolder(dir: string): Promise<FinishedRecord> {
  const record = readRun(dir);
  if (record.status === "finished") return record;
  if (writerLives(record.writer)) {
    const { pid } = record.writer;
    throw new ResultsError(`${dir} is still being written: process ${pid} runs this load test`, "EINUSE");
  }
  const warnings = [...record.warnings];
  const corrected = readRequests(dir, warnings, "corrected.csv") ?? [];
  const finished = rebuild(record, seriesOf(dir, warnings), { rows: rowsOf(dir, warnings), corrected }, warnings);
  try {
    await removeLeftovers(dir);
    await writeAtomically(join(dir, "junit.xml"), toJUnit(finished));
    // The record comes last: until it is there, the folder can be completed again.
    const files = [...new Set([...(await listFiles(dir)), "run.json"])].sort();
    await writeAtomically(join(dir, "run.json"), `${JSON.stringify({ ...finished, files }, undefined, 2)}\n`);
  } catch (error) {
    throw writeError(dir, error);
  }
  return completeFolder(dir);
}

function rebuild(
  { writer: _, ...record }: RunningRecord,
  samples: readonly Sample[],
  { rows, corrected }: Readonly<Record<"rows" | "corrected", readonly RequestStats[]>>,
  warnings: string[],
): FinishedRecord {
  const integrity = new Integrity(record.asked);
  for (const sample of samples) integrity.add(sample);
  for (const worker of lostWorkers(record, samples)) integrity.lost(worker);
  for (const worker of record.integrity?.workers.left ?? []) integrity.left(worker);
  const { missing = [], idle = [] } = record.integrity?.users ?? {};
  integrity.explainUsers(missing, idle);
  const load = integrity.report("command-killed", false);
  const thresholds = evaluateThresholds(thresholdsOf(record.thresholds), rows, corrected);
  const latest = samples.at(-1);
  const { underWay: left = 0, oldestWait: oldestWaitSeconds = 0 } = latest ?? {};
  const unanswered = { cutOff: 0, left, oldestWaitSeconds };
  const loaded = samples.findLast(({ phase }) => phase === "ramp" || phase === "hold");
  return {
    ...record,
    ...decide({
      ...{ endedBy: "command-killed", thresholds, integrity: load },
      capacity: record.capacity,
    }),
    status: "finished",
    endedBy: "command-killed",
    complete: false,
    endedAt: latest?.time ?? record.startedAt,
    durationSeconds: loaded?.t ?? record.durationSeconds,
    rampSeconds: load.users.reachedAfterSeconds,
    totals: totals(rows, latest),
    unanswered,
    percentiles: totalPercentiles(rows),
    ...correctedTotals(corrected),
    thresholds,
    integrity: load,
    warnings: [
      ...new Set([...warnings, ...unansweredWarnings(unanswered), ...load.warnings, ...behindWarnings(rows, latest)]),
    ],
  };
}

/** Those that the record knows of, and those that stopped answering while load was applied. */
function lostWorkers({ integrity }: Pick<RunningRecord, "integrity">, samples: readonly Sample[]): LostWorker[] {
  const known = integrity?.workers.lost ?? [];
  const left = (integrity?.workers.left ?? []).map(({ name }) => name);
  const missing = new Map<string, number>();
  const seen = new Set<string>();
  for (const { t, phase, workerCpu } of samples) {
    if (phase !== "ramp" && phase !== "hold") continue;
    for (const name of seen) if (!(name in workerCpu) && !missing.has(name)) missing.set(name, t);
    for (const name of Object.keys(workerCpu)) {
      seen.add(name);
      missing.delete(name);
    }
  }
  const found = [...missing].map(([name, t]) => ({ name, t }));
  const told = new Set([...left, ...known.map(({ name }) => name)]);
  return [...known, ...found.filter(({ name }) => !told.has(name))];
}

function seriesOf(dir: string, warnings: string[]): Sample[] {
  const path = join(dir, "series.ndjson");
  if (existsSync(path)) return readSeries(path);
  warnings.push("series.ndjson is missing");
  return [];
}

function rowsOf(dir: string, warnings: string[]): RequestStats[] {
  const rows = readRequests(dir, warnings);
  if (rows === undefined) warnings.push("requests.csv is missing: the command was killed before it was written");
  return rows ?? [];
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
  let record: unknown;
  try {
    record = JSON.parse(readText(path));
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new ResultsError(`${dir} is not a results folder: it has no run.json`, "EFORMAT", { cause: error });
    }
    if (error instanceof ResultsError) throw error;
    throw new ResultsError(`${path} is damaged: it is not JSON`, "EFORMAT", { cause: error });
  }
  const version = (record as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === "number" && version > 1) {
    throw new ResultsError(`${path} has version ${version}, and only version 1 is known here`, "EFORMAT");
  }
  return record;
}
