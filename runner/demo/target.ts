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
export async function startDemoTarget({ port, failEvery = 5, delayMs = 0 }: DemoTargetOptions): Promise<DemoTarget> {
  const counter = new Counter();
  const answer = createShop(failEvery);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === "/-/counts") {
      send(response, 200, JSON.stringify(counter.counts()));
      return;
    }
    let route = "unknown";
    let sent = false;
    response.once("finish", () => {
      sent = true;
      counter.add(route, response.statusCode);
    });
    response.once("close", () => {
      if (!sent) counter.aborted += 1;
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
    counts: () => counter.counts(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** What was answered, by route. */
class Counter {
  aborted = 0;
  private readonly byRoute = new Map<string, { requests: number; failures: number }>();

  add(route: string, status: number): void {
    const { requests, failures } = this.byRoute.get(route) ?? { requests: 0, failures: 0 };
    this.byRoute.set(route, { requests: requests + 1, failures: failures + (status >= 400 ? 1 : 0) });
  }

  counts(): DemoCounts {
    const all = [...this.byRoute.values()];
    return {
      requests: all.reduce((sum, { requests }) => sum + requests, 0),
      failures: all.reduce((sum, { failures }) => sum + failures, 0),
      aborted: this.aborted,
      byRoute: Object.fromEntries(this.byRoute),
    };
  }
}

/** Answers to requests; every so many of `/flaky` are failures. */
function createShop(failEvery: number): (request: IncomingMessage) => Promise<Answer> {
  let flaky = 0;
  return async (request) => {
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "");
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    // Read it whole even if nobody looks: an unread body would cost the connection.
    const body = method === "GET" ? "" : await readBody(request);
    const [, id] = (method === "GET" && /^\/products\/([^/]+)$/.exec(path)) || [];
    if (id !== undefined) return { route: "GET /products/:id", ...productOf(id) };
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
  };
}

function productOf(wanted: string): { status: number; body: string } {
  const found = products.find(({ id }) => String(id) === wanted);
  return found === undefined ? problem(404, "no such product") : ok(found);
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
