import type { LocustStatus } from "../types";
import { LiveRun } from "./live-run";
import type { RunOptions, RunOutcome } from "./plan";
import type { Earlier } from "./track";

/**
 * Drives one run: waits for workers, starts, samples, stops, waits for the last reports, collects. It knows Locust's
 * web API and nothing of processes or pods. Every end of a run is an outcome; only `startFailed` and `beforeStart` make
 * it throw.
 */
export async function driveRun(options: RunOptions): Promise<RunOutcome> {
  const run = new LiveRun(options);
  if (await begin(run, options)) {
    await run.follow();
    await run.finish();
  }
  return run.outcome();
}

/** Starts a run and leaves it going: undefined then, else the outcome that says why it did not start. */
export async function startRun(options: RunOptions): Promise<RunOutcome | undefined> {
  const run = new LiveRun(options);
  return (await begin(run, options)) ? undefined : run.outcome();
}

/** How a run that somebody else started is followed. */
export interface Followed {
  /** The status in which it was seen. */
  readonly seen: LocustStatus;
  /** What a former command has kept of it. */
  readonly earlier?: Earlier;
  /** Whether an interrupt leaves it going, and only ends the looking; defaults to ending it. */
  readonly leave?: boolean;
}

/**
 * Follows a run that somebody else started, from its start on as far as the master remembers it; it may have ended.
 * Where the plan has no run time, what was asked for is whatever the master says it was asked for.
 */
export async function followRun(options: RunOptions, { seen, earlier, leave }: Followed): Promise<RunOutcome> {
  const run = new LiveRun(options);
  await run.attach(seen, earlier);
  await run.follow();
  if (leave !== true || !run.interrupt.aborted) await run.finish();
  return run.outcome();
}

/** Whether the run has started. */
async function begin(run: LiveRun, options: RunOptions): Promise<boolean> {
  const ready = await run.waitForWorkers();
  if (ready === undefined) return false;
  await options.beforeStart?.(ready);
  return run.start(ready);
}
