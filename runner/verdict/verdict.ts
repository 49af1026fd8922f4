import { type EndedBy, exitCodes, type Verdict } from "../types";
import type { Place } from "../types/script";
import type { CapacityReport } from "./capacity/report";
import { capacityDecision } from "./capacity/words";
import type { Decision } from "./decision";
import { seconds } from "./format";
import type { IntegrityReport } from "./integrity";
import { inBrackets } from "./script";
import type { ThresholdResult } from "./thresholds";
import { failureText } from "./thresholds";

/** What is known of a run when it has ended. */
export interface Outcome {
  readonly endedBy: EndedBy;
  /** Seconds of load; and seconds that were asked for, undefined where the script or the web UI decides. */
  readonly duration?: number | undefined;
  readonly runTime?: number | undefined;
  /** The line of the script that ended the run, or the file whose rows ran out. */
  readonly scriptEnd?: Place | undefined;
  /** What is wrong with rows that ended the run, without a full stop. */
  readonly dataProblem?: string | undefined;
  /** The exit code that the script has set for itself; null or undefined where it has not. */
  readonly scriptExit?: number | null | undefined;
  /** What went wrong, to follow a colon: for a run that could not start, or lost its master. */
  readonly error?: string | undefined;
  readonly thresholds: readonly ThresholdResult[];
  /** Null where nothing is known of the load, which is never a pass. */
  readonly integrity: IntegrityReport | null;
  /** A sentence, where the target has stopped answering while there was load. */
  readonly silence?: string | undefined;
  /** What a comparison with another run found (see Comparison): sentences. None by default. */
  readonly regressions?: readonly string[] | undefined;
  readonly unclear?: readonly string[] | undefined;
  /** What a search for the capacity has found, as far as it has come. */
  readonly capacity?: CapacityReport | undefined;
}

const errors: Partial<Record<EndedBy, string>> = {
  "master-lost": "Locust's master was lost, and with it what it counted after the last sample.",
  "master-silent": "Locust's master was not heard of any more.",
  "results-unwritable": "The results could not be written.",
  "command-killed": "The command was killed before the run was over; the numbers go up to its last sample.",
  "not-started": "The run could not start.",
};

/**
 * Decides what a run was worth. What kept it from being a run comes first (`error`, `aborted`), then
 * what makes its numbers worthless (`invalid`), then thresholds and regressions (`failed`), then changes of which it
 * cannot be told what they are worth (`invalid`).
 */
export function decide(outcome: Outcome): Decision {
  const {
    endedBy,
    error,
    thresholds,
    integrity,
    regressions = [],
    unclear = [],
    scriptExit,
    silence,
    capacity,
  } = outcome;
  const found = capacity && capacityDecision(capacity);
  const detail = (error ?? "").trim().replace(/\.$/, "");
  const withDetail = (sentence: string) => (detail === "" ? sentence : `${sentence.slice(0, -1)}: ${detail}.`);
  const broken = errors[endedBy];
  if (broken !== undefined) {
    return decision("error", [
      withDetail(broken),
      ...(endedBy === "master-silent" ? [mayHaveTheRest] : []),
      ...(found?.reasons ?? []),
    ]);
  }
  if (endedBy === "interrupt") {
    return decision("aborted", [withDetail("The run was interrupted before it was over."), ...(found?.reasons ?? [])]);
  }
  if (endedBy === "capacity" && found !== undefined) {
    // What the search says of its load itself is in what it has found.
    const problems = found.verdict === "invalid" || integrity === null ? [] : loadProblems(integrity);
    return problems.length === 0 ? found : decision("invalid", [...problems, ...found.reasons]);
  }
  const details = [...(detail === "" ? [] : [`${detail}.`]), ...inOrder(outcome), ...(found?.reasons ?? [])];
  const failed = [
    ...thresholds.filter(({ passed }) => !passed).map(failureText),
    ...(silence === undefined ? [] : [silence]),
    ...regressions.map((sentence) => `Regression: ${sentence}`),
    ...(scriptExit ? [`The script failed the run: it set the exit code ${scriptExit} (process_exit_code).`] : []),
  ];
  const unknown = unclear.map((sentence) => `Unclear: ${sentence}`);
  const invalid = [...unasked(outcome), ...(integrity === null ? [unknownLoad] : loadProblems(integrity))];
  if (invalid.length > 0) {
    return decision("invalid", [...invalid, ...details, ...failed, ...unknown]);
  }
  if (endedBy === "threshold" || failed.length > 0) {
    const early = endedBy === "threshold" ? ["The run was ended early because a threshold was breached."] : [];
    return decision("failed", [...failed, ...early, ...details, ...unknown]);
  }
  if (unknown.length > 0) return decision("invalid", [...unknown, ...details]);
  return decision("passed", details);
}

/** Whether a run came to an end at which its thresholds could be judged. */
export function isJudged({ verdict }: { readonly verdict: Verdict }): boolean {
  return verdict !== "error" && verdict !== "aborted";
}

const mayHaveTheRest = "It may have the rest of the run: loadtest report --wait completes these results from it.";
const unknownLoad = "Nothing is known of the load that was applied.";

/** A script that ends its run and says that all is well has done what it was to do. */
function isDone({ endedBy, scriptExit }: Outcome): boolean {
  return endedBy === "script" && scriptExit === 0;
}

/** An early end that was to be. */
function inOrder(outcome: Outcome): string[] {
  if (isDone(outcome)) return [`${scriptEnd(outcome)}.`];
  if (outcome.endedBy !== "data" || outcome.dataProblem !== undefined) return [];
  return [`The rows of ${outcome.scriptEnd?.file ?? "a file"} ran out, which ended the run${timeText(outcome)}.`];
}

function scriptEnd(outcome: Outcome): string {
  const { file = null, line = null } = outcome.scriptEnd ?? {};
  return `The script ended the run${timeText(outcome)}${inBrackets({ file, line })}`;
}

/** ` after 4 s of 8 s`. */
function timeText({ duration, runTime }: Outcome): string {
  if (duration === undefined) return "";
  return ` after ${seconds(duration)}${runTime === undefined ? "" : ` of ${seconds(runTime)}`}`;
}

function unasked(outcome: Outcome): string[] {
  const less = "less load was applied than asked";
  switch (outcome.endedBy) {
    case "script":
      return isDone(outcome) ? [] : [`${scriptEnd(outcome)}: ${less}.`];
    case "data": {
      const { dataProblem } = outcome;
      return dataProblem === undefined ? [] : [`Rows ended the run${timeText(outcome)}: ${dataProblem}.`];
    }
    case "workers-lost":
      return [`All workers were gone${timeText(outcome)}, so the load ended early.`];
    case "stopped-elsewhere":
      return [`The run was stopped${timeText(outcome)}, in Locust's web UI or by another command: ${less}.`];
    default:
      return [];
  }
}

/** A report that is not ok but names no problem does not pass either. */
function loadProblems({ ok, problems }: IntegrityReport): string[] {
  if (ok && problems.length === 0) return [];
  const [first, ...others] = problems;
  const head = `The load was not what was asked${first === undefined ? "" : `: ${first}`}.`;
  return [head, ...others.map((problem) => `${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`)];
}

function decision(verdict: Verdict, reasons: string[]): Decision {
  return { verdict, exitCode: exitCodes[verdict], reasons };
}
