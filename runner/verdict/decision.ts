import type { Verdict } from "../types";

/** The end of a run in one word, its exit code, and sentences that say why: the most important first. */
export interface Decision {
  readonly verdict: Verdict;
  /** That of `exitCodes` for the verdict. */
  readonly exitCode: number;
  /** Empty for a run that passed. */
  readonly reasons: string[];
}
