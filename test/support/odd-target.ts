import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** A target of every kind of answer that a script may meet. */
export interface OddTarget {
  /** `http://127.0.0.1:8000`, without a path. */
  readonly url: string;
  /** How many requests came, by method and path without its query. */
  readonly counts: Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/**
 * Starts one on a free port: `/status/N`, `/redirect/N` (N times), `/stream` (five lines), `/big?n=BYTES`, `/cookie`,
 * `/json`, `/reset` and `/half` cut off, `/garbage` is no HTTP; all others say "ok". `?ms=N` answers after N ms.
 */
export async function startOddTarget(): Promise<OddTarget> {
  const counts: Record<string, number> = {};
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://target");
    const key = `${request.method} ${url.pathname}`;
    counts[key] = (counts[key] ?? 0) + 1;
    request.resume();
    response.on("error", () => undefined);
    request.once("end", () => void answer(url, request, response));
  });
  // A client's own mistakes are answered as Node does; what breaks off is nobody's error here.
  server.on("clientError", (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, kind = "", detail = ""] = url.pathname.split("/");
  const late = Number(url.searchParams.get("ms") ?? 0);
  if (late > 0) await pause(late, undefined, { ref: false });
  switch (kind) {
    case "status":
      response.writeHead(Number(detail)).end();
      return;
    case "redirect":
      response.writeHead(302, { location: Number(detail) > 1 ? `/redirect/${Number(detail) - 1}` : "/arrived" }).end();
      return;
    case "stream":
      for (let line = 1; line <= 5; line++) {
        response.write(`line ${line}\n`);
        await pause(5);
      }
      response.end();
      return;
    case "big":
      response.end(Buffer.alloc(Number(url.searchParams.get("n")), "a"));
      return;
    case "cookie":
      response.writeHead(200, { "set-cookie": "mark=back; Path=/" }).end("ok");
      return;
    case "cookie-is":
      response.writeHead(request.headers.cookie === `mark=${detail}` ? 200 : 403).end("ok");
      return;
    case "json":
      response.end('{"answer": 42}');
      return;
    case "reset":
      request.socket.destroy();
      return;
    case "half":
      response.writeHead(200, { "content-length": "1000" }).write("x".repeat(100));
      await pause(5);
      request.socket.destroy();
      return;
    case "garbage":
      request.socket.end("this is not HTTP\r\n\r\n");
      return;
    default:
      response.end("ok");
  }
}
