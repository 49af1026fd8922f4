/** What a worker did in a span of time. Pure arithmetic on what `python/bench_control.py` gives. */

/** Counters of a container, as `python/bench_usage.py` reads them. */
export interface Usage {
  readonly at: number;
  readonly cpu: number;
  readonly periods: number;
  readonly throttled: number;
  readonly memory: number;
  readonly peak: number;
}

/** What one worker process did between two of its reports. */
export interface WindowPart {
  readonly requests: number;
  readonly failures: number;
  /** Response time in ms, as Locust rounds it → requests. */
  readonly times: Readonly<Record<string, number>>;
  readonly from: Usage;
  readonly to: Usage;
}

/** The answer of `POST /bench/window`. */
export interface RawWindow {
  readonly arrived: number;
  readonly parts: readonly WindowPart[];
  readonly target: readonly [Usage, Usage];
}

/** What a pod did in a span of time. */
export interface Window {
  /** Users that were asked for, and that were there. */
  readonly users: number;
  readonly arrived: number;
  readonly seconds: number;
  readonly requests: number;
  readonly failures: number;
  readonly rps: number;
  /** Response times in ms. */
  readonly p50: number;
  readonly p99: number;
  /** Cores that the worker's container used, and its share of scheduling periods in which it was held at its limit. */
  readonly cpu: number;
  readonly throttled: number;
  /** Bytes of the worker's container at the end, and at most since its start. */
  readonly memory: number;
  readonly peak: number;
  /** Cores that the target used. */
  readonly targetCpu: number;
}

/** From this many cores on, a target with one process may be what holds a number down. */
export const targetLimit = 0.9;

/** p99 may be below this many times its unloaded value. */
export const bound = 2;
/** What the waits of `between(1, 3)` are on average, with the answer's time: users → requests a second. */
export const secondsARequest = 2.02;

/** A window without failures, with a p99 below the limit, in which the users came as often as they would. */
export function fitsIn(limit: number) {
  return ({ users, arrived, rps, p99, failures }: Pick<Window, "users" | "arrived" | "rps" | "p99" | "failures">) =>
    arrived === users && failures === 0 && p99 < limit && rps > (users / secondsARequest) * 0.9;
}

/** The response time that a share of requests does not exceed; 0 of none. */
export function percentile(times: Readonly<Record<string, number>>, share: number): number {
  const sorted = Object.entries(times)
    .map(([ms, count]) => [Number(ms), count] as const)
    .sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  let seen = 0;
  for (const [ms, count] of sorted) {
    seen += count;
    // Without the slack, 0.99 of 100 would be a hair above 99.
    if (seen >= total * share - 1e-9) return ms;
  }
  return 0;
}

/** Adds up the processes of a pod. */
export function toWindow(users: number, { arrived, parts, target }: RawWindow): Window {
  const [first] = parts;
  if (first === undefined) throw new Error("no worker has reported anything");
  const times: Record<string, number> = {};
  for (const part of parts) {
    for (const [ms, count] of Object.entries(part.times)) times[ms] = (times[ms] ?? 0) + count;
  }
  const sum = (value: (part: WindowPart) => number) => parts.reduce((total, part) => total + value(part), 0);
  const secondsOf = ({ from, to }: WindowPart) => to.at - from.at;
  // All processes of a pod are in one container.
  const { from, to } = first;
  const periods = to.periods - from.periods;
  return {
    users,
    arrived,
    seconds: round(secondsOf(first), 2),
    requests: sum(({ requests }) => requests),
    failures: sum(({ failures }) => failures),
    rps: round(
      sum((part) => part.requests / secondsOf(part)),
      1,
    ),
    p50: percentile(times, 0.5),
    p99: percentile(times, 0.99),
    cpu: round((to.cpu - from.cpu) / secondsOf(first), 3),
    throttled: periods === 0 ? 0 : round((to.throttled - from.throttled) / periods, 3),
    memory: to.memory,
    peak: to.peak,
    targetCpu: round((target[1].cpu - target[0].cpu) / (target[1].at - target[0].at), 3),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
