import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "../../engine/timing";
import { RunnerError } from "../../errors";
import { loopback } from "../network";
import { ManagedProcess } from "./process";

/** A running demo target. */
export interface Demo {
  readonly url: string;
  close(): Promise<void>;
}

const bootLimit = 10_000;

/** Starts the demo target as a process of its own, so that load and the command do not share one event loop. */
export async function startDemo(logs: string): Promise<Demo> {
  const script = join(__dirname, "..", "..", "demo", "main.js");
  if (!existsSync(script)) throw new RunnerError("the demo target is not built: npm run build");
  const target = await ManagedProcess.start({
    name: "demo target",
    command: process.execPath,
    args: [script, "--port", "0"],
    env: process.env,
    cwd: logs,
    log: join(logs, "demo-target.log"),
  });
  const url = await addressOf(target).catch(async (error: unknown) => {
    await target.stop(0);
    throw error;
  });
  return {
    url,
    async close() {
      await target.stop(1000);
    },
  };
}

/** The target writes its address into its log as soon as it listens. */
async function addressOf(target: ManagedProcess): Promise<string> {
  const deadline = performance.now() + bootLimit;
  while (target.alive && performance.now() < deadline) {
    const match = /\{"url":\s*"(http:[^"]+)"\}/.exec(await readFile(target.log, "utf8"));
    if (match?.[1] !== undefined) return match[1];
    await pause(20);
  }
  throw new RunnerError(`the demo target did not start on ${loopback} (${target.log})`);
}
