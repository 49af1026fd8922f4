import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";

/** A target of every kind of answer that a script may meet. */
export interface OddTarget {
  /** `http://127.0.0.1:8000`, or `https://localhost:8000`, without a path. */
  readonly url: string;
  /** How many requests came, by method and path without its query. */
  readonly counts: Readonly<Record<string, number>>;
  /** Those with the header `x-user`, by its value: in their order, as they came over the wire. */
  readonly seen: Readonly<Record<string, readonly SeenRequest[]>>;
  /** Empties `seen`. */
  forget(): void;
  close(): Promise<void>;
}

/** A request as it came. */
export interface SeenRequest {
  /** `GET /path?query` */
  readonly line: string;
  /** Header fields in their order, as they were written. */
  readonly headers: readonly string[];
  /** A byte a character. */
  readonly body: string;
  /** Whether the user's request before came over the same connection. */
  readonly sameConnection: boolean;
}

/**
 * Starts one on a free port: `/status/N`, `/redirect/N` (N times; `?code=307`), `/stream` (five lines), `/big?n=BYTES`,
 * `/cookie` and `/no-cookie`, `/json`, `/latin`, `/undeclared` and `/gzip` texts, `/echo`, `/private` (whoever says
 * anything of himself), `/elsewhere` (the same under another name), `/reset` and `/half` cut off, `/garbage` is no HTTP;
 * all others say "ok". `?ms=N` answers after N ms.
 *
 * @param tls key and certificate, as PEM, for https
 */
export async function startOddTarget(tls?: { readonly key: string; readonly cert: string }): Promise<OddTarget> {
  const counts: Record<string, number> = {};
  const seen: Record<string, SeenRequest[]> = {};
  const last = new Map<string, Socket>();
  const see = ({ method, url, rawHeaders, headers, socket }: IncomingMessage, body: string) => {
    const user = headers["x-user"];
    if (typeof user !== "string") return;
    const pairs = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
    const sameConnection = last.get(user) === socket;
    last.set(user, socket);
    seen[user] = [...(seen[user] ?? []), { line: `${method} ${url}`, headers: pairs, body, sameConnection }];
  };
  const take = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://target");
    const key = `${request.method} ${url.pathname}`;
    counts[key] = (counts[key] ?? 0) + 1;
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    response.on("error", () => undefined);
    request.once("end", () => {
      const body = Buffer.concat(parts).toString("latin1");
      see(request, body);
      void answer(url, request, response, body);
    });
  };
  const server = tls === undefined ? createServer(take) : createSecureServer(tls, take);
  // A client's own mistakes are answered as Node does; what breaks off is nobody's error here.
  server.on("clientError", (_, socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `${tls === undefined ? "http://127.0.0.1" : "https://localhost"}:${(server.address() as AddressInfo).port}`,
    counts,
    seen,
    forget() {
      for (const user of Object.keys(seen)) delete seen[user];
      last.clear();
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(url: URL, request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
  const [, kind = "", detail = ""] = url.pathname.split("/");
  const late = Number(url.searchParams.get("ms") ?? 0);
  if (late > 0) await pause(late, undefined, { ref: false });
  switch (kind) {
    case "status":
      response.writeHead(Number(detail)).end();
      return;
    case "redirect":
      response
        .writeHead(Number(url.searchParams.get("code") ?? 302), {
          location: Number(detail) > 1 ? `/redirect/${Number(detail) - 1}${url.search}` : "/arrived",
        })
        .end();
      return;
    case "elsewhere":
      response
        .writeHead(302, { location: `http://localhost:${request.socket.localPort}/private`, "set-cookie": "far=no" })
        .end();
      return;
    case "private": {
      const { authorization } = request.headers;
      response.writeHead(authorization === undefined ? 401 : 200, { "www-authenticate": "Basic" }).end(authorization);
      return;
    }
    case "login":
      response
        .writeHead(303, { location: "/cookie-is/back", "set-cookie": ["mark=back; Path=/", "deep=yes; Path=/deep"] })
        .end();
      return;
    case "no-cookie":
      response.writeHead(200, { "set-cookie": "mark=; Path=/; Max-Age=0" }).end("ok");
      return;
    case "echo":
      response.setHeader("content-type", "text/plain; charset=utf-8");
      response.end(`${request.method} ${request.headers["content-type"]}\n${body}`);
      return;
    case "latin":
      response.writeHead(200, { "content-type": "text/html; charset=ISO-8859-1" }).end(Buffer.from("café", "latin1"));
      return;
    case "undeclared":
      response.writeHead(200, { "content-type": detail === "" ? "text/plain" : `text/${detail}` }).end("naïve café €");
      return;
    case "gzip":
      response
        .writeHead(200, { "content-type": "text/plain; charset=utf-8", "content-encoding": "gzip" })
        .end(gzipSync("packed é"));
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
