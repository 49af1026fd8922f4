import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { LocustClient } from "../engine/client";
import type { RunPlan } from "../engine/plan";
import { Pulse } from "../engine/pulse";
import { waitForWorkers } from "../engine/ready";
import { followRun } from "../engine/run";
import { defaultTiming, pause } from "../engine/timing";
import { messageOf, RunnerError } from "../errors";
import { createResultsFolder } from "../results/folder";
import { exitCodes, type LocustStatus } from "../types";
import { type LocalTest, openLocal } from "./open";
import { Recorder } from "./recorder";
import { observe, progressOf, recordFacts, requireWorkers, toTable } from "./run";
import { type CommandSettings, readCommandSettings, type SettingsOptions } from "./settings";
import { listenToSignals, type Signals } from "./signals";
import type { Progress } from "./terminal/progress";

export interface DashboardOptions extends SettingsOptions {
  readonly demo?: boolean;
  readonly open: boolean;
  readonly results: string;
  readonly port?: number;
}

/** Locust's own port: an address that people remember. */
const usualPort = 8089;
/** How often to look whether somebody started a run, in ms. */
const watchInterval = 300;

/** `loadtest dashboard --local`: keeps Locust's page up until Ctrl-C, and the results of runs started there. */
export async function dashboardCommand(options: DashboardOptions): Promise<number> {
  const command = readCommandSettings(options);
  requireWorkers(command);
  const progress = await progressOf(command, undefined);
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
      await show(test, options.open, progress);
      await watch(test, command, options, progress, signals);
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

async function show({ session }: LocalTest, open: boolean, progress: Progress): Promise<void> {
  const { url, token } = session.endpoint;
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

/** Keeps each run that is started on the page, until Ctrl-C. */
async function watch(
  test: LocalTest,
  command: CommandSettings,
  options: DashboardOptions,
  progress: Progress,
  signals: Signals,
): Promise<void> {
  const client = new LocustClient(test.session.endpoint);
  let kept = 0;
  while (!signals.interrupt.aborted) {
    if (test.session.masterLost.aborted) throw new RunnerError(messageOf(test.session.masterLost.reason));
    const status = await client.status(signals.interrupt).catch(() => undefined);
    if (status !== undefined && status.run > kept && (status.state === "spawning" || status.state === "running")) {
      kept = status.run;
      await keep(test, client, status, command, options, progress, signals);
    }
    await pause(watchInterval, signals.interrupt, test.session.masterLost);
  }
}

async function keep(
  { session, target }: LocalTest,
  client: LocustClient,
  status: LocustStatus,
  command: CommandSettings,
  options: DashboardOptions,
  progress: Progress,
  signals: Signals,
): Promise<void> {
  const plan: RunPlan = {
    users: status.targetUsers,
    spawnRate: status.spawnRate,
    runTime: undefined,
    workers: command.settings.workerReplicas,
    host: status.host ?? target,
    thresholds: command.settings.thresholds,
  };
  const folder = await createResultsFolder({ base: resolve(options.results), script: status.script, now: new Date() });
  const recorder = new Recorder(folder, recordFacts(command, plan));
  progress.say(`A run was started on the page: ${status.targetUsers} users.`);
  const outcome = await followRun(
    {
      client,
      plan,
      observer: observe(recorder, progress),
      interrupt: signals.interrupt,
      kill: signals.kill,
      masterLost: session.masterLost,
    },
    status,
  );
  process.stdout.write(toTable(await recorder.finish(outcome), outcome, folder));
}
