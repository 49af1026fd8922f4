import { InvalidValueError } from "../errors";

/** What `parseTarget` takes, to be read after "must be". */
export const targetAllowed =
  'an http or https URL without a path, query, fragment or credentials, such as "https://example.com"';

/**
 * Reads the address of the system under test; Locust puts the scripts' paths behind it.
 *
 * @returns the address as it was written, without a slash at its end
 * @throws InvalidValueError
 */
export function parseTarget(text: string): string {
  // The URL parser repairs much ("http:/host", tabs, backslashes) that Locust would not, so the form is checked first.
  const [, target] = /^(https?:\/\/[^\s/\\?#@]+)\/?$/i.exec(text) ?? [];
  if (target === undefined || !URL.canParse(target)) {
    throw new InvalidValueError(text, targetAllowed);
  }
  return target;
}
