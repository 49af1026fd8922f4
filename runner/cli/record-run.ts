import { readdir, rm } from "node:fs/promises";
import { LocustClient } from "../engine/client";
import { notStarted, type RunObserver, type RunOutcome, type RunPlan } from "../engine/plan";
import type { Earlier } from "../engine/recording";
import { driveRun, followRun } from "../engine/run";
import type { Timing } from "../engine/timing";
import { messageOf, RunnerError } from "../errors";
import type { Session } from "../places/place";
import type { ResultsFolder } from "../results/folder";
import { exitCodes, type LocustStatus } from "../types";
import { searchIntro, stepLine } from "./capacity/capacity";
import type { SavedRun } from "./output";
import { Recorder } from "./recorder";
import { arrivalsNotice, type Compare, requireArrivals, requireNoShape, type TestSetup } from "./setup";
import type { Signals } from "./signals";
import type { Progress } from "./terminal/progress";

/** A run that is recorded into a folder, wherever it goes on. */
export interface RecordJob {
  readonly setup: TestSetup;
  readonly folder: ResultsFolder;
  readonly progress: Progress;
  readonly signals: Pick<Signals, "interrupt" | "kill">;
  /** What the run is to be no worse than. */
  readonly compare?: Compare | undefined;
  /** Called when the load is over, before the run is judged: the place's logs. Gives warnings. */
  readonly beforeFinish?: (outcome: RunOutcome) => Promise<readonly string[]>;
}

/** Master and workers that are up for a run. */
export interface Opened {
  readonly session: Session;
  /** What the run is aimed at, where the place decides it: the demo's address. */
  readonly target?: string | undefined;
  /** Gives warnings on what is not as it was before. */
  close(): Promise<readonly string[]>;
}

export interface ExecuteJob extends RecordJob {
  readonly open: () => Promise<Opened>;
  /** Called when all is saved, before the place is closed. */
  readonly onSaved?: (outcome: RunOutcome) => Promise<void>;
  /** What it throws ends the run before it starts. */
  readonly checkTargets: (status: LocustStatus) => Promise<void> | void;
  /** Where the place says nothing else. */
  readonly timing?: Partial<Timing>;
}

/** Opens a place, runs, judges, and saves the results; whatever happens, the place is closed. */
export async function executeRun(job: ExecuteJob): Promise<SavedRun> {
  const { setup, folder, progress, signals } = job;
  let recorder = new Recorder(folder, setup);
  let opened: Opened | undefined;
  const close = async () => {
    const warnings = (await opened?.close()) ?? [];
    opened = undefined;
    for (const warning of warnings) progress.warning(warning);
    return warnings;
  };
  try {
    opened = await job.open();
    const { session, target } = opened;
    const plan = { ...setup.plan, host: target ?? setup.plan.host };
    recorder = new Recorder(folder, { ...setup, plan });
    const outcome = await drive(job, session, plan, observe(recorder, progress));
    const record = await finish(job, recorder, outcome);
    await job.onSaved?.(outcome);
    const amended = await recorder.amend(record, await close()).catch(() => record);
    await folder.close();
    return { record: amended, outcome, folder, compared: recorder.found };
  } catch (error) {
    if (recorder.hasSamples) throw error;
    const failure = signals.interrupt.aborted ? interrupted() : error;
    await saveFailure(folder, recorder, failure);
    throw failure;
  } finally {
    await close();
    // Closed already, but for an error, which says more than one of closing.
    await folder.close().catch(() => undefined);
  }
}

export interface FollowJob extends RecordJob {
  readonly client: LocustClient;
  /** The master's status, whose latest run is meant. */
  readonly seen: LocustStatus;
  /** What a former command has written of it into the folder, and what is to be said of that. */
  readonly earlier?: Earlier;
  readonly warnings?: readonly string[];
  readonly masterLost: AbortSignal;
  /** Whether the master stays when this command ends. */
  readonly masterStays?: boolean;
  readonly timing?: Partial<Timing> | undefined;
  /** Whether an interrupt leaves the run going. */
  readonly leave?: boolean;
}

/**
 * Follows a run that somebody else started to its end, judges it and saves its results; the folder is closed, whatever
 * happens. Undefined where an interrupt has left it going: the master still has all of it.
 */
export async function followInto(job: FollowJob): Promise<SavedRun | undefined> {
  const { client, setup, seen, folder, earlier = { samples: [] }, masterLost, timing = {}, leave = false } = job;
  const { interrupt, kill } = job.signals;
  const recorder = new Recorder(folder, setup);
  for (const warning of job.warnings ?? []) recorder.warning(warning);
  if (earlier.capacity !== undefined) recorder.foundBefore(earlier.capacity);
  try {
    const observer = observe(recorder, job.progress);
    const options = { client, plan: setup.plan, observer, interrupt, kill, masterLost, timing };
    const outcome = await followRun({ ...options, masterStays: job.masterStays }, { seen, earlier, leave });
    // The next command goes on with this folder.
    const left = outcome.endedBy === "interrupt" && leave;
    const record = left ? undefined : await finish(job, recorder, outcome);
    await folder.close();
    return record && { record, outcome, folder, compared: recorder.found };
  } finally {
    await folder.close().catch(() => undefined);
  }
}

/** Judges a run whose load is over, and writes its record; the folder is left open. */
async function finish({ compare, beforeFinish }: RecordJob, recorder: Recorder, outcome: RunOutcome) {
  for (const warning of (await beforeFinish?.(outcome)) ?? []) recorder.warning(warning);
  return recorder.finish(outcome, compare);
}

async function drive(
  { setup: { script }, progress, signals, checkTargets, timing }: ExecuteJob,
  session: Session,
  plan: RunPlan,
  observer: RunObserver,
): Promise<RunOutcome> {
  if (plan.host !== undefined) progress.say(`${script} → ${plan.host}`);
  progress.say(`Watch it at ${session.endpoint.url}`);
  for (const text of plan.search === undefined ? arrivalsNotice(plan) : searchIntro(plan, plan.search))
    progress.say(text);
  const driven = await driveRun({
    client: new LocustClient(session.endpoint),
    plan,
    observer,
    async beforeStart(status) {
      if (plan.search !== undefined) requireNoShape(status, "a capacity is found without one");
      requireArrivals(plan, status);
      await checkTargets(status);
      if (plan.host === undefined) progress.say(`${script} → the script's own target`);
    },
    interrupt: signals.interrupt,
    kill: signals.kill,
    masterLost: session.masterLost,
    startFailed: session.startFailed,
    masterStays: session.stays,
    endedAt: session.endedAt?.bind(session),
    whyLost: session.whyLost?.bind(session),
    scale: session.scale,
    timing: { ...timing, ...session.timing },
  });
  const outcome = await withOwnExit(driven, session, signals.kill);
  if (outcome.endedBy === "interrupt" && outcome.startedAt === undefined) throw interrupted();
  return outcome;
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
async function saveFailure(folder: ResultsFolder, recorder: Recorder, error: unknown): Promise<void> {
  const logs = await readdir(folder.logs).catch(() => []);
  if (logs.length > 0 && error instanceof RunnerError && error.exitCode === exitCodes.error) {
    await recorder.finish(notStarted(messageOf(error))).catch(() => undefined);
  } else {
    await folder.close().catch(() => undefined);
    await rm(folder.path, { recursive: true, force: true });
  }
}

/** Records and shows a run. */
function observe(recorder: Recorder, progress: Progress): RunObserver {
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
    step(step, found) {
      recorder.step(step, found);
      progress.say(stepLine(step, found.asked.by));
    },
    said: (text) => progress.say(text),
  };
}
