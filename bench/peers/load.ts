/** Runs wrk, vegeta or Artillery for a number of users, and looks at it meanwhile. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { messageOf } from "../../runner/errors";
import { artillery } from "./commands/artillery";
import type { CommandTool, Setting } from "./commands/command";
import { vegeta } from "./commands/vegeta";
import { wrk } from "./commands/wrk";
import type { Command } from "./configurations";
import type { Programs } from "./install";
import { cores, endProcess, isRunning, makeFolder, removeFolder, spawnOn } from "./processes";
import type { Target } from "./target";
import { type Load, type Order, toWindow } from "./window";

const commands: Readonly<Record<Command, CommandTool>> = { wrk, vegeta, Artillery: artillery };

/** Seconds that a tool may take to say what it has done. */
const mostSecondsToEnd = 60;

/** Seconds from the first request to the window: users that connect with TLS take longer. */
function settleOf({ kind, users }: Order, tls: boolean): number {
  return 3 + (kind === "busy" ? 0 : users / (tls ? 1500 : 5000));
}

export function commandLoad(name: Command, tls: boolean, target: Target, programs: Programs): Load {
  const tool = commands[name];
  return async (order) => {
    const folder = makeFolder();
    try {
      const settle = settleOf(order, tls);
      const setting: Setting = {
        // A second more, as a target that is busy takes its time to say what it has counted.
        ...{ order, settle, folder, span: order.seconds + 1 },
        ...{ host: tls ? target.tls : target.plain, certificate: tls ? target.certificate : undefined },
      };
      return await measure(tool, setting, target, programs);
    } finally {
      removeFolder(folder);
    }
  };
}

async function measure(tool: CommandTool, setting: Setting, target: Target, programs: Programs) {
  const { order, settle, folder } = setting;
  const { program, args, env } = await tool.prepare(setting, programs);
  const log = join(folder, "output");
  await target.settled();
  const output = openSync(log, "w");
  const child = spawnOn(cores.load, program, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  try {
    target.watch(child.pid ?? 0);
    await untilRequests(target, child);
    await pause(settle * 1000);
    const before = await target.sample();
    await pause(order.seconds * 1000);
    const after = await target.sample();
    const signal = tool.end(order);
    if (!isRunning(child)) throw new Error("it has ended before the window has");
    await (signal === undefined ? once(child, "exit") : endProcess(child, mostSecondsToEnd * 1000, signal));
    const said = await tool.read(setting, await readFile(log, "utf8"), programs);
    return toWindow(order, [before, after], said);
  } catch (error) {
    throw new Error(`${program} ${args.join(" ")}: ${messageOf(error)}\n${(await readFile(log, "utf8")).slice(-1000)}`);
  } finally {
    await endProcess(child, 0, "SIGKILL");
  }
}

/** Or until the tool has ended. Each look is a request, too. */
async function untilRequests(target: Target, tool: ChildProcess): Promise<void> {
  const { requests: first } = await target.sample();
  for (let looks = 1; looks < 600; looks++) {
    await pause(50);
    const { requests } = await target.sample();
    if (requests - first > looks || !isRunning(tool)) return;
  }
  throw new Error("it has made no request within 30 s");
}
