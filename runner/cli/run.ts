import { readdir, rm } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { parseDuration } from "../../settings/values/duration";
import { LocustClient } from "../engine/client";
import type { RunObserver, RunOutcome, RunPlan } from "../engine/plan";
import { driveRun } from "../engine/run";
import { RunnerError, UsageError } from "../errors";
import { requireReachable } from "../places/reach";
import { createResultsFolder, type ResultsFolder } from "../results/folder";
import { Recorder } from "./recorder";
import type { FinishedRecord } from "../results/run-record";
import { resultTable } from "../results/table";
import { exitCodes, type LocustStatus } from "../types";
import { openLocal } from "./open";
import { loadtestVersion } from "./package";
import { type CommandSettings, readCommandSettings, type SettingsOptions } from "./settings";
import { listenToSignals, type Signals } from "./signals";
import { Progress } from "./terminal/progress";

export interface RunCommandOptions extends SettingsOptions {
  readonly demo?: boolean;
  readonly abortAfter?: string;
  readonly results: string;
  readonly json?: boolean;
  readonly port?: number;
}

/** `loadtest run --local`: gives the exit code of the verdict. */
export async function runCommand(options: RunCommandOptions): Promise<number> {
  const command = readCommandSettings(options);
  checkUsage(command, options);
  const progress = await progressOf(command, parseDuration(command.settings.runTime));
  const signals = listenToSignals((signal) => progress.say(`${signal}: ending the run and keeping what was measured…`));
  const folder = await createResultsFolder({
    base: resolve(options.results),
    script: command.settings.script,
    now: new Date(),
  });
  try {
    for (const warning of command.warnings) progress.warning(warning);
    const { record, outcome } = await runIn(folder, command, options, progress, signals);
    const output = options.json
      ? `${JSON.stringify(record, undefined, 2)}\n`
      : `${resultTable(record, outcome.rows, { colour: process.stdout.isTTY === true, folder: relative(".", folder.path) })}\n`;
    process.stdout.write(output);
    return record.exitCode;
  } catch (error) {
    await dropIfEmpty(folder);
    if (signals.interrupt.aborted) throw new RunnerError("interrupted before the run started", exitCodes.aborted);
    throw error;
  } finally {
    signals.dispose();
  }
}

async function runIn(
  folder: ResultsFolder,
  command: CommandSettings,
  options: RunCommandOptions,
  progress: Progress,
  signals: Signals,
): Promise<{ record: FinishedRecord; outcome: RunOutcome }> {
  const say = (text: string) => progress.say(text);
  const test = await openLocal({
    command,
    demo: options.demo === true,
    logs: folder.logs,
    port: options.port,
    progress: say,
    signal: signals.interrupt,
  });
  try {
    const { session, target } = test;
    const plan = planOf(command, options, target);
    const recorder = new Recorder(folder, recordFacts(command, plan));
    progress.say(`${command.settings.script} → ${target ?? "the script's own target"}, page ${session.endpoint.url}`);
    const outcome = await driveRun({
      client: new LocustClient(session.endpoint),
      plan,
      observer: observe(recorder, progress),
      beforeStart: requireTargets,
      interrupt: signals.interrupt,
      kill: signals.kill,
      masterLost: session.masterLost,
      startFailed: session.startFailed,
    });
    await test.close();
    if (outcome.endedBy === "interrupt" && outcome.startedAt === undefined) throw new Error("interrupted");
    return { record: await recorder.finish(outcome), outcome };
  } finally {
    await test.close();
  }
}

export function requireWorkers({ settings }: CommandSettings): void {
  if (settings.workerReplicas < 1) throw new UsageError("a run needs at least one worker: --workers 1");
}

function checkUsage(command: CommandSettings, options: RunCommandOptions): void {
  requireWorkers(command);
  if (options.demo === true && options.host !== undefined) {
    throw new UsageError("--demo starts a target of its own: leave out --host, or leave out --demo");
  }
}

function planOf({ settings }: CommandSettings, options: RunCommandOptions, host: string | undefined): RunPlan {
  return {
    users: settings.users,
    spawnRate: settings.spawnRate,
    runTime: parseDuration(settings.runTime),
    workers: settings.workerReplicas,
    host,
    thresholds: settings.thresholds,
    abortAfter: options.abortAfter === undefined ? undefined : parseDuration(options.abortAfter),
  };
}

/** What the record of a run says beside its numbers. */
export function recordFacts({ settings, stack }: CommandSettings, plan: RunPlan) {
  const { secretEnvironment, ...plain } = settings;
  return {
    place: "local" as const,
    stack,
    script: settings.script,
    target: plan.host ?? null,
    users: plan.users,
    spawnRate: plan.spawnRate,
    workers: plan.workers,
    thresholds: plan.thresholds,
    settings: { ...plain, secretEnvironment: Object.keys(secretEnvironment) },
    loadtestVersion: loadtestVersion(),
  };
}

/** Every user class needs a target that answers. */
async function requireTargets(status: LocustStatus): Promise<void> {
  const hosts = Object.entries(status.hosts);
  const without = hosts.filter(([, host]) => host === null).map(([name]) => name);
  if (without.length > 0) {
    throw new UsageError(
      `nothing says what ${without.join(", ")} should load: --host URL, targetHost in the stack's config, ` +
        "host in the script, or --demo",
    );
  }
  for (const host of new Set(hosts.flatMap(([, value]) => value ?? []))) await requireReachable(host);
}

/** Progress on standard error, so that standard output has nothing but the result. */
export function progressOf({ settings }: CommandSettings, runTime: number | undefined): Promise<Progress> {
  return Progress.create({
    stream: process.stderr,
    runTime,
    users: settings.users,
    workers: settings.workerReplicas,
  });
}

/** Keeps and shows a run. */
export function observe(recorder: Recorder, progress: Progress): RunObserver {
  return {
    waiting: (status) => progress.waiting(status),
    phase: (phase) => progress.enter(phase),
    warning(text) {
      recorder.warning(text);
      progress.warning(text);
    },
    started(status, at) {
      progress.started(status);
      return recorder.started(status, at);
    },
    sample(sample) {
      progress.sample(sample);
      return recorder.sample(sample);
    },
    snapshot: (snapshot) => recorder.snapshot(snapshot),
    report: (html) => recorder.report(html),
  };
}

/** A folder in which nothing was started yet is only in the way; one with logs may explain why nothing was. */
async function dropIfEmpty(folder: ResultsFolder): Promise<void> {
  await folder.close().catch(() => undefined);
  const logs = await readdir(folder.logs).catch(() => []);
  if (logs.length === 0) await rm(folder.path, { recursive: true, force: true });
}
