import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { LocustClient } from "../../engine/client";
import { waitForWorkers } from "../../engine/start";
import { StatusPoller } from "../../engine/status-poller";
import { defaultTiming } from "../../engine/timing";
import { messageOf, RunnerError } from "../../errors";
import type { Session } from "../../places/place";
import { createResultsFolder } from "../../results/folder";
import { exitCodes, type LocustStatus } from "../../types";
import { localSetup, openLocal } from "../local";
import type { DashboardOptions } from "../options";
import { printRun } from "../output";
import { followInto } from "../record-run";
import { readCommandSettings } from "../settings";
import { arrivalsOf, planOf, requireWorkers, type TestSetup } from "../setup";
import { listenToSignals, type Signals } from "../signals";
import { type Progress, progressOf } from "../terminal/progress";
import { showWebUi, usualPort, watchWebUiRuns, webUiRunText } from "../web-ui";

/** `loadtest dashboard`. */
export async function dashboardCommand(options: DashboardOptions): Promise<number> {
  if (options.local === true) return dashboardHere(options);
  return (await import("./in-cluster/dashboard.js")).dashboardInCluster(options);
}

/** `loadtest dashboard --local`: has Locust's web UI up until Ctrl-C, and saves the runs that are started there. */
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
      await requireReady(test.session, progress, signals);
      await showWebUi(test.session.endpoint, options.open, progress);
      const { session, target } = test;
      const setup = localSetup(command, { ...plan, host: target });
      await saveRuns(session, setup, options.results, progress, signals);
      if (!signals.interrupt.aborted) throw new RunnerError(messageOf(session.masterLost.reason));
    } finally {
      await test.close();
    }
    return exitCodes.passed;
  } finally {
    signals.dispose();
  }
}

/** Saves and judges each run of the web UI; an interrupt ends it. @param results folder of all runs */
async function saveRuns(
  session: Session,
  setup: TestSetup,
  results: string,
  progress: Progress,
  signals: Signals,
): Promise<void> {
  const { endpoint, masterLost, timing } = session;
  const client = new LocustClient(endpoint);
  const save = async (seen: LocustStatus) => {
    const own = setupOf(setup, seen);
    const folder = await createResultsFolder({ base: resolve(results), script: own.script, now: new Date() });
    progress.say(webUiRunText(seen));
    const saved = await followInto({ client, setup: own, seen, folder, progress, signals, masterLost, timing });
    if (saved !== undefined) printRun(saved);
  };
  await watchWebUiRuns(client, save, signals.interrupt, masterLost);
}

/** What a run of the web UI was asked for; the rest is the command's. */
function setupOf(setup: TestSetup, status: LocustStatus): TestSetup {
  const { script, targetUsers: users, spawnRate, host } = status;
  const { arrivals: _, ...plan } = setup.plan;
  return { ...setup, script, plan: { ...plan, users, spawnRate, host: host ?? plan.host, ...arrivalsOf(status) } };
}

/** A start in the web UI without workers would do nothing, and say nothing. */
async function requireReady(session: Session, progress: Progress, signals: Signals): Promise<void> {
  const poller = new StatusPoller(new LocustClient(session.endpoint), signals.interrupt);
  const observer = { waiting: (status: LocustStatus) => progress.waiting(status) };
  const stop = AbortSignal.any([signals.interrupt, session.startFailed]);
  const answer = await waitForWorkers({ poller, timing: defaultTiming, observer }, session.workers, stop);
  session.startFailed.throwIfAborted();
  if (typeof answer === "string" && !signals.interrupt.aborted) throw new RunnerError(answer);
}
