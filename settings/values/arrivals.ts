import { InvalidValueError } from "../errors";
import { parseDuration } from "./duration";

/** Iterations a second, all workers together; more than what a thousand workers start. */
export const mostArrivals = 1_000_000;

/** What `parseArrivals` takes, to be read after "must be". */
export const arrivalsAllowed =
  'a rate such as 500 or 0.5, in iterations a second, or rates with their times, such as "50/s:1m 500/s:5m 50/s:1m"; ' +
  `at most ${mostArrivals.toLocaleString("en")}/s`;

/** How iterations follow each other: at even gaps, or at random ones as of independent visitors. */
export const arrivalSpacings = ["even", "poisson"] as const;
export type ArrivalSpacing = (typeof arrivalSpacings)[number];

/** A rate that holds for a while. */
export interface ArrivalStage {
  /** Iterations started a second, all workers together; above 0. */
  readonly rate: number;
  /** Whole seconds; undefined for as long as the run lasts. */
  readonly seconds?: number | undefined;
}

/** How many iterations start when; the plugin's `arrivals.py` reads the same text. */
export interface Arrivals {
  /** As it was written, with single spaces. */
  readonly text: string;
  /** One without a time, or one or more that follow each other. */
  readonly stages: readonly ArrivalStage[];
}

/**
 * Reads a rate, `500` or `0.5/s`, or stages: rates with a time each, `50/s:1m 500/s:5m`. Times are Locust's durations.
 *
 * @throws InvalidValueError for any other text
 */
export function parseArrivals(text: string): Arrivals {
  const words = text.trim().split(/\s+/);
  const stages = words.map((word) => parseStage(word, text));
  if (stages.length > 1 && stages.some(({ seconds }) => seconds === undefined)) {
    throw new InvalidValueError(text, arrivalsAllowed);
  }
  return { text: words.join(" "), stages };
}

function parseStage(word: string, text: string): ArrivalStage {
  const [, number, time] = /^(\d+(?:\.\d+)?)(?:\/s)?(?::(.+))?$/.exec(word) ?? [];
  const rate = Number(number);
  if (!(rate > 0 && rate <= mostArrivals)) throw new InvalidValueError(text, arrivalsAllowed);
  return time === undefined ? { rate } : { rate, seconds: secondsOf(time, text) };
}

function secondsOf(time: string, text: string): number {
  try {
    return parseDuration(time);
  } catch {
    throw new InvalidValueError(text, arrivalsAllowed);
  }
}

/** Seconds that the stages take; undefined for a rate that holds as long as the run lasts. */
export function stagesSeconds({ stages }: Arrivals): number | undefined {
  const times = stages.map(({ seconds }) => seconds);
  return times.includes(undefined) ? undefined : times.reduce<number>((sum, seconds) => sum + (seconds ?? 0), 0);
}

/** The highest rate. */
export function peakRate({ stages }: Arrivals): number {
  return Math.max(...stages.map(({ rate }) => rate));
}

/** How many iterations start when, as settings and runs have it. */
export interface AskedArrivals {
  /** A text that `parseArrivals` reads. */
  readonly rate: string;
  readonly spacing: ArrivalSpacing;
}

/** What is asked for with these settings; undefined where users wait as the script says. */
export function askedArrivals(settings: {
  readonly arrivalRate?: string | undefined;
  readonly arrivalSpacing?: ArrivalSpacing | undefined;
}): AskedArrivals | undefined {
  const { arrivalRate: rate, arrivalSpacing: spacing = "even" } = settings;
  return rate === undefined ? undefined : { rate, spacing };
}

/**
 * Seconds that a run in stages gets beyond what they take, before something else than their end stops it: stages begin
 * when all users are there, which may take longer than asked.
 */
export const stagesMarginSeconds = 60;

/** What settings or a test say of the length of a run. */
export interface RunLength {
  readonly users: number;
  readonly spawnRate: number;
  /** As Locust writes it. */
  readonly runTime: string;
  readonly arrivalRate?: string | undefined;
}

/** Whether stages say how long a run takes, and its run time does not. */
export function isInStages(arrivalRate: string | undefined): boolean {
  return arrivalRate !== undefined && stagesSeconds(parseArrivals(arrivalRate)) !== undefined;
}

/** Seconds that a run takes, its ramp included: those of its stages where it has some, else its run time. */
export function runSeconds({ users, spawnRate, runTime, arrivalRate }: RunLength): number {
  const stages = arrivalRate === undefined ? undefined : stagesSeconds(parseArrivals(arrivalRate));
  return stages === undefined ? parseDuration(runTime) : Math.ceil(users / spawnRate) + stages;
}
