import type { LocustStatus, LostWorker, Phase, Sample } from "../types";
import { round } from "../verdict/words";
import { livingWorkers } from "./phase";

/** Makes a line of the series from what the master says. */
export function toSample(status: LocustStatus, phase: Phase, seconds: number, now: Date): Sample {
  const living = livingWorkers(status);
  return {
    t: round(seconds, 3),
    time: now.toISOString(),
    phase,
    users: status.users,
    targetUsers: status.targetUsers,
    workers: living.length,
    rps: round(status.rps, 2),
    failuresPerSecond: round(status.failuresPerSecond, 2),
    requests: status.requests,
    failures: status.failures,
    underWay: status.underWay ?? 0,
    oldestWait: status.oldestWait ?? 0,
    p50: status.p50,
    p95: status.p95,
    p99: status.p99,
    workerCpu: Object.fromEntries(living.map((worker) => [worker.name, round(worker.cpu / worker.cpuLimit, 3)])),
    masterCpu: round(status.master.cpu / status.master.cpuLimit, 3),
  };
}

/** Remembers the workers of a run and says which of them went away. */
export function createRollCall(): (status: LocustStatus, seconds: number) => readonly LostWorker[] {
  const present = new Map<string, LocustStatus["workers"][number]>();
  return (status, seconds) => {
    const here = new Set(status.workers.filter((worker) => worker.state !== "missing").map((worker) => worker.id));
    const lost = [...present].filter(([id]) => !here.has(id));
    for (const [id] of lost) present.delete(id);
    for (const worker of livingWorkers(status)) present.set(worker.id, worker);
    return lost.map(([, { name, underWay = 0 }]) => ({
      ...{ name, t: round(seconds, 1) },
      ...(underWay > 0 ? { underWay } : {}),
    }));
  };
}
