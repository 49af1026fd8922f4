/**
 * `npm run bench:otel`: what OpenTelemetry costs a worker, on this machine. Prints a row for each client: requests a
 * second for each core of the worker, without spans, with a span for each request, and with one for each hundredth.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDemoTarget } from "../runner/demo/target";
import { LocustClient } from "../runner/engine/client";
import { driveRun } from "../runner/engine/run";
import { ensureEnvironment } from "../runner/places/local/environment";
import { startLocal } from "../runner/places/local/local";
import { printMachine } from "./measure";

const root = join(__dirname, "..");
const rounds = 3;
/** Of a run; the first ones are not counted. */
const [seconds, settling] = [10, 3];
const users = 20;

const script = (client: string) => `from locust import ${client}, constant, task


class User(${client}):
    wait_time = constant(0)

    @task
    def look(self) -> None:
        self.client.get("/")
`;

const sampled = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.01" };

interface Way {
  readonly otelEndpoint?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Requests of one run for each second that the worker has had of a core. */
async function perCore(client: string, python: string, host: string, { otelEndpoint, environment = {} }: Way) {
  const folder = await mkdtemp(join(tmpdir(), "loadtest-bench-"));
  const file = join(folder, "users.py");
  await writeFile(file, script(client));
  const settings = {
    ...{ users, spawnRate: users, runTime: `${seconds}s`, workerReplicas: 1, autostart: false },
    ...{ environment, targetHost: host, otelEndpoint },
  };
  const session = await startLocal({
    ...{ settings, python, script: file, logs: folder, plugin: join(root, "locust", "plugin", "loadtest") },
    ...{ progress: () => undefined, signal: new AbortController().signal, kill: new AbortController().signal },
  });
  try {
    let before = { requests: 0, t: 0 };
    let [requests, cores] = [0, 0];
    await driveRun({
      client: new LocustClient(session.endpoint),
      plan: { users, spawnRate: users, runTime: seconds, workers: 1, thresholds: [] },
      observer: {
        sample({ t, phase, requests: all, workerCpu }) {
          const [cpu = 0] = Object.values(workerCpu);
          if (phase === "hold" && before.t >= settling) {
            requests += all - before.requests;
            cores += cpu * (t - before.t);
          }
          before = { requests: all, t };
        },
      },
    });
    return requests / cores;
  } finally {
    await session.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  printMachine(rounds);
  const python = await ensureEnvironment({
    ...{ directory: join(root, ".loadtest"), requirements: join(root, "locust", "requirements.txt") },
    ...{ packages: ["locust[otel]"], constraints: join(root, "locust", "constraints.txt") },
    progress: (text) => console.log(text),
  });
  const target = await startDemoTarget({ port: 0 });
  const collector = createServer((request, response) => request.resume().once("end", () => response.end()));
  await new Promise<void>((listening) => collector.listen(0, "127.0.0.1", listening));
  const otelEndpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  console.log("requests a second for each core   off     all spans       1 in 100");
  for (const client of ["HttpUser", "FastHttpUser"]) {
    const ways: Way[] = [{}, { otelEndpoint }, { otelEndpoint, environment: sampled }];
    const found: number[][] = ways.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, way] of ways.entries()) {
        found[index]?.push(await perCore(client, python, target.url, way));
      }
    }
    const [off = 0, ...on] = found.map((all) => all.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0);
    const cells = on.map((value) => `${value.toFixed(0).padStart(7)} (${((value / off - 1) * 100).toFixed(0)} %)`);
    console.log(`${client.padEnd(30)} ${off.toFixed(0).padStart(6)} ${cells.join("   ")}`);
  }
  collector.closeAllConnections();
  collector.close();
  await target.close();
}

void main();
