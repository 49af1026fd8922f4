import { hostname } from "node:os";
import type { RunInfo } from "../../../../../runner/places/kubernetes/lock/run-info";

export const startedAt = "2026-11-24T10:15:02.000Z";

/** A run of this process, if nothing else is said. */
export function runInfo(parts: Partial<RunInfo> = {}): RunInfo {
  return {
    ...{ schemaVersion: 1, mode: "run", by: "sam", host: hostname(), pid: process.pid, startedAt },
    ...{
      script: "script1.py",
      users: 20,
      spawnRate: 5,
      runTime: 60,
      target: null,
      thresholds: ["p95<500"],
      workers: 2,
    },
    ...{ stack: "dev", before: { workerReplicas: 2, script: "script1.py" } },
    ...parts,
  };
}
