import { readdir, rm } from "node:fs/promises";
import { LocustClient } from "../engine/client";
import { notStarted, type RunObserver, type RunOutcome } from "../engine/plan";
import { driveRun } from "../engine/run";
import type { Timing } from "../engine/timing";
import { messageOf, RunnerError } from "../errors";
import type { Session } from "../places/place";
import type { ResultsFolder } from "../results/folder";
import type { FinishedRecord } from "../results/run-record";
import { exitCodes, type LocustStatus } from "../types";
import { Recorder } from "./recorder";
import type { Compare, TestSetup } from "./setup";
import type { Signals } from "./signals";
import type { Progress } from "./terminal/progress";

/** Master and workers that are up for a run. */
export interface Opened {
  readonly session: Session;
  /** What the run is aimed at, where the place decides it: the demo's address. */
  readonly target?: string | undefined;
  /** Called when the load is over, before the run is judged: the place's logs. Gives warnings. */
  readonly beforeFinish?: (outcome: RunOutcome) => Promise<readonly string[]>;
  /** Called when all results are on disk. */
  readonly afterFinish?: (outcome: RunOutcome) => Promise<void>;
  /** Gives warnings on what is not as it was before. */
  close(): Promise<readonly string[]>;
}

export interface RunJob {
  readonly setup: TestSetup;
  readonly folder: ResultsFolder;
  readonly progress: Progress;
  readonly signals: Signals;
  readonly open: () => Promise<Opened>;
  /** What it throws ends the run before it starts. */
  readonly checkTargets: (status: LocustStatus) => Promise<void> | void;
  /** Where the place says nothing else. */
  readonly timing?: Partial<Timing>;
  /** What the run is to be no worse than. */
  readonly compare?: Compare | undefined;
}

/** A run that has ended, and its record on disk. */
export interface FinishedRun {
  readonly record: FinishedRecord;
  readonly outcome: RunOutcome;
}

/** Opens a place, runs, judges, and keeps the results; whatever happens, the place is closed. */
export async function executeRun({
  setup,
  folder,
  progress,
  signals,
  open,
  checkTargets,
  timing,
  compare,
}: RunJob): Promise<FinishedRun> {
  let opened: Opened | undefined;
  let recorder = new Recorder(folder, setup);
  try {
    opened = await open();
    const { session } = opened;
    const plan = { ...setup.plan, host: opened.target ?? setup.plan.host };
    recorder = new Recorder(folder, { ...setup, plan });
    if (plan.host !== undefined) progress.say(`${setup.script} → ${plan.host}`);
    progress.say(`Watch it at ${session.endpoint.url}`);
    const driven = await driveRun({
      client: new LocustClient(session.endpoint),
      plan,
      observer: observe(recorder, progress),
      async beforeStart(status) {
        await checkTargets(status);
        if (plan.host === undefined) progress.say(`${setup.script} → the script's own target`);
      },
      interrupt: signals.interrupt,
      kill: signals.kill,
      masterLost: session.masterLost,
      startFailed: session.startFailed,
      masterStays: session.stays,
      endedAt: session.endedAt?.bind(session),
      whyLost: session.whyLost?.bind(session),
      timing: { ...timing, ...session.timing },
    });
    const outcome = await withOwnExit(driven, session, signals.kill);
    if (outcome.endedBy === "interrupt" && outcome.startedAt === undefined) throw interrupted();
    for (const warning of (await opened.beforeFinish?.(outcome)) ?? []) recorder.warning(warning);
    const record = await recorder.finish(outcome, compare);
    await opened.afterFinish?.(outcome);
    const { close } = opened;
    opened = undefined;
    const warnings = await close();
    for (const warning of warnings) progress.warning(warning);
    const amended = await recorder.amend(record, warnings).catch(() => record);
    await folder.close();
    return { record: amended, outcome };
  } catch (error) {
    if (recorder.hasSamples) {
      await folder.close().catch(() => undefined);
      throw error;
    }
    const failure = signals.interrupt.aborted ? interrupted() : error;
    await keepFailure(folder, recorder, failure);
    throw failure;
  } finally {
    for (const warning of (await opened?.close()) ?? []) progress.warning(warning);
  }
}

/** Adds the exit code that the script decides on when Locust quits, where the place lets it. */
async function withOwnExit(outcome: RunOutcome, session: Session, kill: AbortSignal): Promise<RunOutcome> {
  if (session.quit === undefined || !outcome.complete || outcome.endedBy === "interrupt" || kill.aborted)
    return outcome;
  const code = await session.quit();
  // Without a script that says otherwise it is 0.
  return code === 0 ? outcome : { ...outcome, scriptExit: code };
}

function interrupted(): RunnerError {
  return new RunnerError("interrupted before the run started", exitCodes.aborted);
}

/** A run that could not start is recorded where its logs may explain why; else its folder is only in the way. */
async function keepFailure(folder: ResultsFolder, recorder: Recorder, error: unknown): Promise<void> {
  const logs = await readdir(folder.logs).catch(() => []);
  if (logs.length > 0 && error instanceof RunnerError && error.exitCode === exitCodes.error) {
    await recorder.finish(notStarted(messageOf(error))).catch(() => undefined);
    await folder.close().catch(() => undefined);
  } else {
    await folder.close().catch(() => undefined);
    await rm(folder.path, { recursive: true, force: true });
  }
}

/** Keeps and shows a run. */
export function observe(recorder: Recorder, progress: Progress): RunObserver {
  return {
    waiting(status) {
      recorder.waiting(status);
      progress.waiting(status);
    },
    preparing: (seconds, silent) => progress.preparing(seconds, silent),
    phase: (phase) => progress.enter(phase),
    warning(text) {
      recorder.warning(text);
      progress.warning(text);
    },
    started(status, at, run) {
      progress.started(status);
      return recorder.started(status, at, run);
    },
    sample(sample, late) {
      if (!late) progress.sample(sample);
      return recorder.sample(sample);
    },
    snapshot: (snapshot) => recorder.snapshot(snapshot),
    report: (html) => recorder.report(html),
  };
}
