import { messageOf } from "../errors";
import type { LocustStatus } from "../types";
import { searchIntegrity } from "../verdict/capacity/proof";
import { evaluateThresholds } from "../verdict/thresholds";
import { LiveRun } from "./live-run";
import { howMasterWent, isKnownOver, isLoading, nextStep, ofScript } from "./phase";
import type { RunOptions, RunOutcome } from "./plan";
import type { Earlier } from "./recording";
import { searchCapacity } from "./search/search";
import { attach, marginOf, startLoad } from "./start";
import { pause } from "./timing";

/**
 * Drives one run: waits for workers, starts, samples, stops, waits for the last reports, collects. It knows Locust's
 * web API and nothing of processes or pods. Every end of a run is an outcome; only `startFailed` and `beforeStart` make
 * it throw.
 */
export async function driveRun(options: RunOptions): Promise<RunOutcome> {
  const run = new LiveRun(options);
  if (await startLoad(run)) {
    await loadUntilEnd(run);
    await stop(run);
    await collect(run);
  }
  return outcomeOf(run);
}

/** Takes samples, and searches where that is asked for; throws when both are over, so that no load is asked for later. */
async function loadUntilEnd(run: LiveRun): Promise<void> {
  const { search } = run.plan;
  const sampled = sampleLoad(run).catch((error: unknown) => {
    run.state.end("not-started", messageOf(error));
    throw error;
  });
  const [samples] = await Promise.allSettled([sampled, search && searchCapacity(run, search)]);
  if (samples.status === "rejected") throw samples.reason;
}

/** Starts a run and leaves it going: undefined then, else the outcome that says why it did not start. */
export async function startRun(options: RunOptions): Promise<RunOutcome | undefined> {
  const run = new LiveRun(options);
  return (await startLoad(run)) ? undefined : outcomeOf(run);
}

/** How a run that somebody else started is followed. */
export interface Followed {
  /** The status in which it was seen. */
  readonly seen: LocustStatus;
  /** What a former command has saved of it. */
  readonly earlier?: Earlier;
  /** Whether an interrupt leaves it going, and only ends the following; defaults to ending it. */
  readonly leave?: boolean;
}

/**
 * Follows a run that somebody else started, from its start on as far as the master remembers it; it may have ended.
 * Where the plan has no run time, what was asked for is whatever the master says it was asked for.
 */
export async function followRun(options: RunOptions, { seen, earlier, leave }: Followed): Promise<RunOutcome> {
  const run = new LiveRun(options);
  await attach(run, seen, earlier);
  await sampleLoad(run);
  if (leave !== true || !run.state.signals.interrupt.aborted) {
    await stop(run);
    await collect(run);
  }
  return outcomeOf(run);
}

/** Takes samples until the run ends, or has to be ended. */
async function sampleLoad(run: LiveRun): Promise<void> {
  const { state, timing, recording } = run;
  const { interrupt, kill, masterLost } = state.signals;
  let [nextSample, nextSnapshot] = [performance.now(), performance.now() + timing.snapshot];
  while (state.checkSignals()) {
    const status = await run.poll();
    if (status !== undefined) {
      await run.catchUp();
      decide(run, status);
      // From here on the master reports the stop, not the load.
      if (state.endedBy !== undefined) recording.enter("stop");
      if (!state.masterGone) await recording.record(status);
    }
    if (state.endedBy === undefined && performance.now() >= nextSnapshot) {
      const began = performance.now();
      await run.snapshot();
      nextSnapshot = Math.max(nextSnapshot + timing.snapshot, began + (performance.now() - began) * 10);
      const breached = state.phase === "hold" ? run.numbers.breached(recording.elapsed) : undefined;
      if (breached !== undefined) state.end("threshold", breached);
    }
    // Samples come at fixed times: the time that a request takes does not add up over the run.
    nextSample = Math.max(nextSample + timing.sample, performance.now());
    await pause(nextSample - performance.now(), interrupt, kill, masterLost);
  }
  const last = run.lastStatus();
  recording.endLoad(last !== undefined && !isLoading(last) ? last.elapsed : null);
}

/** Enters the next phase, or ends the run. */
function decide(run: LiveRun, status: LocustStatus): void {
  const step = nextStep({
    ...{ status, run: run.number, master: run.master, phase: run.state.phase },
    ...{
      elapsed: run.recording.elapsed,
      runTime: run.runTime,
      overtime: run.timing.overtime / 1000 + marginOf(run.plan),
    },
  });
  if (step.kind === "on") run.recording.enter(step.phase);
  else {
    // A search has an end of its own: any other is somebody else's.
    const by = run.plan.search !== undefined && step.by === "page" ? "stopped-elsewhere" : step.by;
    run.state.end(by, by === "master-lost" ? howMasterWent(status) : undefined);
  }
}

