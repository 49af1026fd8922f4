/** Readers of what options are given; each throws commander's InvalidArgumentError with what is allowed. */
import { InvalidArgumentError } from "commander";
import { parseDuration } from "../../settings/values/duration";
import { parseShare, shareAllowed } from "../../settings/values/share";
import { hostAllowed, isAllowedHost } from "../../settings/values/target";

/** A reader of whole numbers. */
function whole(least: number, most: number, problem: string): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most) throw new InvalidArgumentError(problem);
    return number;
  };
}

export const port = whole(1, 65535, "A port is a number from 1 to 65535.");

/** A number of holds: one says nothing of how much they differ. */
export const fromTwo = whole(2, 1000, "It must be a number from 2 to 1000.");

/** A number of workers, for `scale`. */
export const count = whole(0, 1000, "Workers are a number from 0 to 1000.");

/** A number of users, for `size`: what the settings take. */
export const users = whole(1, 1_000_000_000, "Users are a number from 1 on.");

/** For `--limit` and `--tail`. */
export const limit = whole(1, Number.MAX_SAFE_INTEGER, "It must be a number from 1 on.");

/** A reader of numbers, fractions too. */
function number(problem: string, isRight: (value: number) => boolean): (value: string) => number {
  return (value) => {
    const read = Number(value);
    if (!/^\d+(\.\d+)?$/.test(value) || !isRight(read)) throw new InvalidArgumentError(problem);
    return read;
  };
}

export const aboveZero = number("It must be a number above 0.", (value) => value > 0);
export const notNegative = number("It must be a number from 0 on.", () => true);

/** Requests or arrivals a second: `1200/s`, `1200`. */
export function rate(value: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(value) ?? [];
  if (number === undefined || Number(number) <= 0) {
    throw new InvalidArgumentError("A rate is a number above 0 a second: 1200/s or 1200.");
  }
  return Number(number);
}

/** A part of all, 0 to 1. */
export function part(value: string): number {
  const read = parseShare(share(value));
  if (read > 1) throw new InvalidArgumentError("It must be 100% at most.");
  return read;
}

/** A time as Locust writes it, in seconds. */
export function duration(value: string): number {
  try {
    return parseDuration(value);
  } catch {
    throw new InvalidArgumentError("A time is 10, 10s, 2m or 1h30m.");
  }
}

/** A share, `5%` or `0.05`; the text is kept. */
export function share(value: string): string {
  try {
    parseShare(value);
    return value;
  } catch {
    throw new InvalidArgumentError(`It must be ${shareAllowed}.`);
  }
}

/** Hosts with commas between them. */
export function hosts(value: string): readonly string[] {
  const names = value.split(",").map((name) => name.trim());
  const wrong = names.filter((name) => !isAllowedHost(name));
  if (wrong.length === 0) return names;
  throw new InvalidArgumentError(`${wrong.map((name) => JSON.stringify(name)).join(", ")} must be ${hostAllowed}.`);
}
