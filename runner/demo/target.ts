import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface DemoTargetOptions {
  /** On 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  /** Every how many requests `/flaky` answers 500; default 5. */
  readonly failEvery?: number | undefined;
  /** Milliseconds that each answer is held back; default 0. `/slow` adds its own second. */
  readonly delayMs?: number | undefined;
}

export interface RouteCounts {
  readonly requests: number;
  /** Answers with a status of 400 or more. */
  readonly failures: number;
}

export interface DemoCounts extends RouteCounts {
  /** Requests whose client went away before the answer was sent whole; not in `requests`. */
  readonly aborted: number;
  /** By method and route, `GET /products/:id`; what is no route at all is `unknown`. */
  readonly byRoute: Readonly<Record<string, RouteCounts>>;
}

export interface DemoTarget {
  /** `http://127.0.0.1:8000`, without a path. */
  readonly url: string;
  /** Since the start; an answer counts when it has been sent whole. */
  counts(): DemoCounts;
  /** Ends open connections too. */
  close(): Promise<void>;
}

interface Answer {
  readonly route: string;
  readonly status: number;
  readonly body: string;
  readonly delayMs?: number;
}

const products = Array.from({ length: 20 }, (_, index) => ({ id: index + 1, name: `Product ${index + 1}` }));
const productList = JSON.stringify(products);
const token = "demo-token";
const slowMs = 1000;
const largestBody = 64 * 1024;

/** A small shop to load: its login is demo/demo. Rejects when the port is taken. */
export async function startDemoTarget(options: DemoTargetOptions): Promise<DemoTarget> {
  const { port, failEvery = 5, delayMs = 0 } = options;
  const byRoute = new Map<string, { requests: number; failures: number }>();
  let aborted = 0;
  let flaky = 0;

  function counts(): DemoCounts {
    const total = { requests: 0, failures: 0 };
    for (const { requests, failures } of byRoute.values()) {
      total.requests += requests;
      total.failures += failures;
    }
    return {
      ...total,
      aborted,
      byRoute: Object.fromEntries(Array.from(byRoute, ([key, value]) => [key, { ...value }])),
    };
  }

  async function answer(request: IncomingMessage): Promise<Answer> {
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "");
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    // Read it whole even if nobody looks: an unread body would cost the connection.
    const body = method === "GET" ? "" : await readBody(request);
    const product = method === "GET" ? /^\/products\/([^/]+)$/.exec(path) : null;
    if (product !== null) {
      const found = products.find(({ id }) => String(id) === product[1]);
      return found === undefined
        ? { route: "GET /products/:id", ...problem(404, "no such product") }
        : { route: "GET /products/:id", ...ok(found) };
    }
    const route = `${method} ${path}`;
    switch (route) {
      case "GET /":
        return { route, ...ok({ message: "hello" }) };
      case "GET /products":
        return { route, status: 200, body: productList };
      case "POST /login":
        return { route, ...(isLogin(body) ? ok({ token }) : problem(401, "wrong username or password")) };
      case "POST /cart":
        return request.headers.authorization === `Bearer ${token}`
          ? { route, ...ok({ added: true }) }
          : { route, ...problem(401, "log in first") };
      case "GET /flaky":
        flaky += 1;
        return { route, ...(flaky % failEvery === 0 ? problem(500, "one of many") : ok({ message: "fine" })) };
      case "GET /slow":
        return { route, ...ok({ message: "at last" }), delayMs: slowMs };
      default:
        return { route: "unknown", ...problem(404, "no such route") };
    }
  }

  function count(route: string, status: number): void {
    let entry = byRoute.get(route);
    if (entry === undefined) {
      entry = { requests: 0, failures: 0 };
      byRoute.set(route, entry);
    }
    entry.requests += 1;
    if (status >= 400) entry.failures += 1;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === "/-/counts") {
      send(response, 200, JSON.stringify(counts()));
      return;
    }
    let route = "unknown";
    let sent = false;
    response.once("finish", () => {
      sent = true;
      count(route, response.statusCode);
    });
    response.once("close", () => {
      if (!sent) aborted += 1;
    });
    const found = await answer(request);
    route = found.route;
    const wait = delayMs + (found.delayMs ?? 0);
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    send(response, found.status, found.body);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000; // longer than any user waits, so that no request meets a connection being closed
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", 1024, resolve);
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function ok(value: unknown): { status: number; body: string } {
  return { status: 200, body: JSON.stringify(value) };
}

function problem(status: number, message: string): { status: number; body: string } {
  return { status, body: JSON.stringify({ message }) };
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}

function isLogin(body: string): boolean {
  try {
    const { username, password } = JSON.parse(body);
    return username === "demo" && password === "demo";
  } catch {
    return false;
  }
}

/** Rejects when the client goes away, or sends more than any request here needs. */
async function readBody(request: IncomingMessage): Promise<string> {
  let body = "";
  request.setEncoding("utf8");
  for await (const chunk of request) {
    body += chunk;
    if (body.length > largestBody) throw new Error("the request's body is too long");
  }
  return body;
}
