import type { RequestStats, Sample } from "../types";
import { seconds } from "./format";

/**
 * The row over all requests, or undefined where it is missing.
 * It is the last row and has no method: a request that a user calls "Aggregated" is neither.
 *
 * @param known what is known of all requests elsewhere, and holds where it is more
 */
export function totalRow(
  rows: readonly RequestStats[],
  known?: Pick<RequestStats, "requests"> & Partial<RequestStats>,
): RequestStats | undefined {
  const last = rows.at(-1);
  if (last?.method !== "" || last.name !== "Aggregated") return undefined;
  return known !== undefined && known.requests > last.requests ? { ...last, ...known } : last;
}

/** The rows of single requests, in Locust's order. */
export function requestRows(rows: readonly RequestStats[]): readonly RequestStats[] {
  return totalRow(rows) === undefined ? rows : rows.slice(0, -1);
}

/** Reports show at most this many names of requests, the most frequent; CSV files have all. */
export const mostNames = 500;

/** The most frequent of too many, in the order in which they are. */
export function mostFrequent<T>(rows: readonly T[], count: (row: T) => number): readonly T[] {
  if (rows.length <= mostNames) return rows;
  const counted = rows.map((row, index) => ({ index, count: count(row) }));
  const kept = counted.sort((a, b) => b.count - a.count || a.index - b.index).slice(0, mostNames);
  return kept.sort((a, b) => a.index - b.index).flatMap(({ index }) => rows[index] ?? []);
}

/** What people call a request: `GET /path`; its name alone where it has no method. */
export function requestLabel({ method, name }: Pick<RequestStats, "method" | "name">): string {
  return method === "" ? name : `${method} ${name}`;
}

/** What is known of the requests of a run that got no answer. */
export interface Unanswered {
  /** Cut off when the grace after the end was over: they are among the failures. */
  readonly cutOff: number;
  /** Under way when the run was last heard of, and in no total. */
  readonly left: number;
  /** Seconds for which the oldest of these had waited. */
  readonly oldestWaitSeconds: number;
}

/** The shortest time without any answer, in seconds, that is told; and how much longer it is than the slowest answers. */
const silence = { seconds: 5, timesSlowest: 2 };

/** Sees, from a run's samples, that the target has stopped answering while there was load. */
export class AnswerWatch {
  private last: Sample | undefined;
  private answeredAt = 0;
  /** The highest p99, in ms. */
  private slowest = 0;

  /** Samples of every phase, in order. */
  add(sample: Sample): void {
    if (sample.phase !== "ramp" && sample.phase !== "hold") return;
    if (sample.requests !== (this.last?.requests ?? 0)) this.answeredAt = sample.t;
    this.slowest = Math.max(this.slowest, sample.p99 ?? 0);
    this.last = sample;
  }

  /** A sentence; undefined where answers came to the end, or in the grace after it. @param cutOff as in Unanswered */
  report(cutOff: number): string | undefined {
    const { t = 0, underWay = 0 } = this.last ?? {};
    const silent = t - this.answeredAt;
    const isLong = silent >= silence.seconds && silent * 1000 > silence.timesSlowest * this.slowest;
    if (!isLong || underWay === 0 || cutOff < underWay) return undefined;
    const time = `${Math.round(silent)} s of ${Math.round(t)} s`;
    return `The target answered nothing in the last ${time}, with ${count(underWay)} under way.`;
  }
}

/** Says so, where there were any. */
export function unansweredWarnings({ cutOff, left, oldestWaitSeconds }: Unanswered): string[] {
  return [
    ...(cutOff === 0
      ? []
      : [`${count(cutOff)} had no answer when the grace after the end was over: ${are(cutOff, "counted")} as failed`]),
    ...(left === 0
      ? []
      : [
          `${count(left)} ${left === 1 ? "was" : "were"} under way at the end, ` +
            `the oldest for ${seconds(oldestWaitSeconds)}: ${are(left, "in no total")}`,
        ]),
  ];
}

function count(requests: number): string {
  return `${requests} ${requests === 1 ? "request" : "requests"}`;
}

function are(requests: number, what: string): string {
  return requests === 1 ? `it is ${what}` : `they are ${what}`;
}
