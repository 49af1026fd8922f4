import { isIPv6 } from "node:net";
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

/** Whether a text is an http or https URL without query, fragment or credentials. */
export function isHttpUrl(text: string): boolean {
  try {
    parseTarget(text);
    return true;
  } catch {
    return false;
  }
}

/** A host that load may be aimed at, or with `*.` in front all below it; IPv6 addresses have no brackets. */
export function isAllowedHost(text: string): boolean {
  return /^(\*\.)?[a-z0-9_]([-a-z0-9_.]*[a-z0-9_])?$/i.test(text) || isIPv6(text);
}

/** What `isAllowedHost` takes, to be read after "must be". */
export const hostAllowed = 'a host without scheme, port and path, such as "shop.example.com" or "*.example.com"';

/** Whether load may be aimed at a target; the plugin has the same rule for what a run names later. */
export function isAllowedTarget(target: string, allowedHosts: readonly string[]): boolean {
  const host = hostOf(target);
  return allowedHosts.some((one) => {
    const allowed = one.toLowerCase();
    return allowed.startsWith("*.") ? host.endsWith(allowed.slice(1)) : host === allowed;
  });
}

/**
 * The hosts that both lists allow, in small letters: a target is on it where it is on both. A list that is left out
 * allows any host, an empty one none.
 */
export function commonHosts(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const [ones, others] = [a, b].map((list) => list.map((name) => name.toLowerCase())) as [string[], string[]];
  const within = (name: string, list: readonly string[]) =>
    list.some((other) => name === other || (other.startsWith("*.") && name.replace("*", "").endsWith(other.slice(1))));
  return [...new Set([...ones.filter((one) => within(one, others)), ...others.filter((one) => within(one, ones))])];
}

/** The host of a target in small letters, without a port, and without the brackets of an IPv6 address. */
export function hostOf(target: string): string {
  return new URL(target).hostname.replace(/^\[|\]$|\.$/g, "").toLowerCase();
}

/** The port of a target: that of its scheme where it names none. */
export function portOf(target: string): number {
  const { port, protocol } = new URL(target);
  return Number(port) || (protocol === "https:" ? 443 : 80);
}
