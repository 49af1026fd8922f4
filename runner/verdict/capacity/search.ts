/**
 * Which level of load to hold next, to find the highest that a target takes. Pure: it is asked anew with all that was
 * tried, and knows nothing of users, arrivals or time.
 */

/** A level of load that was held, or given up as it broke. */
export interface Tried {
  /** Users, or arrivals a second. */
  readonly level: number;
  readonly held: boolean;
  /** Requests a second that were achieved. */
  readonly rps: number;
  /** Nearly all of its requests failed. */
  readonly dead?: boolean;
}

export interface SearchOptions {
  /** The first level; above 0. */
  readonly from: number;
  /** No level is higher; Infinity where nothing limits it. */
  readonly most: number;
  /** Levels are whole numbers from 1 on. */
  readonly whole: boolean;
  /** How far the lowest level that breaks may be above the answer, as a share of it. */
  readonly precision: number;
  /** How often the answer has to be held. */
  readonly holds: number;
  /** How much higher the next level is while none has broken. */
  readonly factor: number;
  /** Levels that are tried at the most. */
  readonly mostSteps: number;
}

export const searchDefaults = { precision: 0.05, holds: 3, factor: 2, mostSteps: 40 } as const;

/** What a search says, given what was tried. */
export type Next =
  | { readonly kind: "hold"; readonly level: number; readonly purpose: "raise" | "narrow" | "confirm" | "repeat" }
  | {
      readonly kind: "done";
      /** Of those that hold the level with the most throughput; null where none did. */
      readonly level: number | null;
      /** The lowest one that breaks; null where none did. */
      readonly broke: number | null;
      /** `flat`: more load gives no more throughput. `most`, `steps`: limits of the options, not of the target. */
      readonly limit: "broke" | "flat" | "most" | "steps";
    };

/** Throughput that rises by less than this, over two raises, rises no more; and what is the same as the highest. */
const rise = 0.05;
const same = 0.03;
/** Raises from a level down, where not even the first one holds, end at this part of it. */
const least = 1 / 1024;

/**
 * Levels above `most`, which may have become lower meanwhile, are forgotten.
 *
 * Raises the level until one breaks, narrows down between the highest that held and the lowest that broke, has the
 * latter break a second time, and has the one of those that hold with the most throughput held a few times. A level is
 * bad when it broke twice, or once and never held; one that did both is tried again.
 */
export function nextLevel(tried: readonly Tried[], options: SearchOptions): Next {
  const { from, most, whole, precision, holds, factor, mostSteps } = options;
  const levels = tally(tried).filter(({ level }) => level <= most);
  const bad = lowest(levels.filter(isBad));
  const good = highest(
    levels.filter((level) => isGood(level) && level.level < (bad?.level ?? Number.POSITIVE_INFINITY)),
  );
  const best = mostOf(levels.filter((level) => isGood(level) && level.level <= (good?.level ?? 0))) ?? good;
  const answer = (limit: "broke" | "flat" | "most" | "steps", level = best?.level ?? null): Next => ({
    ...{ kind: "done", level, broke: bad?.level ?? null, limit },
  });
  const hold = (level: number, purpose: "raise" | "narrow" | "confirm" | "repeat"): Next =>
    tried.length >= mostSteps ? answer("steps") : { kind: "hold", level, purpose };

  if (most <= 0) return answer("most");
  if (levels.length === 0) return hold(Math.min(from, most), "raise");
  const unsure = levels.find((level) => level.level < (bad?.level ?? Number.POSITIVE_INFINITY) && isUnsure(level));
  if (unsure !== undefined) return hold(unsure.level, "confirm");
  if (good === undefined) {
    // What fails entirely is asked no more than it takes to see whether it ever answers.
    const slowest = whole ? 1 : Math.min(1, from / factor);
    if (tried.at(-1)?.dead === true && bad !== undefined) {
      if (bad.level > slowest) return hold(slowest, "narrow");
      return bad.broke < 2 ? hold(bad.level, "confirm") : answer("broke");
    }
    const down = rounded((bad?.level ?? from) / factor, whole);
    const isLowest = bad !== undefined && (down < (whole ? 1 : from * least) || down >= bad.level);
    if (!isLowest) return hold(down, "narrow");
    return bad.broke < 2 ? hold(bad.level, "confirm") : answer("broke");
  }
  const repeated = (level: Level, limit: "broke" | "flat" | "most") =>
    level.held < holds ? hold(level.level, "repeat") : answer(limit, level.level);
  if (bad === undefined) {
    if (good.level >= most) return repeated(best ?? good, "most");
    const plateau = plateauOf(levels);
    if (plateau !== undefined) return repeated(plateau, "flat");
    return hold(Math.min(most, Math.max(rounded(good.level * factor, whole), good.level + (whole ? 1 : 0))), "raise");
  }
  const between = rounded(Math.sqrt(good.level * bad.level), whole);
  const isWide = bad.level / good.level > 1 + precision;
  if (isWide && between > good.level && between < bad.level) return hold(between, "narrow");
  // What broke once may have been a hiccup of whatever else goes on.
  if (bad.broke < 2) return hold(bad.level, "confirm");
  return repeated(best ?? good, "broke");
}

