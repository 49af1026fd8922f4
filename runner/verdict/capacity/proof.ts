/** Whether a step of a search proves anything about the target, or only about what makes the load. Pure. */
import { saturatedShare, usersTolerance } from "../../../settings/limits";
import { percent, short } from "../format";
import type { IntegrityReport } from "../integrity";
import { type Broke, fewest } from "./breach";
import {
  busyShare,
  type CapacityReport,
  type CapacityStep,
  curveOf,
  insideOf,
  type LoadUnit,
  type StepArrivals,
} from "./report";
import type { Tried } from "./search";
import { capacityDecision, levelText, limitTexts } from "./words";

/** What kept the busiest worker busy. */
export type WorkerUse = Pick<CapacityStep, "workerCpu" | "workerBlocked">;

/** What is known of the load of a step. */
export interface StepLoad {
  readonly level: number;
  readonly by: LoadUnit;
  /** At its end. */
  readonly users: number;
  /** Whether what was counted is there. */
  readonly counted: boolean;
  readonly answers: number;
  /** Requests without an answer yet, where that is known. */
  readonly underWay?: number | undefined;
  readonly broke: boolean;
  /** Whether it broke in a way that busy workers, or users that are missing, are no reason for. */
  readonly clear?: boolean;
  /** Names of workers that went away. */
  readonly lost: readonly string[];
  readonly workers: WorkerUse;
  /** As a share of what it may use. */
  readonly masterCpu: number;
  /** Of iterations that were asked for, where these were. */
  readonly arrivals?: StepArrivals | undefined;
}

/** Why a step proves nothing about the target; null where it does. Busy workers prove nothing where something broke. */
export function whyVoid(load: StepLoad): string | null {
  const {
    level,
    by,
    users,
    counted,
    answers,
    underWay,
    broke,
    clear = false,
    lost,
    workers,
    masterCpu,
    arrivals,
  } = load;
  if (lost.length > 0) return `${lost.join(", ")} ${lost.length === 1 ? "was" : "were"} lost`;
  if (!counted) return "what was counted has been thrown away meanwhile";
  if (answers === 0 && underWay === 0) {
    return "no request was made: --step-time is too short for what the users do, or the script makes none";
  }
  if (!broke && answers === 0) return "nothing was answered: --step-time is too short for what the users do";
  if (clear) return null;
  // What broke with fewer would have broken with all of them.
  if (!broke && by === "users" && level - users >= 1 && users < level * (1 - usersTolerance)) {
    return `there were ${users} of ${levelText(level, by)}`;
  }
  const off = arrivals !== undefined && !isHeldUp(arrivals, users) ? startsOff(level, arrivals) : null;
  if (!broke && off === null) return null;
  if (isBusy(workers)) return busyText(level, by, workers);
  if (off !== null) return off;
  return masterCpu >= saturatedShare ? `CPU of the master was ${percent(masterCpu)} of what it may use` : null;
}

/** Whether it is the target that broke, whatever made the load: it answers with errors, and not just a few times. */
export function isClear({ what }: Broke, answers: number): boolean {
  return what === "errors" && answers >= fewest;
}

/** From this part of failed requests on, next to nothing works. */
const nearlyAll = 0.9;

/** Whether nearly all requests of a step failed, so that the target may be down and not overloaded. */
export function isDead({ broke, failRatio }: CapacityStep): boolean {
  return broke?.what === "errors" && failRatio >= nearlyAll;
}

/** This part of the iterations may find no free user, or start late. */
const mayDrop = 0.01;
const mayStartLate = 0.05;
/** From this part of the users on, all of them are taken for busy. */
const allBusy = 0.9;

/** Whether users that wait for answers keep iterations from starting: the target is the reason, not the workers. */
export function isHeldUp({ due, dropped, late, underWay }: StepArrivals, users: number): boolean {
  return (dropped > mayDrop * due || late > mayStartLate * due) && underWay >= allBusy * users;
}

function startsOff(level: number, { due, started, late, dropped }: StepArrivals): string | null {
  if (dropped > mayDrop * due) return `${percent(dropped / due)} of the iterations did not start`;
  if (due > 0 && late > mayStartLate * due) return `${percent(late / due)} of the iterations started late`;
  if (started >= level * (1 - usersTolerance)) return null;
  return `${short(started)} iterations a second were started of ${short(level)}`;
}

/**
 * The CPU of a worker as a share of what it may use, 0 to 1: by what it used, or where other processes keep it from the
 * CPU, by what it used and waited for. Its one thread uses one CPU at most, however many it may use.
 */
export function cpuShare(used: number, waited: number, limit: number): number {
  return Math.min(1, Math.max(used / limit, waited > 0 ? used + waited : 0));
}

/** Whether the workers may not keep up. */
export function isBusy(use: WorkerUse): boolean {
  return (busyShare(use) ?? 0) >= saturatedShare;
}

function busyText(level: number, by: LoadUnit, { workerCpu, workerBlocked }: WorkerUse): string {
  const what =
    workerBlocked === undefined
      ? `the busiest worker used, or waited for, ${percent(workerCpu ?? 1)} of its CPU`
      : `something in the script blocked a worker, and all of its users, for ${percent(workerBlocked)} of the time`;
  return `at ${levelText(level, by)} ${what}`;
}

/** Requests for each user, beside those of lower levels, below which busy workers are to blame. */
const fairShare = 0.9;

/** A level at which busy workers give less for each user than at lower levels proves nothing, though it holds. */
export function judged(step: CapacityStep, tried: readonly Tried[], by: LoadUnit): CapacityStep {
  const lower = tried.filter(({ level, held }) => held && level < step.level);
  const before = Math.max(0, ...lower.map(({ level, rps }) => rps / level));
  const isFair = step.rps / step.level >= before * fairShare;
  if (step.outcome !== "held" || isFair || !isBusy(step)) return step;
  return { ...step, outcome: "void", why: busyText(step.level, by, step) };
}

/** More users wait for a target that is the limit: of those that were added at least this part is inside requests. */
const mustWait = 0.5;

/**
 * Whether throughput that rises no more is the script's doing, and not the target's: over the last two raises hardly any
 * of the added users were inside requests, but in waits, or in something that blocks them.
 */
export function isOfScript(steps: readonly CapacityStep[]): boolean {
  const curve = curveOf(steps.filter(({ outcome }) => outcome === "held"));
  const [first, , last] = curve.slice(-3);
  if (first === undefined || last === undefined) return false;
  return insideOf(last) - insideOf(first) < mustWait * (last.level - first.level);
}

/** The integrity of a run that was a search: each step has been judged by itself, and one that was no proof is none. */
export function searchIntegrity(report: IntegrityReport, capacity: CapacityReport): IntegrityReport {
  const isOwn = capacityDecision(capacity).verdict === "invalid";
  const problems = isOwn ? limitTexts(capacity).map((text) => text.replace(/\.$/, "")) : [];
  return { ...report, ok: !isOwn, problems };
}
