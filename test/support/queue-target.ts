import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface QueueOptions {
  readonly servers: number;
  /** Milliseconds that a server takes for a request: it answers `servers / serviceMs * 1000` a second, and no more. */
  readonly serviceMs: number;
  /** With more requests than this in it at a time, each takes `times` as long, until none waits. */
  readonly collapse?: { readonly above: number; readonly times: number } | undefined;
}

export interface QueueTarget {
  readonly url: string;
  /** Since the start. */
  answered(): number;
  /** The most requests that were in it at a time. */
  most(): number;
  close(): Promise<void>;
}

/**
 * A target whose capacity is known: requests wait in their order for one of so many servers. What a timer is late is not
 * added up: a server's next request begins when the one before was due.
 */
export async function startQueueTarget({ servers, serviceMs, collapse }: QueueOptions): Promise<QueueTarget> {
  const free = Array.from({ length: servers }, () => 0);
  let [inside, answered, most] = [0, 0, 0];
  let collapsed = false;
  const server = createServer((_, response) => {
    const now = performance.now();
    inside += 1;
    most = Math.max(most, inside);
    if (collapse !== undefined && inside > collapse.above) collapsed = true;
    else if (inside <= servers) collapsed = false;
    const next = free.indexOf(Math.min(...free));
    const due = Math.max(now, free[next] ?? 0) + serviceMs * (collapsed ? (collapse?.times ?? 1) : 1);
    free[next] = due;
    setTimeout(() => {
      inside -= 1;
      answered += 1;
      response.end("ok");
    }, due - now);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 4096, resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answered: () => answered,
    most: () => most,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
