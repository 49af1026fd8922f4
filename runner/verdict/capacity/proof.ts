/** Whether a step of a search proves anything about the target, or only about what makes the load. Pure. */
import { saturatedShare, usersTolerance } from "../../../settings/limits";
import { parseThreshold } from "../../../settings/values/threshold";
import { percent, short } from "../format";
import type { IntegrityReport } from "../integrity";
import { type Broke, fewest } from "./breach";
import { type CapacityReport, type CapacityStep, curveOf, insideOf, type LoadUnit, type StepArrivals } from "./report";
import type { Tried } from "./search";
import { capacityDecision, levelText, limitTexts } from "./words";

/** What the busiest worker does. */
export interface WorkerUse {
  /** As a share of what it may use; null where none told. */
  readonly cpu: number | null;
  /** Share of the time in which its event loop did not wait. */
  readonly busy: number;
  /** Ms for which an answer waited on average until the event loop looked at it. */
  readonly delay: number;
}

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
  /** Ms that answers may take by the threshold that broke. */
  readonly allowed?: number | undefined;
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
    allowed,
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
  const blocked = isBlocked(workers, allowed) ? blockedText(workers) : null;
  if (clear) return blocked;
  // What broke with fewer would have broken with all of them.
  if (!broke && by === "users" && level - users >= 1 && users < level * (1 - usersTolerance)) {
    return `there were ${users} of ${levelText(level, by)}`;
  }
  const off = arrivals !== undefined && !isHeldUp(arrivals, users) ? startsOff(level, arrivals) : null;
  if (!broke && off === null) return null;
  if (isBusy(workers.cpu)) return busyText(workers.cpu);
  if (blocked !== null) return blocked;
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
export function isBusy(workerCpu: number | null): boolean {
  return workerCpu !== null && workerCpu >= saturatedShare;
}

/** Answers that wait in a worker for this part of what they may take have broken the threshold as well as the target. */
const mayDelay = 0.1;
/** Ms for which answers wait in any worker that has much to do. */
const usualDelay = 5;
/** Ms, where no threshold of a time broke: scripts and clients make errors of what takes long, mostly a second or more. */
const usuallyAllowed = 1000;

/** Whether something in the script keeps the event loop of a worker from its answers, and no want of CPU. */
export function isBlocked({ cpu, busy, delay }: WorkerUse, allowed = usuallyAllowed): boolean {
  return !isBusy(cpu) && (busy >= saturatedShare || delay >= Math.max(usualDelay, mayDelay * allowed));
}

/** Ms that answers may take by the threshold that broke; undefined where it is none of a time. */
export function allowedBy(broke: Broke | null): number | undefined {
  if (broke?.what !== "time" || broke.threshold === null) return undefined;
  return parseThreshold(broke.threshold).limit;
}

function blockedText({ cpu, busy, delay }: WorkerUse): string {
  const wait = `answers waited in a worker for ${short(delay)} ms on average, as something in the script blocks it`;
  return `${wait} (event loop busy for ${percent(busy)} of the time, CPU for ${percent(cpu ?? 0)})`;
}

function busyText(cpu: number | null): string {
  return `the busiest worker used, or waited for, ${percent(cpu ?? 1)} of its CPU`;
}

/** Requests for each user, beside those of lower levels, below which busy workers are to blame. */
const fairShare = 0.9;

/** A level at which busy workers give less for each user than at lower levels proves nothing, though it holds. */
export function judged(step: CapacityStep, tried: readonly Tried[], use: WorkerUse): CapacityStep {
  const lower = tried.filter(({ level, held }) => held && level < step.level);
  const before = Math.max(0, ...lower.map(({ level, rps }) => rps / level));
  const isFair = step.rps / step.level >= before * fairShare;
  if (step.outcome !== "held" || isFair) return step;
  if (isBusy(use.cpu)) return { ...step, outcome: "void", why: busyText(use.cpu) };
  if (!isBlocked(use)) return step;
  return { ...step, outcome: "void", why: blockedText(use), workerDelay: use.delay };
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
