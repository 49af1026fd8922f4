/**
 * `npm run bench:arrivals`: how exactly a worker starts iterations, by how much of its core it uses, on this machine.
 * Prints for each client what one worker starts a second at most, and then, of seconds in which it used about so much of
 * its core, how many starts were within 10 ms, of all and in the median second. CPU tells how near the worker is to its
 * most, and not the rate, as a core that others use, too, is faster in one second than in the next. The target is nginx,
 * out of Debian's package, so that the worker is what limits the load. Linux holds the worker to a core, as it has one in
 * a pod, and all else to another (`taskset`).
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { sum } from "simple-statistics";
import { LocustClient } from "../runner/engine/client";
import { driveRun } from "../runner/engine/run";
import { ensureEnvironment } from "../runner/places/local/environment";
import { startLocal } from "../runner/places/local/local";
import { spreadOf } from "./cluster/statistics";
import { printMachine } from "./measure";
import { unpackDebian } from "./peers/install";
import { cores } from "./peers/processes";
import { startTarget } from "./peers/target";

const root = join(__dirname, "..");
const rounds = 2;
/** Enough that none of what is due waits for a user: each of 100 would have 6 ms for an iteration, at 15,000/s. */
const users = 500;
/** Seconds of a run. */
const [running, searching] = [20, 6];
/** What is asked for, of the most that the worker has started. */
const shares = [0.5, 0.6, 0.7, 0.8];
/** Seconds are put together by the worker's CPU, of a core: from each of these to the next. */
const borders = [0.45, 0.55, 0.65, 0.75, 0.85, 0.95, 1.05];
/** Starts a second where the search for the most begins. */
const somewhere = 20_000;
/** Each look for the most asks for so much more than the one before, until less than `reached` of it starts. */
const [more, reached] = [1.15, 0.98];

/** The worker writes a line a second: its clock, its CPU, and all starts and late ones so far. */
const script = (client: string, file: string) => `import json
import time

import locust.runners
from locust import ${client}, events, task

locust.runners.WORKER_REPORT_INTERVAL = 1.0


class User(${client}):
    @task
    def look(self) -> None:
        self.client.get("/")


def keep(data, **_) -> None:
    counts = data["loadtest"].get("arrivals")
    if counts is not None:
        with open("${file}", "a") as lines:
            lines.write(json.dumps([time.perf_counter(), time.process_time(), counts["started"], counts["late"]]) + "\\n")


@events.test_start.add_listener
def begin(**_) -> None:
    # Now, as the plugin puts its part into a report first.
    events.report_to_master.add_listener(keep)
`;

/** One second of a worker. */
interface Second {
  /** Share of a core. */
  readonly cpu: number;
  readonly started: number;
  readonly late: number;
}

interface Measured {
  readonly due: number;
  readonly started: number;
  readonly perSecond: number;
  /** All but the first, in which users connect. */
  readonly seconds: readonly Second[];
}

async function measure(client: string, python: string, host: string, rate: number, time: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "loadtest-bench-"));
  const [file, lines] = [join(folder, "users.py"), join(folder, "seconds")];
  await writeFile(file, script(client, lines));
  const settings = {
    ...{ users, spawnRate: users, runTime: `${time}s`, workerReplicas: 1, autostart: false },
    ...{ environment: {}, targetHost: host },
  };
  const session = await startLocal({
    ...{ settings, python: await pythonOn(folder, python), script: file, logs: folder },
    plugin: join(root, "locust", "plugin", "loadtest"),
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
    const { due, started } = report;
    return { due, started, perSecond: started / duration, seconds: secondsOf(await readFile(lines, "utf8")) };
  } finally {
    await session.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A program that is `python`, and has a worker on its own core. */
async function pythonOn(folder: string, python: string): Promise<string> {
  const file = join(folder, "python");
  const onCore = `*" --worker "*) exec taskset -c ${cores.load} "${python}" "$@" ;;`;
  const lines = ["#!/bin/sh", `case " $* " in`, onCore, "esac", `exec "${python}" "$@"`, ""];
  await writeFile(file, lines.join("\n"), { mode: 0o755 });
  return file;
}

function secondsOf(text: string): Second[] {
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as [number, number, number, number]);
  return lines.slice(1).flatMap((line, index) => {
    const [time, cpu, started, late] = line.map((value, field) => value - (lines[index]?.[field] ?? 0)) as typeof line;
    return started === 0 ? [] : [{ cpu: cpu / time, started, late }];
  });
}

/**
 * What a worker starts a second at most. What is due and dropped costs CPU, so a rate that is far too high shows less
 * than it can start.
 */
async function findMost(client: string, python: string, host: string): Promise<number> {
  let { perSecond: most } = await measure(client, python, host, somewhere, searching);
  for (let rate = most * more; ; rate *= more) {
    const { perSecond, started, due } = await measure(client, python, host, Math.round(rate), searching);
    most = Math.max(most, perSecond);
    if (started < reached * due) return most;
  }
}

function printRows(client: string, seconds: readonly Second[]): void {
  borders.slice(1).forEach((to, index) => {
    const from = borders[index] ?? 0;
    const those = seconds.filter(({ cpu }) => cpu >= from && cpu < to);
    if (those.length === 0) return;
    const [started, late] = [sum(those.map((one) => one.started)), sum(those.map((one) => one.late))];
    const middle = spreadOf(those.map((one) => one.late / one.started))?.median ?? Number.NaN;
    const cells = [
      `${(from * 100).toFixed(0)}–${(Math.min(to, 1) * 100).toFixed(0)} %`,
      `${those.length}`,
      (started / those.length).toFixed(0),
      ...[late / started, middle].map((share) => `${((1 - share) * 100).toFixed(2)} %`),
    ];
    console.log(`${client.padEnd(12)}${cells.map((cell) => cell.padStart(15)).join("")}`);
  });
}

async function main(): Promise<void> {
  printMachine(rounds);
  // What is started from here on has it from this process.
  execFileSync("taskset", ["-a", "-p", "-c", String(cores.target), String(process.pid)]);
  const python = await ensureEnvironment({
    ...{ directory: join(root, ".loadtest"), requirements: join(root, "locust", "requirements.txt") },
    ...{ packages: [], constraints: join(root, "locust", "constraints.txt") },
    progress: (text) => console.log(text),
  });
  const target = await startTarget(await unpackDebian(join(root, ".loadtest", "peers"), console.log));
  console.log(`one worker, ${users} users; load average ${loadavg()[0]?.toFixed(1)}`);
  try {
    for (const client of ["HttpUser", "FastHttpUser"]) {
      const most = await findMost(client, python, target.plain);
      console.log(`${client}: ${most.toFixed(0)} starts a second at the most`);
      const seconds: Second[] = [];
      for (let round = 0; round < rounds; round++)
        for (const share of shares) {
          const one = await measure(client, python, target.plain, Math.round(most * share), running);
          seconds.push(...one.seconds);
        }
      console.log("client             CPU, core        seconds       starts/s   within 10 ms  median second");
      printRows(client, seconds);
    }
  } finally {
    await target.close();
  }
  console.log(`load average at the end ${loadavg()[0]?.toFixed(1)}`);
}

void main();
