import type { LocustStatus, LostWorker, Phase, Sample, WorkerStatus } from "../types";
import { round } from "../verdict/format";
import { inBrackets } from "../verdict/script";
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
    resets: status.resets ?? 0,
    underWay: status.underWay ?? 0,
    oldestWait: status.oldestWait ?? 0,
    p50: status.p50,
    p95: status.p95,
    p99: status.p99,
    workerCpu: Object.fromEntries(living.map((worker) => [worker.name, round(worker.cpu / worker.cpuLimit, 3)])),
    masterCpu: round(status.master.cpu / status.master.cpuLimit, 3),
  };
}

/** A worker that went away: `left` where it has said goodbye. */
export interface Departure extends LostWorker {
  readonly left: boolean;
}

/** Remembers the workers of a run and says which of them went away. */
export function createRollCall(): (status: LocustStatus, seconds: number) => readonly Departure[] {
  const present = new Map<string, WorkerStatus>();
  return (status, seconds) => {
    const known = new Map(status.workers.map((worker) => [worker.id, worker]));
    const gone = [...present].filter(([id]) => isGone(known.get(id)));
    for (const [id] of gone) present.delete(id);
    for (const worker of livingWorkers(status)) if (!isGone(worker)) present.set(worker.id, worker);
    return gone.map(([id, { name, underWay = 0 }]) => ({
      ...{ name, t: round(seconds, 1), ...departure(known.get(id)) },
      ...(underWay > 0 ? { underWay } : {}),
    }));
  };
}

function isGone(worker: WorkerStatus | undefined): boolean {
  return worker === undefined || worker.state === "missing" || worker.leaving === true;
}

function departure(worker: WorkerStatus | undefined): Pick<Departure, "left" | "cause"> {
  if (worker?.leaving !== true) return { left: false };
  const { endedAt } = worker;
  return { left: true, cause: endedAt ? `the script ended it${inBrackets(endedAt)}` : "it was told to end" };
}
