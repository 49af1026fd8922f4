/** How far a search may raise the load: what `--max-users`, `--max-arrival-rate` and `--max-rps` allow. Pure. */
import type { Counts } from "../../types/counts";
import { measure } from "./measure";
import type { CapacityAsked, CapacityStep, StepArrivals } from "./report";

/** So near to the most requests a second nothing more is tried: throughput is a little different each time. */
const near = 0.97;
/** What is aimed at where the limit is near, as a part of it. */
const aim = 0.985;

/**
 * The highest level that may be asked for; below 1 user where not even one may be. A level that was held, or broke, and
 * did not pass a limit may be asked for again.
 */
export function mostLevel(
  { by, maxUsers, maxArrivalRate, maxRps }: Pick<CapacityAsked, "by" | "maxUsers" | "maxArrivalRate" | "maxRps">,
  steps: readonly CapacityStep[],
): number {
  const rounded = (level: number) => (by === "users" ? Math.floor(level) : level);
  const below = steps
    .filter(({ outcome }) => outcome === "beyond")
    .map((step) => rounded(step.level * near * allowedPart(step, maxRps)));
  const allowed = (by === "users" ? maxUsers : maxArrivalRate) ?? Number.POSITIVE_INFINITY;
  if (maxRps === null) return Math.min(allowed, ...below);
  const tried = steps.filter(({ outcome }) => outcome === "held" || outcome === "broke").map(({ level }) => level);
  const best = steps.findLast(({ outcome, rps }) => outcome === "held" && rps > 0);
  // An iteration is taken to be one request at least, until it is known.
  const unknown = by === "users" ? Number.POSITIVE_INFINITY : maxRps;
  const fair = (step: CapacityStep) => rounded((step.level * maxRps * aim) / step.rps);
  const byRate = best === undefined ? unknown : best.rps >= maxRps * near ? best.level : fair(best);
  return Math.min(allowed, Math.max(byRate, ...tried), ...below);
}

/** The part of its load at which a step would have been within the limits. */
function allowedPart({ level, rps, arrivals }: CapacityStep, maxRps: number | null): number {
  const ofRate = maxRps === null || rps <= maxRps ? 1 : maxRps / rps;
  return Math.min(1, ofRate, arrivals === undefined ? 1 : arrivals.started / level);
}

/** Whether there were more requests a second than may be, beyond what is chance (three standard deviations). */
export function isOverRate(from: Counts, to: Counts, maxRps: number | null): boolean {
  if (maxRps === null) return false;
  const measured = measure(from, to);
  const total = measured?.rows.at(-1);
  if (measured === undefined || total === undefined) return false;
  const allowed = maxRps * measured.seconds;
  return total.rps * measured.seconds > allowed + 3 * Math.sqrt(allowed);
}

/** Users that were all busy, so that not all iterations could start, and the iterations that they started a second. */
export interface Short {
  readonly users: number;
  readonly started: number;
}

/** So many times as many users are needed to tell whether more of them start more. */
const enoughMore = 1.5;
/** The part of the users that were added which must have started as much as the others. */
const worthIt = 0.3;

/**
 * Whether the target is the reason that iterations found no user: more users have not started more of them. False where
 * that is not known.
 */
export function isFlat(before: Short | undefined, now: Short): boolean {
  if (before === undefined || now.users < before.users * enoughMore) return false;
  return now.started < before.started * (1 + worthIt * (now.users / before.users - 1));
}

/** The users that a level takes, by what an iteration took while all of them were busy: 1.5 to 4 times as many. */
export function usersFor(level: number, users: number, { started, underWay }: StepArrivals): number {
  const needed = started > 0 ? (enoughMore * level * underWay) / started : Number.POSITIVE_INFINITY;
  return Math.ceil(Math.min(4 * users, Math.max(enoughMore * users, needed)));
}
