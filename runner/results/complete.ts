import { existsSync } from "node:fs";
import { join } from "node:path";
import type { LostWorker, RequestStats, Sample } from "../types";
import { createIntegrity } from "../verdict/integrity";
import { evaluateThresholds, thresholdsOf } from "../verdict/thresholds";
import { unansweredWarnings } from "../verdict/unanswered";
import { decide } from "../verdict/verdict";
import { ResultsError, writeError } from "./errors";
import { listFiles, removeLeftovers, writeAtomically } from "./files";
import { toJUnit } from "./junit";
import { readRun, readSeries } from "./read";
import { readRequests } from "./requests";
import { behindWarnings, totalPercentiles, totals } from "./requests-csv";
import type { FinishedRecord, RunningRecord } from "./run-record";
import { writerLives } from "./writer";

/**
 * Finishes the folder of a run whose command was killed: numbers from the last `requests.csv`, load from
 * `series.ndjson`, `endedBy` command-killed; writes `run.json` and `junit.xml`. A finished folder is left alone
 * and its record returned. Throws a ResultsError for a folder that is none, or (`EINUSE`) that is still written.
 */
export async function completeFolder(dir: string): Promise<FinishedRecord> {
  const record = readRun(dir);
  if (record.status === "finished") {
    return record;
  }
  if (writerLives(record.writer)) {
    const { pid } = record.writer;
    throw new ResultsError(`${dir} is still being written: process ${pid} runs this load test`, "EINUSE");
  }
  const warnings = [...record.warnings];
  const finished = rebuild(record, seriesOf(dir, warnings), rowsOf(dir, warnings), warnings);
  try {
    await removeLeftovers(dir);
    await writeAtomically(join(dir, "junit.xml"), toJUnit(finished));
    // The record comes last: until it is there, the folder can be completed again.
    const files = [...new Set([...(await listFiles(dir)), "run.json"])].sort();
    const complete = { ...finished, files };
    await writeAtomically(join(dir, "run.json"), `${JSON.stringify(complete, undefined, 2)}\n`);
    // As who reads it later has it, whatever the order of what was rebuilt.
    const written = readRun(dir);
    return written.status === "finished" ? written : complete;
  } catch (error) {
    throw writeError(dir, error);
  }
}

function rebuild(
  { writer: _, ...record }: RunningRecord,
  samples: readonly Sample[],
  rows: readonly RequestStats[],
  warnings: string[],
): FinishedRecord {
  const integrity = createIntegrity(record.asked);
  for (const sample of samples) {
    integrity.add(sample);
  }
  for (const worker of lostWorkers(record, samples)) {
    integrity.lost(worker);
  }
  for (const worker of record.integrity?.workers.left ?? []) {
    integrity.left(worker);
  }
  const { missing = [], idle = [] } = record.integrity?.users ?? {};
  integrity.explainUsers(missing, idle);
  const load = integrity.report();
  const thresholds = evaluateThresholds(thresholdsOf(record.thresholds), rows);
  const latest = samples.at(-1);
  const { underWay: left = 0, oldestWait: oldestWaitSeconds = 0 } = latest ?? {};
  const unanswered = { cutOff: 0, left, oldestWaitSeconds };
  const loaded = samples.findLast(({ phase }) => phase === "ramp" || phase === "hold");
  return {
    ...record,
    ...decide({ endedBy: "command-killed", thresholds, integrity: load }),
    status: "finished",
    endedBy: "command-killed",
    complete: false,
    endedAt: latest?.time ?? record.startedAt,
    durationSeconds: loaded?.t ?? record.durationSeconds,
    rampSeconds: load.users.reachedAfterSeconds,
    totals: totals(rows, latest),
    unanswered,
    percentiles: totalPercentiles(rows),
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
    if (phase !== "ramp" && phase !== "hold") {
      continue;
    }
    for (const name of seen) {
      if (!(name in workerCpu) && !missing.has(name)) {
        missing.set(name, t);
      }
    }
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
  if (!existsSync(path)) {
    warnings.push("series.ndjson is missing");
    return [];
  }
  return readSeries(path);
}

function rowsOf(dir: string, warnings: string[]): RequestStats[] {
  const rows = readRequests(dir, warnings);
  if (rows === undefined) warnings.push("requests.csv is missing: the command was killed before it was written");
  return rows ?? [];
}
