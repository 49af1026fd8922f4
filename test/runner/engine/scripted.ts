import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { LocustClient } from "../../../runner/engine/client";
import type { LocustStatus, RecordedSeries, WorkerStatus } from "../../../runner/types";
import type { Counts } from "../../../runner/types/counts";

/** A worker as a status has it. */
export function worker(name: string, change: Partial<WorkerStatus> = {}): WorkerStatus {
  return { id: `host_${name}`, name, state: "ready", users: 0, cpu: 0.1, cpuLimit: 1, memory: 50e6, ...change };
}

export function status(change: Partial<LocustStatus> = {}): LocustStatus {
  return {
    locust: "2.47.0",
    python: "3.11.7",
    script: "script1.py",
    state: "ready",
    run: 0,
    drained: false,
    startedAt: null,
    elapsed: null,
    runTime: null,
    kept: false,
    users: 0,
    targetUsers: 0,
    spawnRate: 0,
    shape: null,
    host: null,
    hosts: { WebsiteUser: "http://127.0.0.1:1" },
    workers: [worker("worker-1"), worker("worker-2")],
    master: { id: "master-1", cpu: 0.01, cpuLimit: 1, memory: 60e6 },
    requests: 0,
    failures: 0,
    rps: 0,
    failuresPerSecond: 0,
    p50: null,
    p95: null,
    p99: null,
    ...change,
  };
}

export const csvHead =
  "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time," +
  "Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%";

/** `requests.csv` with one request and the total, all of whose times are `time` ms. */
export function requestsCsv(requests: number, failures: number, time = 12): string {
  const numbers = `${requests},${failures},${time},${time},${time},${time},100,${requests / 10},${failures / 10}`;
  const row = `${numbers},${Array(11).fill(time).join(",")}`;
  return `${csvHead}\r\nGET,/,${row}\r\n,Aggregated,${row}\r\n`;
}

/** A server that answers like Locust's master with the plugin, and does what a test says. */
export class ScriptedLocust {
  /** What `/loadtest/status` answers; replace it, or let `onSwarm` and `onStop` do so. */
  status: LocustStatus = status();
  requests = requestsCsv(0, 0);
  /** Why `/loadtest/kept` says no. */
  keepRefusal: string | undefined;
  /** What `/loadtest/samples` answers. */
  series: RecordedSeries = { run: 0, interval: 1, samples: [] };
  /** Every request that changes something: `POST /swarm user_count=…`. */
  readonly calls: string[] = [];
  /** Authorization headers that were seen. */
  readonly tokens = new Set<string | undefined>();
  onSwarm: (form: URLSearchParams) => object = () => {
    this.run({ users: 10 });
    return { success: true };
  };
  /** What `/loadtest/counts` answers; undefined for an older plugin, which does not know it. */
  onCounts: (() => Counts) | undefined;
  onStop: () => void = () => this.ended();
  /** Answers nothing any more; connections stay open. */
  silent = false;
  private server: Server | undefined;

  /** @param patience of the client, in ms */
  async start(patience = 100): Promise<LocustClient> {
    this.server = createServer((request, response) => {
      // A test that throws cuts the connection.
      this.answer(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => this.server?.listen(0, "127.0.0.1", resolve));
    return new LocustClient({ url: `http://127.0.0.1:${this.port}`, token: "secret-token" }, patience);
  }

  get port(): number {
    const address = this.server?.address();
    if (typeof address !== "object" || address === null) throw new Error("the scripted Locust is not started");
    return address.port;
  }

  async close(): Promise<void> {
    this.server?.closeAllConnections();
    await new Promise((resolve) => this.server?.close(resolve));
  }

  /** A test is going on. */
  run(change: Partial<LocustStatus> = {}): void {
    const users = change.users ?? 10;
    this.status = status({
      state: "running",
      run: this.status.run + 1,
      targetUsers: users,
      requests: 100,
      rps: 10,
      p50: 10,
      p95: 20,
      p99: 30,
      workers: ["worker-1", "worker-2"].map((name) => worker(name, { state: "running", users: users / 2 })),
      ...change,
    });
    this.requests = requestsCsv(100, 0);
  }

  /** The test has ended, and all is reported. */
  ended(change: Partial<LocustStatus> = {}): void {
    const workers = this.status.workers.map((one) => ({ ...one, state: "ready" as const, users: 0 }));
    this.status = { ...this.status, state: "stopped", users: 0, drained: true, workers, requests: 150, ...change };
    this.requests = requestsCsv(150, 3);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.silent) return;
    this.tokens.add(request.headers.authorization);
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const path = request.url ?? "";
    const json = (value: object) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(value));
    };
    if (request.method === "POST") this.calls.push(`POST ${path} ${body}`.trim());
    if (path === "/loadtest/status") return json(this.status);
    if (path === "/swarm") return json(this.onSwarm(new URLSearchParams(body)));
    if (path === "/stop") {
      this.onStop();
      return json({ success: true });
    }
    if (path === "/loadtest/kept") {
      if (this.keepRefusal !== undefined) {
        response.statusCode = 409;
        return json({ success: false, message: this.keepRefusal });
      }
      this.status = { ...this.status, kept: true };
      return json({ success: true });
    }
    if (path.startsWith("/loadtest/samples?after=")) {
      const after = Number(path.split("=")[1]);
      return json({ ...this.series, samples: this.series.samples.filter(({ t }) => t > after) });
    }
    if (path.startsWith("/loadtest/counts") && this.onCounts !== undefined) return json(this.onCounts());
    if (path === "/stats/requests/csv") return void response.end(this.requests);
    if (path.endsWith("/csv")) return void response.end("head\r\n");
    if (path.startsWith("/stats/report")) return void response.end("<html>report</html>");
    response.statusCode = 404;
    response.end("not found");
  }
}
