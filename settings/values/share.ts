import { InvalidValueError } from "../errors";

/** What `parseShare` takes, to be read after "must be". */
export const shareAllowed = "a share such as 5%, 2.5% or 0.05";

/**
 * Reads a share: per cent with `%`, or a number from 0 to 1. More than 100 % needs the sign: a plain 5 is more likely
 * to be 5 %.
 *
 * @returns 0.05 for `5%`
 * @throws InvalidValueError for any other text
 */
export function parseShare(text: string): number {
  const [, number, sign] = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim()) ?? [];
  // Shifting the decimal point in the text keeps 7% at exactly 0.07.
  const share = Number(`${number}e${sign === "%" ? -2 : 0}`);
  if (!Number.isFinite(share) || (sign === "" && share > 1)) {
    throw new InvalidValueError(text, shareAllowed);
  }
  return share;
}
