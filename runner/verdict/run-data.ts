import type { Sample, Verdict } from "../types";
import type { AskedLoad } from "./integrity";

/** A run as it is compared with another one: its name, its record (`run.json`) and its series. */
export interface RunData {
  /** Of its folder. */
  readonly name: string;
  readonly record: ComparedRecord;
  readonly samples: readonly Sample[];
}

/** What a comparison looks at of a run's record. */
export interface ComparedRecord {
  readonly verdict: Verdict;
  readonly place: string;
  readonly script: string;
  /** Null where each user class has its own. */
  readonly target: string | null;
  readonly asked: AskedLoad;
  /** Of load. */
  readonly durationSeconds: number;
  readonly totals: { readonly requests: number; readonly failRatio: number; readonly rps: number };
  /** In ms, by name: `p95`. */
  readonly percentiles: Readonly<Record<string, number | null>>;
}
