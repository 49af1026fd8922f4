import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FinishedRecord, RunningRecord } from "../../../runner/results/run-record";
import { currentWriter, unfinished } from "../../../runner/results/unfinished";
import type { RequestStats, Sample } from "../../../runner/types";
import type { ChangeKind, Comparison } from "../../../runner/verdict/compare/comparison";
import { Integrity, type IntegrityReport } from "../../../runner/verdict/integrity";
import { withNat } from "../../../runner/verdict/nat";
import { evaluateThresholds } from "../../../runner/verdict/thresholds";
import { decide } from "../../../runner/verdict/verdict";
import { parseThreshold } from "../../../settings/values/threshold";

/** A new temporary folder; whoever asks for it deletes it. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "results-test-"));
}

export function sampleAt(t: number, more: Partial<Sample> = {}): Sample {
  return {
    t,
    time: new Date(Date.UTC(2026, 10, 24, 11, 12, 5) + t * 1000).toISOString(),
    phase: t < 10 ? "ramp" : "hold",
    users: Math.min(100, (t + 1) * 10),
    targetUsers: 100,
    workers: 2,
    rps: 50,
    failuresPerSecond: 0,
    requests: Math.round(t * 50),
    failures: 0,
    p50: 3,
    p95: 8,
    p99: 12,
    workerCpu: { "worker-1": 0.3, "worker-2": 0.4 },
    masterCpu: 0.02,
    ...more,
  };
}

export function rowOf(method: string, name: string, more: Partial<RequestStats> = {}): RequestStats {
  return {
    method,
    name,
    requests: 3000,
    failures: 6,
    rps: 50.25,
    failuresPerSecond: 0.1,
    avg: 4.4,
    min: 1,
    max: 95,
    percentiles: {
      ...{ p50: 3, p66: 4, p75: 5, p80: 5, p90: 6, p95: 8, p98: 10 },
      ...{ p99: 12, "p99.9": 60, "p99.99": 95, p100: 95 },
    },
    ...more,
  };
}

export const rows: readonly RequestStats[] = [
  rowOf("GET", "/"),
  rowOf("POST", "/basket", { requests: 1000, failures: 60 }),
  rowOf("", "Aggregated", { requests: 4000, failures: 66 }),
];

export function goodLoad(): IntegrityReport {
  const integrity = new Integrity({ users: 100, spawnRate: 10, workers: 2, shape: null });
  for (let t = 0; t <= 60; t += 1) {
    integrity.add(sampleAt(t));
  }
  return integrity.report();
}

/** A good load through two NAT gateways of which one had no port for some connections. */
export function natLoad(portErrors = 7, missingMinutes = 0): IntegrityReport {
  const gateways = [
    { id: "nat-1", portErrors, droppedPackets: 0, mostConnections: 54_321 },
    { id: "nat-2", portErrors: 0, droppedPackets: 0, mostConnections: null },
  ];
  const times = { from: "2026-11-24T11:12:00.000Z", to: "2026-11-24T11:14:00.000Z" };
  return withNat(goodLoad(), { ...times, missingMinutes, gateways }, "invalid");
}

const common = {
  schemaVersion: 1,
  warnings: [],
  place: "local",
  stack: "dev",
  script: "script1.py",
  target: "http://localhost:8080",
  startedAt: "2026-11-24T11:12:05.000Z",
  durationSeconds: 60,
  rampSeconds: 10,
  asked: { users: 100, spawnRate: 10, workers: 2, shape: null },
  settings: { users: 100, thresholds: ["p95<500"], runTime: "1m" },
  versions: { loadtest: "0.1.0", locust: "2.47.0", python: "3.11.2", node: "v20.20.2" },
  totals: { requests: 4000, failures: 66, failRatio: 0.0165, rps: 66, failuresPerSecond: 1, avg: 4, min: 1, max: 95 },
  percentiles: { p50: 3, p95: 8 },
  integrity: null,
  files: ["requests.csv", "run.json", "series.ndjson"],
} as const;

export function runningRecord(thresholds: readonly string[] = []): RunningRecord {
  return {
    ...common,
    status: "running",
    ...unfinished,
    endedBy: null,
    endedAt: null,
    thresholds: evaluateThresholds(thresholds.map(parseThreshold), []),
    writer: currentWriter(),
  };
}

/** A comparison in which p95 did this; the other metrics did not change. */
export function comparisonOf(kind: ChangeKind, more: Partial<Comparison> = {}): Comparison {
  const sentence = "p95 rose by 25 %, from 8 ms to 10 ms; 5 % is allowed.";
  return {
    before: "20261123T111205Z-script1",
    after: "20261124T111205Z-script1",
    maxRegression: 0.05,
    metrics: [
      { metric: "p50", before: 3, after: 3, change: 0, noise: 0.02, kind: "same" },
      { metric: "p95", before: 8, after: 10, change: 0.25, noise: 0.0312, kind },
      { metric: "p99", before: 12, after: null, change: null, noise: null, kind: "same" },
      { metric: "fail_ratio", before: 0, after: 0.0165, change: null, noise: null, kind: "noise" },
      { metric: "rps", before: 66.123, after: 64.4, change: -0.0261, noise: 0.041, kind: "noise" },
    ],
    regressions: kind === "worse" ? [sentence] : [],
    unclear: kind === "unclear" ? [sentence] : [],
    warnings: [],
    ...more,
  };
}

/** The record of a run with a good load whose verdict is decided from `rows`; without thresholds, not even the default. */
export function finishedRecord(thresholds: readonly string[] = [], more: Partial<FinishedRecord> = {}): FinishedRecord {
  const results = thresholds.length === 0 ? [] : evaluateThresholds(thresholds.map(parseThreshold), rows);
  const integrity = more.integrity === undefined ? goodLoad() : more.integrity;
  const endedBy = more.endedBy ?? "run-time";
  return {
    ...common,
    status: "finished",
    ...decide({ endedBy, thresholds: results, integrity, ...more.comparison }),
    endedBy,
    endedAt: "2026-11-24T11:13:05.000Z",
    complete: true,
    thresholds: results,
    integrity,
    ...more,
  };
}
