/** `npm run bench`: how fast a local run gets going. Prints a line a number, with its spread, and exits 1 over a limit. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDemoTarget } from "../runner/demo/target";
import { LocustClient } from "../runner/engine/client";
import { driveRun } from "../runner/engine/run";
import { ensureEnvironment } from "../runner/places/local/environment";
import { startLocal } from "../runner/places/local/local";
import { measure, printMachine, report, since } from "./measure";

const rounds = 5;
const root = join(__dirname, "..");
const never = new AbortController().signal;

const boot = measure("boot to two ready workers", 2);
const sample = measure("start to first sample with requests", 4);
const drain = measure("stop to the last report of every worker", 4);
const help = measure("loadtest --help", 0.3);

async function measureRun(python: string, host: string): Promise<void> {
  const logs = await mkdtemp(join(tmpdir(), "loadtest-bench-"));
  const settings = {
    ...{ users: 10, spawnRate: 10, runTime: "5s", workerReplicas: 2 },
    ...{ autostart: false, environment: {}, targetHost: host },
  };
  const begun = performance.now();
  const session = await startLocal({
    settings,
    python,
    plugin: join(root, "locust", "plugin", "loadtest"),
    script: join(root, "locust", "scripts", "script1.py"),
    logs,
    progress: () => undefined,
    signal: never,
    kill: never,
  });
  try {
    let started = 0;
    let first = 0;
    let stopped = 0;
    await driveRun({
      client: new LocustClient(session.endpoint),
      plan: { users: 10, spawnRate: 10, runTime: 5, workers: 2, thresholds: [] },
      beforeStart: () => void boot.seconds.push(since(begun)),
      observer: {
        started() {
          started = performance.now();
        },
        sample({ requests }) {
          if (requests > 0 && first === 0) {
            first = performance.now();
            sample.seconds.push((first - started) / 1000);
          }
        },
        phase(phase) {
          if (phase === "stop") stopped = performance.now();
        },
        snapshot() {
          // The last snapshot is taken once every report is in.
          if (stopped > 0) drain.seconds.push(since(stopped));
        },
      },
    });
  } finally {
    await session.close();
    await rm(logs, { recursive: true, force: true });
  }
}

function measureHelp(): void {
  const begun = performance.now();
  const { status } = spawnSync(process.execPath, [join(root, "bin", "loadtest.js"), "--help"]);
  if (status !== 0) throw new Error(`loadtest --help exits with ${status}`);
  help.seconds.push(since(begun));
}

async function main(): Promise<void> {
  printMachine(rounds);
  const python = await ensureEnvironment({
    directory: join(root, ".loadtest"),
    requirements: join(root, "locust", "requirements.txt"),
    constraints: join(root, "locust", "constraints.txt"),
    progress: (text) => console.log(text),
  });
  const target = await startDemoTarget({ port: 0 });
  for (let round = 0; round < rounds; round++) {
    await measureRun(python, target.url);
    measureHelp();
  }
  await target.close();
  report([boot, sample, drain, help]);
}

void main();
