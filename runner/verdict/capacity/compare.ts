/** What changed from one capacity to another. Pure. */

import { movedText, relativeChange } from "../compare/compare";
import type { RunData } from "../compare/comparison";
import { differences, differenceText } from "../compare/differences";
import { shareText } from "../format";
import type { CapacityReport } from "./report";
import { answerText, levelText, rpsText } from "./words";

/** A run that was a search. */
export interface CapacityRun extends Pick<RunData, "name" | "record"> {
  readonly capacity: CapacityReport;
  /** Those that it was held to, as they were written. */
  readonly thresholds: readonly string[];
}

/**
 * `same`: the intervals overlap. `small`: worse, and within what is allowed. `unclear`: one of the two found no
 * capacity, or only that there is more of it than was tried; or they were held to other thresholds.
 */
export type CapacityChangeKind = "same" | "better" | "small" | "worse" | "unclear";

export interface CapacityComparison {
  readonly before: string;
  readonly after: string;
  /** The relative worsening that is allowed: 0.05. */
  readonly maxRegression: number;
  readonly kind: CapacityChangeKind;
  /** Requests a second; null where none was found. */
  readonly rps: { readonly before: number | null; readonly after: number | null };
  /** Of these; null where it cannot be told. */
  readonly change: number | null;
  /** Sentences: the two answers, and what they make together. */
  readonly texts: readonly string[];
  /** Why the two can hardly be compared. */
  readonly warnings: readonly string[];
}

/**
 * Compares two capacities by their intervals: what overlaps is the same. One whose upper end is not known, as something
 * else than the target was the limit, is only better or worse where its lower end says so.
 */
export function compareCapacities(
  before: CapacityRun,
  after: CapacityRun,
  { maxRegression }: { readonly maxRegression: number },
): CapacityComparison {
  const [from, to] = [before.capacity, after.capacity];
  const [held, nowHeld] = [thresholdsText(before), thresholdsText(after)];
  const isOther = held !== nowHeld;
  const kind = isOther ? "unclear" : kindOf(from, to, maxRegression, isBroken(before) || isBroken(after));
  const change = from.rps === null || to.rps === null ? null : relativeChange(from.rps, to.rps);
  return {
    ...{ before: before.name, after: after.name, maxRegression, kind, change },
    rps: { before: from.rps, after: to.rps },
    texts: [
      `Before: ${answerText(from)}`,
      `After: ${answerText(to)}`,
      isOther ? otherThresholds : conclusion(kind, from, to, change, maxRegression),
    ],
    warnings: [
      ...differences(before.record, after.record),
      ...(isOther ? [differenceText("thresholds", held, nowHeld)] : []),
      ...otherSearch(from, to),
    ],
  };
}

const otherThresholds = "Whether the capacity has changed cannot be told: the two were held to different thresholds.";

/** Their order says nothing. */
function thresholdsText({ thresholds }: CapacityRun): string {
  return [...thresholds].sort().join(", ");
}

/** Whether a run came to no end; one that the workers ended has a lower end of its capacity. */
function isBroken({ record }: CapacityRun): boolean {
  return record.verdict === "error" || record.verdict === "aborted";
}

function kindOf(
  { interval: from, rps: was }: CapacityReport,
  { interval: to, rps: is }: CapacityReport,
  maxRegression: number,
  isWorthless: boolean,
): CapacityChangeKind {
  if (isWorthless || from === null || to === null || was === null || is === null) return "unclear";
  if (from.high !== null && to.low > from.high) return "better";
  if (to.high !== null && to.high < from.low) return 1 - is / was > maxRegression ? "worse" : "small";
  // Two lower ends say nothing of what is above them.
  return from.high === null || to.high === null ? "unclear" : "same";
}

function conclusion(
  kind: CapacityChangeKind,
  from: CapacityReport,
  to: CapacityReport,
  change: number | null,
  maxRegression: number,
): string {
  const values = [rpsText(from.rps ?? 0), rpsText(to.rps ?? 0)] as const;
  const moved = movedText("The capacity", kind === "better", change, values);
  const allowed = `${shareText(maxRegression)} is allowed`;
  switch (kind) {
    case "better":
      return `${moved}.`;
    case "worse":
      return `${moved}; ${allowed}.`;
    case "small":
      return `${moved}, and ${allowed}.`;
    case "same":
      return "The intervals overlap: the capacity is the same, as far as can be told.";
    case "unclear":
      return "Whether the capacity has changed cannot be told: at least one of the two was not found.";
  }
}

function otherSearch({ asked: from }: CapacityReport, { asked: to }: CapacityReport): string[] {
  const parts = [
    ["raised", from.by, to.by],
    ["step time", `${from.stepSeconds} s`, `${to.stepSeconds} s`],
    ["first level", levelText(from.from, from.by), levelText(to.from, to.by)],
    ["most users", limitText(from.maxUsers), limitText(to.maxUsers)],
    ["most requests a second", limitText(from.maxRps), limitText(to.maxRps)],
    ["holds", String(from.holds), String(to.holds)],
    ["precision", shareText(from.precision), shareText(to.precision)],
  ] as const;
  return parts.filter(([, was, is]) => was !== is).map(([what, was, is]) => differenceText(what, was, is));
}

function limitText(limit: number | null): string {
  return limit === null ? "no limit" : String(limit);
}
