import type { Counted, Counts } from "../../../../runner/types/counts";
import type { Broke } from "../../../../runner/verdict/capacity/breach";
import {
  type CapacityAsked,
  type CapacityStep,
  capacityReport,
  type Found,
} from "../../../../runner/verdict/capacity/report";

/** What was counted of answers that took so many ms each. */
export function counted(times: readonly number[], failures = 0): Counted {
  const tally: Record<string, number> = {};
  for (const time of times) tally[time] = (tally[time] ?? 0) + 1;
  return { requests: times.length, failures, time: times.reduce((sum, time) => sum + time, 0), times: tally };
}

/** All counted at `at` seconds, of one worker that has answered it all. */
export function countsAt(at: number, total: Counted, change: Partial<Counts> = {}): Counts {
  return { run: 1, workers: [{ id: "a", at, requests: total.requests }], total, requests: [], ...change };
}

export const asked: CapacityAsked = {
  ...{
    by: "users",
    from: 10,
    maxUsers: null,
    maxRps: null,
    maxWorkers: null,
    maxArrivalRate: null,
    maxSeconds: null,
    atLeast: null,
  },
  ...{ stepSeconds: 20, precision: 0.05, holds: 3 },
};

export function stepAt(level: number, change: Partial<CapacityStep> = {}): CapacityStep {
  return {
    ...{ level, purpose: "raise", outcome: "held", why: null, broke: null, t: level, seconds: 20 },
    ...{ rps: level * 10, failRatio: 0, avg: 50, p50: 50, p95: 60, p99: 70, users: level, workers: 2, workerCpu: 0.2 },
    ...change,
  };
}

export const late: Broke = { what: "time", threshold: "p95<100", request: "GET /", text: "p95<100 was 180 ms" };

/** A search whose answer is 40 users, with 400 requests a second. */
export const steps: readonly CapacityStep[] = [
  stepAt(10),
  stepAt(20, { rps: 200 }),
  stepAt(40, { rps: 398, avg: 100 }),
  stepAt(80, { rps: 404, avg: 200, p95: 220, outcome: "broke", broke: { ...late, text: "p95<100 was 220 ms" } }),
  stepAt(42, { rps: 402, avg: 105, p95: 180, outcome: "broke", broke: late, purpose: "narrow" }),
  stepAt(40, { rps: 400, avg: 100, purpose: "repeat" }),
  stepAt(40, { rps: 402, avg: 100, purpose: "repeat" }),
];

export function reportOf(change: Partial<Found> = {}) {
  const found = { asked, steps, level: 40, broke: 42, limit: "target", workers: { count: 2, needed: null } } as const;
  return capacityReport({ ...found, ...change });
}

/** A step that proves nothing. */
export const voidStep = stepAt(80, { outcome: "void", why: "CPU of the busiest worker was 97 % of what it may use" });

/** A search that its workers have ended. */
export const endedByWorkers: Partial<Found> = {
  ...{ limit: "workers", broke: null, steps: [...steps.slice(0, 3), voidStep], workers: { count: 2, needed: 5 } },
};
