/**
 * `npm run bench:arrivals`: how exactly a worker starts iterations at 80 % of what it can start, on this machine. Prints
 * a row for each client: what one worker starts a second at most and its CPU then, what it was asked for after that, how
 * many of the starts were within 10 ms, by how much they were late, and the worker's CPU. The target is nginx, so that
 * the worker is what limits the load: of the PATH, or out of Debian's package.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { LocustClient } from "../runner/engine/client";
import { driveRun } from "../runner/engine/run";
import { ensureEnvironment } from "../runner/places/local/environment";
import { startLocal } from "../runner/places/local/local";
import type { ArrivalsReport } from "../runner/verdict/arrivals";
import { printMachine } from "./measure";
import { startNginx } from "./nginx";

const root = join(__dirname, "..");
const rounds = 3;
const users = 100;
/** Seconds of a run. */
const [seconds, searching] = [10, 6];
/** Of what a worker can start. */
const share = 0.8;
/** CPU, of what it may use, from which on the worker is what limits the load. */
const saturated = 0.9;
/** Starts a second that no worker comes to. */
const tooMany = 20_000;
/** Each look for the most asks for so much more than the one before, until less than `reached` of it starts. */
const [more, reached] = [1.15, 0.98];

const script = (client: string) => `from locust import ${client}, task


class User(${client}):
    @task
    def look(self) -> None:
        self.client.get("/")
`;

interface Measured extends Pick<ArrivalsReport, "due" | "started" | "late" | "lag"> {
  readonly perSecond: number;
  /** Share of what it may use: the most in three seconds. */
  readonly cpu: number;
}

async function measure(client: string, python: string, host: string, rate: number, time: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "loadtest-bench-"));
  const file = join(folder, "users.py");
  await writeFile(file, script(client));
  const settings = {
    ...{ users, spawnRate: users, runTime: `${time}s`, workerReplicas: 1, autostart: false },
    ...{ environment: {}, targetHost: host },
  };
  const session = await startLocal({
    ...{ settings, python, script: file, logs: folder, plugin: join(root, "locust", "plugin", "loadtest") },
    ...{ progress: () => undefined, signal: new AbortController().signal, kill: new AbortController().signal },
  });
  try {
    const arrivals = { rate: String(rate), spacing: "even" } as const;
    const { integrity, duration } = await driveRun({
      client: new LocustClient(session.endpoint),
      plan: { users, spawnRate: users, runTime: time, workers: 1, thresholds: [], arrivals },
    });
    const report = integrity?.arrivals;
    if (report === undefined) throw new Error("the run has told nothing of its iterations");
    const [cpu] = Object.values(integrity?.workerCpu ?? {});
    return { ...report, perSecond: report.started / duration, cpu: cpu?.max ?? 0 };
  } finally {
    await session.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is due and dropped costs CPU, so a rate that is far too high shows less than a worker can start. */
async function findMost(client: string, python: string, host: string): Promise<Measured> {
  let most = await measure(client, python, host, tooMany, searching);
  for (let rate = most.perSecond * more; ; rate *= more) {
    const one = await measure(client, python, host, Math.round(rate), searching);
    if (one.perSecond > most.perSecond) most = one;
    if (one.started < reached * one.due) return most;
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`.padStart(7);
}

function median<T>(values: readonly T[], by: (value: T) => number): T {
  return values.toSorted((a, b) => by(a) - by(b))[Math.floor(values.length / 2)] as T;
}

async function main(): Promise<void> {
  printMachine(rounds);
  const python = await ensureEnvironment({
    ...{ directory: join(root, ".loadtest"), requirements: join(root, "locust", "requirements.txt") },
    ...{ packages: [], constraints: join(root, "locust", "constraints.txt") },
    progress: (text) => console.log(text),
  });
  const target = await startNginx(join(root, ".loadtest", "nginx"));
  console.log(`one worker, ${users} users; load average ${loadavg()[0]?.toFixed(1)}`);
  console.log(
    "client        at most/s     CPU   asked/s   started          within 10 ms   p50 ms   p99 ms   max ms     CPU",
  );
  try {
    for (const client of ["HttpUser", "FastHttpUser"]) {
      const most = await findMost(client, python, target.url);
      if (most.cpu < saturated) console.log(`${client}: something else than the worker was the limit, or had its CPU`);
      const rate = Math.round(most.perSecond * share);
      const found: Measured[] = [];
      for (let round = 0; round < rounds; round++) found.push(await measure(client, python, target.url, rate, seconds));
      const one = median(found, ({ late, started }) => late / started);
      const within = `${((1 - one.late / one.started) * 100).toFixed(2)} %`;
      const lags = [one.lag.p50, one.lag.p99, one.lag.max].map((lag) => String(lag).padStart(8));
      console.log(
        `${client.padEnd(13)} ${most.perSecond.toFixed(0).padStart(9)} ${percent(most.cpu)} ${String(rate).padStart(9)}   ` +
          `${`${one.started} of ${one.due}`.padEnd(18)} ${within.padStart(10)} ${lags.join(" ")} ${percent(one.cpu)}`,
      );
    }
  } finally {
    await target.close();
  }
  console.log(`load average at the end ${loadavg()[0]?.toFixed(1)}`);
}

void main();
