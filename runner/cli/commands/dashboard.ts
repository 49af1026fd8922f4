import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { LocustClient } from "../../engine/client";
import { Pulse } from "../../engine/pulse";
import { waitForWorkers } from "../../engine/ready";
import { defaultTiming } from "../../engine/timing";
import { messageOf, RunnerError } from "../../errors";
import { exitCodes } from "../../types";
import type { DashboardOptions } from "../command-options";
import { type LocalTest, localSetup, openLocal } from "../local";
import { showPage, usualPort } from "../page";
import { keepPageRuns } from "../page-runs";
import { readCommandSettings } from "../settings";
import { planOf, requireWorkers } from "../setup";
import { listenToSignals, type Signals } from "../signals";
import { type Progress, progressOf } from "../terminal/progress";

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
