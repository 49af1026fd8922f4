import type { Sample, Verdict } from "../../types";
import type { ArrivalsReport } from "../arrivals";
import type { Clients } from "../clients";
import type { AskedLoad } from "../integrity";

/** What changed between two runs, as data: for the terminal, for JSON, for a report. */

/** The numbers that are compared; times in ms, `fail_ratio` from 0 to 1, `rps` per second. */
export const comparedMetrics = [
  ...(["p50", "p95", "p99"] as const),
  /** Where both runs have an arrival rate. */
  ...(["corrected_p50", "corrected_p95", "corrected_p99"] as const),
  ...(["fail_ratio", "rps"] as const),
] as const;
export type ComparedMetric = (typeof comparedMetrics)[number];

/**
 * What a change is worth. `same`: none. `noise`: no larger than what differs between moments of one run, or than the
 * steps in which Locust rounds. `small`: real, for the worse, and within what is allowed. `better`, `worse`: real.
 * `unclear`: beyond what is allowed, and the runs are too short to tell noise, or one is itself worth nothing. `asked`:
 * requests a second of two runs whose arrival rates differ, which say what was asked for and nothing of the target.
 */
export type ChangeKind = "same" | "noise" | "small" | "better" | "worse" | "unclear" | "asked";

export interface MetricChange {
  readonly metric: ComparedMetric;
  /** Over the whole run; null without a request. */
  readonly before: number | null;
  readonly after: number | null;
  /** Relative: 0.08 for 8 % more; null where one side is missing, or before is 0 and after is not. */
  readonly change: number | null;
  /** Half the 95 % interval of the relative change, from the moments of both runs; null where it cannot be told. */
  readonly noise: number | null;
  readonly kind: ChangeKind;
}

export interface Comparison {
  /** Names of the runs: of their folders. */
  readonly before: string;
  readonly after: string;
  /** The relative worsening that is allowed: 0.05. */
  readonly maxRegression: number;
  readonly metrics: readonly MetricChange[];
  /** A sentence for each metric that is `worse`. */
  readonly regressions: readonly string[];
  /** A sentence for each run that proves nothing by its own verdict, and for each metric that is `unclear`. */
  readonly unclear: readonly string[];
  /** Why the two can hardly be compared: other users, another script, a run that was invalid. */
  readonly warnings: readonly string[];
}

/** A run as it is compared with another one: its name, its record (`run.json`) and its series. */
export interface RunData {
  /** Of its folder. */
  readonly name: string;
  readonly record: ComparedRecord;
  readonly samples: readonly Sample[];
}

/** What a comparison looks at of a run's record. */
export interface ComparedRecord extends Clients {
  readonly verdict: Verdict;
  readonly place: string;
  readonly script: string;
  /** Null where each user class has its own. */
  readonly target: string | null;
  readonly asked: AskedLoad;
  /** Rates that were changed in the run. */
  readonly integrity?: { readonly arrivals?: Pick<ArrivalsReport, "changes"> | undefined } | null | undefined;
  /** Of load. */
  readonly durationSeconds: number;
  readonly totals: { readonly requests: number; readonly failRatio: number; readonly rps: number };
  /** In ms, by name: `p95`. */
  readonly percentiles: Readonly<Record<string, number | null>>;
  /** Times from when each iteration was due; missing without an arrival rate. */
  readonly corrected?: { readonly percentiles: Readonly<Record<string, number | null>> } | undefined;
}
