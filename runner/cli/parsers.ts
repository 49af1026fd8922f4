import { InvalidArgumentError } from "commander";
import { parseShare, shareAllowed } from "../../settings/values/share";

/** `--max-regression`: a share; the text is kept. */
export function share(value: string): string {
  try {
    parseShare(value);
    return value;
  } catch {
    throw new InvalidArgumentError(`It must be ${shareAllowed}.`);
  }
}

/** `--limit`: how many at the most. */
export function limit(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < 1) throw new InvalidArgumentError("It must be a number from 1 on.");
  return number;
}
