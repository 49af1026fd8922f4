import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Endpoint, LocustClient } from "../../engine/client";
import { Pulse } from "../../engine/pulse";
import { waitForWorkers } from "../../engine/ready";
import { defaultTiming } from "../../engine/timing";
import { messageOf, RunnerError } from "../../errors";
import { exitCodes } from "../../types";
import { type LocalTest, localSetup, openLocal } from "../local";
import type { ClusterOptions } from "../options";
import { keepPageRuns } from "../page-runs";
import { readCommandSettings, type SettingsOptions } from "../settings";
import { planOf, requireWorkers } from "../setup";
import { listenToSignals, type Signals } from "../signals";
import { type Progress, progressOf } from "../terminal/progress";

export interface DashboardOptions extends SettingsOptions, Omit<ClusterOptions, "stack"> {
  readonly local?: boolean;
  readonly demo?: boolean;
  readonly open: boolean;
  readonly results: string;
  readonly port?: number;
}

/** Locust's own port: an address that people remember. */
export const usualPort = 8089;

/** `loadtest dashboard`. */
export async function dashboardCommand(options: DashboardOptions): Promise<number> {
  if (options.local === true) return dashboardHere(options);
  return (await import("./dashboard-in-cluster.js")).dashboardInCluster(options);
}

/** `loadtest dashboard --local`: keeps Locust's page up until Ctrl-C, and the results of runs started there. */
async function dashboardHere(options: DashboardOptions): Promise<number> {
  const command = readCommandSettings(options);
  requireWorkers(command.settings);
  const plan = { ...planOf(command.settings), runTime: undefined };
  const progress = await progressOf(plan);
  const signals = listenToSignals((signal) => progress.say(`${signal}: ending Locust…`));
  const logs = join(command.projectDirectory, ".loadtest", "logs", new Date().toISOString().replace(/\.\d+|[-:]/g, ""));
  try {
    for (const warning of command.warnings) progress.warning(warning);
    await mkdir(logs, { recursive: true });
    const test = await openLocal({
      command,
      demo: options.demo === true,
      logs,
      port: options.port ?? usualPort,
      progress: (text) => progress.say(text),
      signal: signals.interrupt,
      kill: signals.kill,
    });
    try {
      await requireReady(test, progress, signals);
      await showPage(test.session.endpoint, options.open, progress);
      const { session, target } = test;
      const setup = localSetup(command, { ...plan, host: target });
      await keepPageRuns({ session, setup, results: options.results, progress, signals, leave: false });
      if (!signals.interrupt.aborted) throw new RunnerError(messageOf(session.masterLost.reason));
    } finally {
      await test.close();
    }
    return exitCodes.passed;
  } finally {
    signals.dispose();
  }
}

/** A start on the page without workers would do nothing, and say nothing. */
async function requireReady({ session }: LocalTest, progress: Progress, signals: Signals): Promise<void> {
  const answer = await waitForWorkers({
    pulse: new Pulse(new LocustClient(session.endpoint), signals.interrupt),
    workers: session.workers,
    timing: defaultTiming,
    observer: { waiting: (status) => progress.waiting(status) },
    stop: AbortSignal.any([signals.interrupt, session.startFailed]),
  });
  session.startFailed.throwIfAborted();
  if (typeof answer === "string" && !signals.interrupt.aborted) throw new RunnerError(answer);
}

/** Prints the page's address, and opens it where somebody sits at a terminal. */
export async function showPage({ url, token }: Endpoint, open: boolean, progress: Progress): Promise<void> {
  const address = `${url}/?token=${token}`;
  // The address is a key: whoever has it can start load from this machine.
  process.stdout.write(`Locust's page: ${address}\nCtrl-C ends it.\n`);
  if (!open || process.stdout.isTTY !== true) return;
  try {
    const browser = await (await import("open")).default(address);
    browser.on("error", () => progress.warning("no browser could be opened; open the address yourself"));
  } catch (error) {
    progress.warning(`no browser could be opened: ${messageOf(error)}`);
  }
}
