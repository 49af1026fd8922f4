import type { Sample } from "../types";
import { type ComparedMetric, comparedMetrics } from "./comparison";

/** Locust's percentiles in a sample are of about this many seconds before it, and its rps of six of them. */
export const windowSeconds = 10;
/** Seconds that a sample may be off the end of its window: samples come every second. */
const tolerance = 1.5;

/** What a metric was in each window of a run's full load; windows without a value of it are left out. */
export type WindowValues = Readonly<Record<ComparedMetric, readonly number[]>>;

/**
 * Cuts the full load into windows of 10 s that do not overlap. A window without a sample near its start or its end (a
 * gap in the series), or in which requests were taken away (statistics were reset), is left out.
 */
export function windowsOf(samples: readonly Sample[]): WindowValues {
  const marks = windowEnds(samples.filter(({ phase }) => phase === "hold"));
  const windows = marks.slice(1).flatMap((end, index) => {
    const start = marks[index];
    return start === undefined || end === undefined ? [] : [measure(start, end)];
  });
  const valuesOf = (metric: ComparedMetric) => windows.flatMap((window) => window?.[metric] ?? []);
  return Object.fromEntries(comparedMetrics.map((metric) => [metric, valuesOf(metric)])) as unknown as WindowValues;
}

/** The sample at 0, 10, 20, … s of the full load; undefined where there is none. */
function windowEnds(hold: readonly Sample[]): (Sample | undefined)[] {
  const [first] = hold;
  const last = hold.at(-1);
  if (first === undefined || last === undefined) {
    return [];
  }
  const count = Math.floor((last.t - first.t + tolerance) / windowSeconds);
  const marks: (Sample | undefined)[] = Array.from({ length: count + 1 });
  for (const sample of hold) {
    const index = Math.round((sample.t - first.t) / windowSeconds);
    const off = (candidate: Sample) => Math.abs(candidate.t - first.t - index * windowSeconds);
    const found = marks[index];
    if (index <= count && off(sample) <= tolerance && (found === undefined || off(sample) < off(found))) {
      marks[index] = sample;
    }
  }
  return marks;
}

function measure(start: Sample, end: Sample): Record<ComparedMetric, number | null> | undefined {
  const requests = end.requests - start.requests;
  if (requests < 0) {
    return undefined;
  }
  if (requests === 0) {
    // Locust's percentiles of no requests are 0, which is no time.
    return { p50: null, p95: null, p99: null, fail_ratio: null, rps: end.rps };
  }
  return {
    p50: end.p50,
    p95: end.p95,
    p99: end.p99,
    fail_ratio: Math.max(0, end.failures - start.failures) / requests,
    // Not from the difference of the requests: workers report every 3 s, so that 9 or 12 s of them are in 10 s.
    rps: end.rps,
  };
}