/** How many levels a search tries, where none is a surprise: for a word on its length. */
export function usualSteps({ from, most, precision, holds, factor }: SearchOptions, raises = 6): number {
  const up = Number.isFinite(most) ? Math.max(0, Math.ceil(Math.log(most / from) / Math.log(factor))) : raises;
  const narrowing = Math.max(0, Math.ceil(Math.log2(Math.log(factor) / Math.log(1 + precision))));
  return 1 + up + narrowing + 1 + (holds - 1);
}

interface Level {
  readonly level: number;
  readonly held: number;
  readonly broke: number;
  /** Mean of the holds that held. */
  readonly rps: number;
}

function tally(tried: readonly Tried[]): Level[] {
  const levels = [...new Set(tried.map(({ level }) => level))].sort((a, b) => a - b);
  return levels.map((level) => {
    const of = tried.filter((one) => one.level === level);
    const held = of.filter((one) => one.held);
    const rps = held.reduce((sum, one) => sum + one.rps, 0) / Math.max(1, held.length);
    return { level, held: held.length, broke: of.length - held.length, rps };
  });
}

function isBad({ held, broke }: Level): boolean {
  return broke >= 2 || broke > held;
}

function isUnsure({ held, broke }: Level): boolean {
  return broke === 1 && held === 1;
}

function isGood(level: Level): boolean {
  return !isBad(level) && !isUnsure(level);
}

const lowest = (levels: readonly Level[]) => levels[0];
const highest = (levels: readonly Level[]) => levels.at(-1);

/** Of levels that hold the one with the most throughput: the highest of those that are the same in that. */
export function mostOf<T extends Pick<Level, "level" | "rps">>(held: readonly T[]): T | undefined {
  const most = Math.max(0, ...held.map(({ rps }) => rps));
  return held.findLast(({ rps }) => rps >= most * (1 - same));
}

/** The lowest level with the highest throughput, where the last two raises gave no more of it. */
function plateauOf(levels: readonly Level[]): Level | undefined {
  const [third, second, last] = levels.slice(-3);
  if (third === undefined || second === undefined || last === undefined) return undefined;
  const before = Math.max(...levels.slice(0, -2).map(({ rps }) => rps));
  if (before <= 0 || Math.max(second.rps, last.rps) >= before * (1 + rise)) return undefined;
  const most = Math.max(...levels.map(({ rps }) => rps));
  return levels.find(({ rps }) => rps >= most * (1 - same));
}

function rounded(level: number, whole: boolean): number {
  return whole ? Math.round(level) : Number(level.toPrecision(4));
}