/** Users get `stopTimeoutSeconds` to end; the reply to a stop that takes much longer, in ms, has got lost. */
const stopReply = 20_000;

/** Stops the test and waits until the last report of every worker is in. */
async function stop(run: LiveRun): Promise<void> {
  const { state, timing } = run;
  const { kill, masterLost } = state.signals;
  run.recording.enter("stop");
  if (state.masterGone) return;
  let reply: Promise<unknown> | undefined;
  // The status tells sooner than the reply to /stop that users are gone, so the loop does not wait for the reply.
  let replied = 0;
  const sendStop = () => {
    reply ??= run.client
      .stop(Math.min(stopReply, timing.drain))
      .catch(() => undefined)
      .finally(() => {
        reply = undefined;
        replied = performance.now();
      });
  };
  // A stop that is not needed would end the test after this one.
  if (!isKnownOver(run.poller.last, run.number, run.master)) sendStop();
  const deadline = performance.now() + timing.drain;
  while (!state.drained && !kill.aborted && !masterLost.aborted && performance.now() < deadline) {
    const asked = performance.now();
    const status = await run.poll();
    if (status !== undefined) {
      if (!run.isOurs(status)) break;
      await run.recording.record(status);
      state.drained = status.drained;
      // The connection was cut before the stop arrived.
      if (!state.drained && isLoading(status) && asked > replied) sendStop();
    }
    if (!state.drained) await pause(timing.poll, kill, masterLost);
  }
  if (state.drained) await reply;
  // The stop has to be sent before the connection is closed.
  else if (kill.aborted) await Promise.race([reply, pause(timing.farewell)]);
  else if (masterLost.aborted) state.spoil("master-lost", messageOf(masterLost.reason));
  else state.spoil(state.silentMaster, "the last reports of its workers did not arrive");
}

/** Gets the final numbers and the report; without a master, those of the last snapshot stay. */
async function collect(run: LiveRun): Promise<void> {
  const { state, observer } = run;
  const { kill } = state.signals;
  if (!kill.aborted && !state.masterGone) {
    state.finalNumbers = await takeFinalNumbers(run);
    try {
      const html = await run.numbers.report(kill);
      if (html !== undefined) await state.save(() => observer.report?.(html));
    } catch (error) {
      observer.warning?.(`Locust's report could not be had: ${messageOf(error)}`);
    }
  }
  if (kill.aborted && !state.counted) state.spoil("interrupt");
  run.recording.enter("collected");
}

/** Takes the last snapshot; tries again while the connection is cut, as these are the numbers that count. */
async function takeFinalNumbers(run: LiveRun): Promise<boolean> {
  const { state, timing } = run;
  const { kill, masterLost } = state.signals;
  const deadline = performance.now() + timing.silence;
  while (!(await run.snapshot())) {
    if (kill.aborted || masterLost.aborted) return false;
    if (performance.now() > deadline) {
      state.spoil(state.silentMaster, "its last numbers could not be had");
      return false;
    }
    await pause(timing.poll, kill, masterLost);
  }
  return true;
}

/** The outcome of a run, as far as it has come. */
function outcomeOf(run: LiveRun): RunOutcome {
  const { state, recording, poller, plan } = run;
  const { latest } = run.numbers;
  const integrity = recording.report(state.endedBy);
  return {
    endedBy: state.endedBy ?? "not-started",
    error: state.error,
    startedAt: recording.startedAt,
    endedAt: recording.endedAt ?? new Date(),
    duration: recording.duration,
    ...ofScript(run.lastStatus(), plan.runTime),
    ramp: recording.ramp,
    rows: latest?.rows ?? [],
    corrected: latest?.corrected ?? [],
    failures: latest?.failures ?? [],
    thresholds: run.found?.thresholds ?? latest?.thresholds ?? evaluateThresholds(plan.thresholds, []),
    ...(run.found === undefined ? {} : { capacity: run.found.capacity }),
    integrity:
      integrity === undefined || run.found === undefined
        ? (integrity ?? null)
        : searchIntegrity(integrity, run.found.capacity),
    unanswered: recording.unanswered(poller.last?.cutOff),
    silence: recording.silence(poller.last?.cutOff),
    complete: state.counted && !state.broken,
    status: poller.last,
  };
}
