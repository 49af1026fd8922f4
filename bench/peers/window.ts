/** What a tool did in a span of time, and what it takes to ask for one. Pure. */
import { percentile } from "../cluster/window";
import type { Sample } from "./target";

/** Users that ask `/` again at once, or that wait 1 to 3 seconds between requests for `/wait`. */
export interface Order {
  readonly kind: "busy" | "calm";
  readonly users: number;
  /** Of the window. */
  readonly seconds: number;
}

/** What a tool says of its own requests: p99 in ms. */
export interface Said {
  readonly p99: number;
  readonly failures: number;
}

export interface Window {
  /** Users that were asked for, and that were there. */
  readonly users: number;
  readonly arrived: number;
  readonly seconds: number;
  /** Answers that the target has given, a second. */
  readonly rps: number;
  /** ms, and requests that failed, by the tool itself; 0 of Artillery without waits, which is ended before it says so. */
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

export type Load = (order: Order) => Promise<Window>;

/** @param said undefined of a tool that says nothing */
export function toWindow(
  { users }: Order,
  [from, to]: readonly [Sample, Sample],
  said: Said | undefined,
  arrived = users,
): Window {
  const seconds = to.at - from.at;
  const [cpu, targetCpu] = [to.cpu - from.cpu, to.targetCpu - from.targetCpu];
  return {
    users,
    arrived,
    seconds: round(seconds, 2),
    // One of the requests between two samples is the second sample's own.
    rps: round((to.requests - from.requests - 1) / seconds, 1),
    p99: round(said?.p99 ?? 0, 2),
    failures: said?.failures ?? 0,
    cpu: round(cpu / seconds, 3),
    targetCpu: round(targetCpu / seconds, 3),
    // Counters of hundredths of a second, which are read one after the other.
    others: Math.max(0, round((to.machine - from.machine - cpu - targetCpu) / seconds, 3)),
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
export function toLocustWindow(order: Order, { arrived, parts, target }: RawWindow): Window {
  const [part] = parts;
  if (part === undefined) throw new Error("the worker has reported nothing");
  return toWindow(order, target, { p99: percentile(part.times, 0.99), failures: part.failures }, arrived);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
