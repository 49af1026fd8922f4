import { InvalidValueError } from "../errors";

/** What `parseTarget` takes, to be read after "must be". */
export const targetAllowed =
  'an http or https URL without query, fragment or credentials, such as "https://example.com/v1"; ' +
  "a host of another kind belongs into the script, as its User class's host";

/**
 * Reads the address of the system under test; Locust puts the scripts' paths behind it, also behind a path of its own.
 *
 * @returns the address as it was written, without slashes at its end
 * @throws InvalidValueError
 */
export function parseTarget(text: string): string {
  // The URL parser repairs much ("http:/host", tabs, backslashes) that Locust would not, so the form is checked first.
  // Locust drops `<` and `>` from a target that a run names.
  if (!/^https?:\/\/[^\s/\\?#@<>]+(\/[^\s\\?#<>]*)?$/i.test(text) || !URL.canParse(text)) {
    throw new InvalidValueError(text, targetAllowed);
  }
  return text.replace(/\/+$/, "");
}
