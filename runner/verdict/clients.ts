/** What made the requests of a run. */
import type { ClientVersions, HttpFallback } from "../types/clients";

/** What a run's record says of it; what older records do not tell is missing. */
export interface Clients {
  readonly versions?: { readonly [Name in keyof ClientVersions]?: ClientVersions[Name] | undefined };
  readonly httpFallbacks?: readonly HttpFallback[] | undefined;
}

/** What both runs tell, by the class of users: a text that differs where the clients do. */
export function clientTexts(before: Clients, after: Clients): (readonly [string, (record: Clients) => string])[] {
  const both = [before, after];
  const isOld = both.some(({ versions }) => versions?.requests === undefined);
  const texts = [
    ["FastHttpUser", fastHttpUser],
    ["HttpUser", (record: Clients) => httpUser(record, !isOld)],
  ] as const;
  return texts.filter(([, show]) => both.every((record) => show(record) !== ""));
}

function fastHttpUser({ versions: { client, geventhttpclient, gevent } = {} }: Clients): string {
  return client === undefined ? "" : `${client} (geventhttpclient ${geventhttpclient}, gevent ${gevent})`;
}

function httpUser({ versions = {}, httpFallbacks = [] }: Clients, withVersions: boolean): string {
  const { client, requests, urllib3 } = versions;
  // Older plugins left HttpUser as it is, and said nothing of it.
  const kind = client !== undefined && requests === undefined ? "requests" : versions.httpUser;
  if (kind === undefined) return "";
  const reasons = httpFallbacks.map(({ reason }) => reason).sort();
  const but = reasons.length === 0 ? "" : `, but requests for ${reasons.join(", ")}`;
  return `${kind}${but}${withVersions ? ` (requests ${requests}, urllib3 ${urllib3})` : ""}`;
}

/** How requests of HttpUser were made where `requests` made them, unasked; undefined where it did not. */
export function httpUserText({ versions: { httpUserCause } = {}, httpFallbacks = [] }: Clients): string | undefined {
  if (httpUserCause !== undefined) return `HttpUser stayed on requests: ${httpUserCause}`;
  if (httpFallbacks.length === 0) return undefined;
  const all = httpFallbacks.reduce((sum, { count }) => sum + count, 0);
  const reasons = httpFallbacks.map(({ reason, count }) => `${reason} (${count})`);
  return `HttpUser left ${all} ${all === 1 ? "request" : "requests"} to the library requests: ${reasons.join(", ")}`;
}
