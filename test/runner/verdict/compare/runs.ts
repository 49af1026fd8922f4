import type { Sample } from "../../../../runner/types";
import type { ComparedRecord, RunData } from "../../../../runner/verdict/compare/comparison";
import { roundingStep } from "../../../../runner/verdict/compare/noise";
import { sampleAt } from "../../results/make";

/** What the target did over ten seconds: times in ms. */
export interface Moment {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly rps: number;
  readonly failRatio: number;
}

export const rampSeconds = 10;

/** A response time as Locust keeps it. */
export function rounded(ms: number): number {
  const step = roundingStep(ms);
  return Math.round(ms / step) * step;
}

/** A run of a ramp and of these moments, with a sample a second. */
export function runOf(name: string, moments: readonly Moment[], more: Partial<ComparedRecord> = {}): RunData {
  const samples: Sample[] = [];
  let requests = 0;
  let failures = 0;
  for (let t = 0; t <= rampSeconds + moments.length * 10; t += 1) {
    const moment = moments[Math.max(0, Math.ceil((t - rampSeconds) / 10) - 1)];
    if (moment !== undefined && t > 0) {
      requests += moment.rps;
      failures += moment.rps * moment.failRatio;
    }
    const counts = { requests: Math.round(requests), failures: Math.round(failures) };
    const times = moment && { p50: rounded(moment.p50), p95: rounded(moment.p95), p99: rounded(moment.p99) };
    samples.push(sampleAt(t, { ...counts, ...times, rps: moment?.rps ?? 0 }));
  }
  const average = (key: keyof Moment) => moments.reduce((sum, moment) => sum + moment[key], 0) / moments.length;
  const record: ComparedRecord = {
    verdict: "passed",
    place: "local",
    script: "script1.py",
    target: "http://shop.test",
    asked: { users: 100, spawnRate: 10, workers: 2, shape: null },
    durationSeconds: rampSeconds + moments.length * 10,
    totals: { requests: Math.round(requests), failRatio: requests > 0 ? failures / requests : 0, rps: average("rps") },
    percentiles: {
      p50: rounded(average("p50")),
      p95: rounded(average("p95")),
      p99: rounded(average("p99")),
    },
    ...more,
  };
  return { name, record, samples };
}

/** Numbers from 0 to 1, the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = ((seed + 1) * 7919) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Moments that scatter around these values by a relative standard deviation. */
export function scattered(center: Moment, deviation: number, count: number, random: () => number): Moment[] {
  const around = (value: number) => {
    // A sum of twelve even numbers is close to a normal distribution with a variance of one.
    const normal = Array.from({ length: 12 }, random).reduce((sum, part) => sum + part, -6);
    return Math.max(0, value * (1 + deviation * normal));
  };
  return Array.from({ length: count }, () => ({
    p50: around(center.p50),
    p95: around(center.p95),
    p99: around(center.p99),
    rps: around(center.rps),
    failRatio: around(center.failRatio),
  }));
}

export const usual: Moment = { p50: 42, p95: 310, p99: 780, rps: 50, failRatio: 0.02 };
