/** Runs wrk, vegeta or Artillery for a number of users, and looks at it meanwhile. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { artillery } from "./commands/artillery";
import type { CommandTool, Setting } from "./commands/command";
import { vegeta } from "./commands/vegeta";
import { wrk } from "./commands/wrk";
import type { Command } from "./configurations";
import type { Programs } from "./install";
import { cores, endProcess, makeFolder, removeFolder, spawnOn } from "./processes";
import type { Target } from "./target";
import { type Load, type Order, toWindow } from "./window";

const commands: Readonly<Record<Command, CommandTool>> = { wrk, vegeta, Artillery: artillery };

/** Seconds of a window, and from the first request to it: users that connect with TLS take longer. */
export const windowSeconds = { busy: 3, calm: 3 };

function settleOf({ kind, users }: Order, tls: boolean): number {
  return kind === "busy" ? 1 : 3 + users / (tls ? 1500 : 5000);
}

export function commandLoad(name: Command, tls: boolean, target: Target, programs: Programs): Load {
  const tool = commands[name];
  return async (order) => {
    const folder = makeFolder();
    try {
      const settle = settleOf(order, tls);
      const setting: Setting = {
        // A second more, as a target that is busy takes its time to say what it has counted.
        ...{ order, settle, folder, seconds: settle + windowSeconds[order.kind] + 1 },
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
    await pause(windowSeconds[order.kind] * 1000);
    const after = await target.sample();
    if (child.exitCode === 0 && order.kind === "calm") {
      // Its users took so long to come that its time was over: they do not fit.
      return toWindow(order.users, [before, after], { failures: 0 }, 0);
    }
    if (child.exitCode !== null) throw new Error(`${program} has ended too soon: ${await readFile(log, "utf8")}`);
    if (tool.endless?.(order)) return toWindow(order.users, [before, after], { failures: 0 });
    await once(child, "exit");
    const said = await tool.read(setting, await readFile(log, "utf8"), programs);
    return toWindow(order.users, [before, after], order.kind === "busy" ? { failures: said.failures } : said);
  } finally {
    child.kill("SIGKILL");
    await endProcess(child, 0);
  }
}

/** Or until the tool has ended. Each look is a request, too. */
async function untilRequests(target: Target, tool: ChildProcess): Promise<void> {
  const { requests: first } = await target.sample();
  for (let looks = 1; looks < 600; looks++) {
    await pause(50);
    const { requests } = await target.sample();
    if (requests - first > looks || tool.exitCode !== null) return;
  }
  throw new Error("no request came within 30 s");
}
