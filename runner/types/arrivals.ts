/** What Locust reports of the iterations of a run with an arrival rate. */

/** By how many ms iterations started late; null before the first. */
export interface StartLag {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** How far the iterations of a run with an arrival rate are, at one moment of it. */
export interface ArrivalsSample {
  /** As it was asked for: `500`, `50/s:1m 500/s:5m`; it may change in the run. Missing in older plugins. */
  readonly asked?: string;
  /** Seconds from the start of the run to that of the schedule, when all users were there; null before that. */
  readonly began: number | null;
  /** Iterations a second that are asked for now; 0 before and after the schedule. */
  readonly rate: number;
  /** Iterations that were to start by now. */
  readonly due: number;
  /** Of these, as workers said in the last three seconds: those that started, also late; and those no user was free for. */
  readonly started: number;
  readonly dropped: number;
  /** Started more than 10 ms after they were due. */
  readonly late: number;
  /** Iterations that have started and are not over; missing in samples of older versions. */
  readonly underWay?: number;
  /** Users that are in an iteration or wait for one, and not in their `on_start`; missing in older plugins. */
  readonly ready?: number;
  /** Over the last six seconds or so. */
  readonly startedPerSecond: number;
  readonly lag: StartLag;
  /** Response times from when each iteration was due: of the last ten seconds, in ms; null while nothing is answered. */
  readonly corrected: { readonly [Name in "p50" | "p95" | "p99"]: number | null };
}

/** The iterations of a run with an arrival rate, as the master says. */
export interface ArrivalsStatus extends ArrivalsSample {
  readonly asked: string;
  readonly spacing: "even" | "poisson";
  /** Seconds from the start of the run to the end of the schedule; null where nothing is known to end it. */
  readonly ends: number | null;
  /** Due, and without a user yet. */
  readonly waiting: number;
  readonly underWay: number;
}
