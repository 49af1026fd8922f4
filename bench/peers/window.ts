/** What a tool did in a span of time, and what it takes to ask for one. Pure. */
import { percentile } from "../cluster/window";
import type { Sample } from "./target";

/** Users that ask `/` again at once, or that wait 1 to 3 seconds between requests for `/wait`. */
export interface Order {
  readonly kind: "busy" | "calm";
  readonly users: number;
}

/** What a tool says of its own requests. */
export interface Said {
  /** ms; left out where it is of no use. */
  readonly p99?: number;
  readonly failures: number;
}

export interface Window {
  /** Users that were asked for, and that were there. */
  readonly users: number;
  readonly arrived: number;
  readonly seconds: number;
  /** Answers that the target has given, a second. */
  readonly rps: number;
  /** ms, by the tool itself; 0 of users that ask again at once. */
  readonly p99: number;
  readonly failures: number;
  /** Cores that the tool and the target used. */
  readonly cpu: number;
  readonly targetCpu: number;
  /** Cores that all other processes used, or that the machine's host kept from it: a disturbed machine gives low numbers. */
  readonly others: number;
  /** Bytes of the tool's process at the end. */
  readonly memory: number;
}

/** @throws Error where something failed that nothing may fail in */
export type Load = (order: Order) => Promise<Window>;

export function toWindow(users: number, [from, to]: readonly [Sample, Sample], said: Said, arrived = users): Window {
  const seconds = to.at - from.at;
  const [cpu, targetCpu] = [to.cpu - from.cpu, to.targetCpu - from.targetCpu];
  return {
    users,
    arrived,
    seconds: round(seconds, 2),
    // One of the requests between two samples is the second sample's own.
    rps: round((to.requests - from.requests - 1) / seconds, 1),
    p99: round(said.p99 ?? 0, 2),
    failures: said.failures,
    cpu: round(cpu / seconds, 3),
    targetCpu: round(targetCpu / seconds, 3),
    others: round((to.machine - from.machine - cpu - targetCpu) / seconds, 3),
    memory: to.memory,
  };
}

/** The answer of `POST /bench/window`, as far as it is used here. */
export interface RawWindow {
  readonly arrived: number;
  readonly parts: readonly { readonly failures: number; readonly times: Readonly<Record<string, number>> }[];
  readonly target: readonly [Sample, Sample];
}

/** Of a master with one worker. */
export function toLocustWindow(users: number, { arrived, parts, target }: RawWindow): Window {
  const [part] = parts;
  if (part === undefined) throw new Error("the worker has reported nothing");
  return toWindow(users, target, { p99: percentile(part.times, 0.99), failures: part.failures }, arrived);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
