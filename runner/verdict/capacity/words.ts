/** What the capacity of a target is, in sentences; and its verdict. */
import { exitCodes } from "../../types";
import type { Decision } from "../decision";
import { percent, short } from "../format";
import { type CapacityLimit, type CapacityReport, type CapacityStep, insideOf, type LoadUnit } from "./report";

/** `40 users`, `250 arrivals/s`. */
export function levelText(level: number, by: LoadUnit): string {
  if (by === "arrivals") return `${short(level)} arrivals/s`;
  return `${short(level)} ${level === 1 ? "user" : "users"}`;
}

/** What became of a step: `held`, or why it did not. */
export function outcomeText({ outcome, why, broke, workerDelay }: CapacityStep): string {
  if (outcome === "held") return "held";
  if (workerDelay !== undefined) return `no proof: blocked for ${short(workerDelay)} ms`;
  if (outcome === "beyond") return `left: ${why}`;
  return outcome === "broke" ? `broke: ${broke?.text ?? "unknown"}` : `no proof: ${why}`;
}

export const rpsText = (rps: number): string => `${short(rps)} requests/s`;

/** The answer in a sentence. */
export function answerText(report: CapacityReport): string {
  const { asked, level, broke, rps, interval, limit } = report;
  if (level === null || rps === null || interval === null) {
    if (broke === null) return "Nothing was measured that proves anything.";
    return `Not even ${levelText(broke, asked.by)} held: ${report.first?.text ?? "it broke"}.`;
  }
  const at = `${rpsText(rps)} at ${levelText(level, asked.by)}`;
  if (limit === null) return `So far: ${at} held.`;
  if (interval.high === null) return `The target takes at least ${at}.`;
  const range = `95 % interval ${short(interval.low)} to ${short(interval.high)}`;
  const beyond = broke === null ? "more load gives no more" : `${levelText(broke, asked.by)} are too many`;
  return `The capacity is ${at} (${range}; ${beyond}).`;
}

/** What else there is to say: what broke first, the knee, and who was the limit. */
export function detailTexts(report: CapacityReport): string[] {
  const { asked, first, knee, level } = report;
  return [
    ...(first === null || level === null ? [] : [`First to break: ${first.text}.`]),
    ...(knee === null
      ? []
      : [
          `The knee is at ${levelText(knee.level, asked.by)}${isLowest(knee.level, report) ? " or below" : ""}: ` +
            `${rpsText(knee.rps)} with ${short(knee.avg)} ms on average.`,
        ]),
    ...limitTexts(report),
  ];
}

/** Of the levels that were measured: what is below it nobody knows. */
function isLowest(level: number, { steps }: CapacityReport): boolean {
  return steps.every((step) => step.level >= level);
}

/** Who was the limit, in a sentence; nothing for a search that goes on. */
export function limitTexts(report: CapacityReport): string[] {
  const { limit, asked, steps, workers } = report;
  const proven = steps.filter(({ outcome }) => outcome !== "void");
  const cpu = proven.flatMap(({ workerCpu }) => workerCpu ?? []);
  const used =
    cpu.length === 0
      ? ""
      : `: the busiest of ${workers.count} used, or waited for, ${percent(Math.max(...cpu))} of its CPU at most`;
  const last = steps.findLast(({ outcome }) => outcome === "void");
  const because = last ? `${last.why}, at ${levelText(last.level, asked.by)}` : "the load was not what was asked";
  const texts: Readonly<Record<CapacityLimit, string>> = {
    target: `The target was the limit, not the workers${used}.`,
    flat: `The target was the limit, not the workers${used}: more load gave no more throughput, and broke nothing.`,
    cap: `${capText(asked)} ended the search, not the target.`,
    workers:
      `The workers were the limit, not the target: ${because}. ` +
      `To go on takes about ${workers.needed} workers (--max-workers ${workers.needed}).`,
    load: `The search could not go on: ${because}.`,
    time: `The time of the search was over (--max-run-time ${asked.maxSeconds}), before its answer was sure.`,
    dead:
      `The target has not recovered from ${levelText(report.broke ?? 0, asked.by)}, though it had less for a while: ` +
      "the search ended there.",
    script: `The script was the limit, not the target: ${scriptText(report)}.`,
    steps: "The search has ended without an answer that holds: the target is not the same from one moment to the next.",
  };
  return limit === null ? [] : [texts[limit]];
}

function scriptText({ asked, steps }: CapacityReport): string {
  const last = steps.at(-1);
  if (last?.workerDelay !== undefined) {
    const what = "what does not wait by gevent, such as a C library, a file lock, or a sleep that is not patched";
    return `at ${levelText(last.level, asked.by)} ${last.why}. Keep out of it ${what}`;
  }
  const [top] = steps.filter(({ outcome }) => outcome === "held").sort((a, b) => b.level - a.level);
  if (top === undefined) return "its users were mostly in no request";
  const inside = `${short(insideOf(top))} of ${levelText(top.level, asked.by)} were inside requests on average`;
  return `${inside}, and more users made no more requests. The others were in waits of the script, or in what blocks it`;
}

function capText({ by, maxUsers, maxRps, maxArrivalRate }: CapacityReport["asked"]): string {
  const all = [
    ...(maxArrivalRate === null || by === "users" ? [] : [`--max-arrival-rate ${maxArrivalRate}`]),
    // By arrivals, users that are too few break a level.
    ...(maxUsers === null || by === "arrivals" ? [] : [`--max-users ${maxUsers}`]),
    ...(maxRps === null ? [] : [`--max-rps ${maxRps}`]),
  ];
  return all.join(" or ") || "A limit";
}

/** Whether the capacity is what was asked for, and whether it was found: with what the run ends. */
export function capacityDecision(report: CapacityReport): Decision {
  const { asked, rps, level, limit } = report;
  const texts = [answerText(report), ...detailTexts(report)];
  const end = (verdict: "passed" | "failed" | "invalid", first?: string): Decision => ({
    ...{ verdict, exitCode: exitCodes[verdict] },
    reasons: first === undefined ? texts : [first, ...texts],
  });
  const isOpen = limit === "workers" || limit === "load" || limit === "time" || limit === "steps" || limit === "script";
  if (asked.atLeast !== null && rps !== null && rps >= asked.atLeast) return end("passed");
  const wanted = asked.atLeast === null ? undefined : `${rpsText(asked.atLeast)} were asked for (--at-least)`;
  // A search that somebody ended has measured only a part.
  if (limit === null) return end("invalid", wanted && `${wanted}, and the search was ended before that was known.`);
  if (isOpen) return end("invalid", wanted && `${wanted}, and more than ${rpsText(rps ?? 0)} is not proven.`);
  if (limit === "cap" && wanted !== undefined) {
    return end("invalid", `${wanted}, and the search was not allowed to go that far.`);
  }
  // Not even the lowest level was within the limits, which says nothing of the target.
  if (level === null) return end(limit === "cap" ? "invalid" : "failed");
  if (limit === "dead" && wanted !== undefined) {
    return end("failed", `${wanted}, and the target has not recovered from a level that broke it.`);
  }
  return wanted === undefined ? end("passed") : end("failed", `${wanted}, and the target does not take them.`);
}
