/** Reads stacks that py-spy has collected, one a line: `outer (file.py:1);inner (file.py:2) 12`. Pure. */

/** What a frame is part of, by its file; the first that matches counts. */
const kinds: readonly (readonly [string, RegExp])[] = [
  ["this project's plugin", /(^|\/)loadtest\/\w+\.py/],
  ["sockets and gevent's loop", /gevent\/|(^|\/)(socket|selectors|ssl)\.py/],
  ["urllib3 and http.client", /urllib3\/|http\/client\.py|http\/__init__|email\//],
  ["requests and its cookies", /requests\/|http\/cookie|charset_normalizer|idna\/|certifi/],
  ["geventhttpclient", /geventhttpclient\//],
  ["Locust: statistics and events", /locust\/(stats|event|runners|rpc)/],
  ["Locust: users and clients", /locust\//],
];
/** Threads of gevent's pool that wait for work, which py-spy takes for busy. */
const waiting = /^acquire_with_timeout /;
const rest = "Python's own library, the script";

/**
 * Gives each sample to the kind of its innermost frame.
 *
 * @returns shares of all samples, largest first
 */
export function sharesOf(stacks: string): { readonly samples: number; readonly shares: Record<string, number> } {
  const counts = new Map<string, number>();
  let samples = 0;
  for (const line of stacks.split("\n")) {
    const [, stack = "", count = ""] = /^(.*) (\d+)$/.exec(line) ?? [];
    const frame = stack.split(";").at(-1) ?? "";
    if (frame === "" || waiting.test(frame)) continue;
    const kind = kindOf(frame);
    counts.set(kind, (counts.get(kind) ?? 0) + Number(count));
    samples += Number(count);
  }
  const shares = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([kind, count]) => [kind, Number((count / samples).toFixed(4))]);
  return { samples, shares: Object.fromEntries(shares) };
}

function kindOf(frame: string): string {
  // Of a library's file, what is behind the folder of all libraries, whose own path may have any name in it.
  const file = frame.split("site-packages/").at(-1) ?? "";
  return kinds.find(([, pattern]) => pattern.test(file))?.[0] ?? rest;
}
