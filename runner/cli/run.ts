import { readdir, rm } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { parseDuration } from "../../settings/values/duration";
import { LocustClient } from "../engine/client";
import { notStarted, type RunObserver, type RunOutcome, type RunPlan } from "../engine/plan";
import { driveRun } from "../engine/run";
import { messageOf, RunnerError, UsageError } from "../errors";
import { requireReachable } from "../places/reach";
import { createResultsFolder, type ResultsFolder } from "../results/folder";
import type { FinishedRecord } from "../results/run-record";
import { resultTable } from "../results/table";
import { exitCodes, type LocustStatus } from "../types";
import { type LocalTest, openLocal } from "./open";
import { loadtestVersion } from "./package";
import { Recorder } from "./recorder";
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
  try {
    for (const warning of command.warnings) progress.warning(warning);
    const { script } = command.settings;
    const folder = await createResultsFolder({ base: resolve(options.results), script, now: new Date() });
    const { record, outcome } = await runInto(folder, command, options, progress, signals);
    process.stdout.write(options.json === true ? toJson(record) : toTable(record, outcome, folder));
    return record.exitCode;
  } finally {
    signals.dispose();
  }
}

/** The record for programs. */
function toJson(record: FinishedRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

/** The record for people. */
export function toTable(record: FinishedRecord, outcome: RunOutcome, folder: ResultsFolder): string {
  const colour = process.stdout.isTTY === true;
  return `${resultTable(record, outcome.rows, { colour, folder: relative(".", folder.path) })}\n`;
}

async function runInto(
  folder: ResultsFolder,
  command: CommandSettings,
  options: RunCommandOptions,
  progress: Progress,
  signals: Signals,
): Promise<{ record: FinishedRecord; outcome: RunOutcome }> {
  let test: LocalTest | undefined;
  const plan = planOf(command, options);
  let recorder = new Recorder(folder, recordFacts(command, plan));
  try {
    test = await openLocal({
      command,
      demo: options.demo === true,
      logs: folder.logs,
      port: options.port,
      progress: (text) => progress.say(text),
      signal: signals.interrupt,
      kill: signals.kill,
    });
    const { session, target } = test;
    recorder = new Recorder(folder, recordFacts(command, { ...plan, host: target }));
    progress.say(`${command.settings.script} → ${target ?? "the script's own target"}`);
    progress.say(`Watch it at ${session.endpoint.url}`);
    const outcome = await driveRun({
      client: new LocustClient(session.endpoint),
      plan: { ...plan, host: target },
      observer: observe(recorder, progress),
      beforeStart: requireTargets,
      interrupt: signals.interrupt,
      kill: signals.kill,
      masterLost: session.masterLost,
      startFailed: session.startFailed,
    });
    if (outcome.endedBy === "interrupt" && outcome.startedAt === undefined) throw interrupted();
    return { record: await recorder.finish(outcome), outcome };
  } catch (error) {
    const failure = signals.interrupt.aborted ? interrupted() : error;
    await keepFailure(folder, recorder, failure);
    throw failure;
  } finally {
    await test?.close();
  }
}

function interrupted(): RunnerError {
  return new RunnerError("interrupted before the run started", exitCodes.aborted);
}

/** A run that could not start is recorded where its logs may explain why; else its folder is only in the way. */
async function keepFailure(folder: ResultsFolder, recorder: Recorder, error: unknown): Promise<void> {
  const logs = await readdir(folder.logs).catch(() => []);
  if (logs.length > 0 && error instanceof RunnerError && error.exitCode === exitCodes.error) {
    await recorder.finish(notStarted(messageOf(error))).catch(() => undefined);
  } else {
    await folder.close().catch(() => undefined);
    await rm(folder.path, { recursive: true, force: true });
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

function planOf({ settings }: CommandSettings, options: RunCommandOptions): RunPlan {
  return {
    users: settings.users,
    spawnRate: settings.spawnRate,
    runTime: parseDuration(settings.runTime),
    workers: settings.workerReplicas,
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
    settings: {
      ...plain,
      thresholds: plan.thresholds.map(({ text }) => text),
      secretEnvironment: Object.keys(secretEnvironment),
    },
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
    waiting(status) {
      recorder.waiting(status);
      progress.waiting(status);
    },
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
