import { InvalidValueError } from "../errors";

/** What `parseDuration` takes, to be read after "must be". */
export const durationAllowed = "a time above 0 as Locust writes it: 20, 20s, 3m, 2h, 1h20m or 3h30m10s";

/**
 * Reads a duration as Locust does (`parse_timespan` in `locust/util/timespan.py`): seconds, or hours, minutes and
 * seconds in this order, each of them optional, without spaces.
 *
 * @returns whole seconds, above 0
 * @throws InvalidValueError for any other text, and for 0
 */
export function parseDuration(text: string): number {
  const [, plain, hours, minutes, seconds] = /^(?:(\d+)|(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?)$/.exec(text) ?? [];
  const total = Number(plain ?? 0) + Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  if (total === 0 || !Number.isSafeInteger(total)) {
    throw new InvalidValueError(text, durationAllowed);
  }
  return total;
}
