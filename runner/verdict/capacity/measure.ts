/** The numbers of a part of a run: the difference of what was counted at its ends, in the words of `requests.csv`. */

import type { RequestStats } from "../../types";
import type { Counted, Counts } from "../../types/counts";
import { round } from "../format";

/** What was counted between two moments of a run. */
export interface Measured {
  /** As of `requests.csv`, with the one over all requests at the end. */
  readonly rows: readonly RequestStats[];
  /** The same with corrected times; empty without an arrival rate. */
  readonly corrected: readonly RequestStats[];
  /** Between the ends, over all workers on average. */
  readonly seconds: number;
}

const shares: Readonly<Record<string, number>> = {
  ...{ p50: 0.5, p66: 0.66, p75: 0.75, p80: 0.8, p90: 0.9, p95: 0.95, p98: 0.98, p99: 0.99 },
  ...{ "p99.9": 0.999, "p99.99": 0.9999, p100: 1 },
};

/**
 * What was counted from one moment to another. A worker's requests are divided by the time between its own two reports,
 * so that ends that are a little apart for the workers change no rate. Undefined where they are not of one run, or what
 * was counted has been thrown away meanwhile.
 */
export function measure(from: Counts, to: Counts): Measured | undefined {
  if (from.run !== to.run || to.total.requests < from.total.requests) return undefined;
  const before = new Map(from.workers.map((worker) => [worker.id, worker]));
  const spans = to.workers.flatMap(({ id, at, requests }) => {
    const start = before.get(id);
    return start === undefined || at <= start.at
      ? []
      : [{ seconds: at - start.at, requests: requests - start.requests }];
  });
  if (spans.length === 0) return undefined;
  const seconds = spans.reduce((sum, span) => sum + span.seconds, 0) / spans.length;
  const rps = spans.reduce((sum, span) => sum + span.requests / span.seconds, 0);
  return {
    seconds: round(seconds, 3),
    rows: rowsBetween(from, to, rps),
    corrected:
      to.corrected === undefined || from.corrected === undefined ? [] : rowsBetween(from.corrected, to.corrected, rps),
  };
}

function rowsBetween(from: Told, to: Told, rps: number): RequestStats[] {
  const total = difference(to.total, from.total);
  const earlier = new Map(from.requests.map((row) => [keyOf(row), row]));
  const rows = to.requests.map((row) => ({ row, counted: difference(row, earlier.get(keyOf(row))) }));
  const rate = (requests: number) => (total.requests === 0 ? 0 : (rps * requests) / total.requests);
  const row = (method: string, name: string, counted: Counted): RequestStats => ({
    ...{ method, name, ...statsOf(counted) },
    ...{ rps: rate(counted.requests), failuresPerSecond: rate(counted.failures) },
  });
  return [
    ...rows
      .filter(({ counted }) => counted.requests > 0)
      .map(({ row: { method, name }, counted }) => row(method, name, counted)),
    row("", "Aggregated", total),
  ];
}

type Told = Pick<Counts, "total" | "requests">;

/** Locust's rule, in its `stats.py`: the time that this share of the requests took at most, as it rounds. */
export function percentile({ requests, times }: Pick<Counted, "requests" | "times">, share: number): number | null {
  const within = Math.trunc(requests * share);
  let slower = 0;
  for (const [time, count] of slowestFirst(times)) {
    slower += count;
    if (requests - slower <= within) return time;
  }
  return null;
}

/** How many answers took longer than `ms`, or as long where that is too long already. */
export function slowerThan({ times }: Pick<Counted, "times">, ms: number, orAsLong: boolean): number {
  return slowestFirst(times).reduce(
    (sum, [time, count]) => sum + (time > ms || (orAsLong && time === ms) ? count : 0),
    0,
  );
}

/** What was counted since then. */
export function difference(to: Counted, from: Counted | undefined): Counted {
  if (from === undefined) return to;
  const times = Object.entries(to.times).map(([time, count]) => [time, count - (from.times[time] ?? 0)] as const);
  return {
    requests: to.requests - from.requests,
    failures: to.failures - from.failures,
    time: to.time - from.time,
    times: Object.fromEntries(times.filter(([, count]) => count > 0)),
  };
}

export function keyOf({ method, name }: { readonly method: string; readonly name: string }): string {
  return `${method} ${name}`;
}

function slowestFirst(times: Counted["times"]): (readonly [time: number, count: number])[] {
  return Object.entries(times)
    .map(([time, count]) => [Number(time), count] as const)
    .sort(([a], [b]) => b - a);
}

function statsOf(counted: Counted) {
  const { requests, failures, time, times } = counted;
  const known = slowestFirst(times);
  const answers = known.reduce((sum, [, count]) => sum + count, 0);
  const none = requests === 0 || answers === 0;
  return {
    ...{ requests, failures, avg: none ? 0 : time / answers },
    ...{ min: known.at(-1)?.[0] ?? 0, max: known[0]?.[0] ?? 0 },
    percentiles: Object.fromEntries(
      Object.entries(shares).map(([name, share]) => [name, none ? null : percentile(counted, share)]),
    ),
  };
}
