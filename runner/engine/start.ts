import { isInStages, stagesMarginSeconds } from "../../settings/values/arrivals";
import { messageOf } from "../errors";
import type { LocustStatus } from "../types";
import type { ScriptReport } from "../types/script";
import { kindText } from "../verdict/script";
import { MasterUnreachable } from "./client";
import type { LiveRun } from "./live-run";
import { isLoading } from "./phase";
import type { RunPlan } from "./plan";
import type { Earlier } from "./recording";
import { stepLimit } from "./search/load";
import { never, pause } from "./timing";

/**
 * Waits until all workers are ready: gives the status that says so, or why they will not be.
 *
 * @param stop ends the waiting
 */
export async function waitForWorkers(
  { poller, timing, observer }: Pick<LiveRun, "poller" | "timing" | "observer">,
  workers: number,
  stop: AbortSignal,
): Promise<LocustStatus | string> {
  const deadline = performance.now() + timing.ready;
  let problem = "Locust's master does not answer";
  while (!stop.aborted && performance.now() < deadline) {
    const status = await poller.poll();
    if (status !== undefined) {
      if (isLoading(status)) return "a test is already going on; stop it first";
      observer.waiting?.(status);
      const ready = status.workers.filter((worker) => worker.state === "ready").length;
      if (ready >= workers) return status;
      problem = `${ready} of ${workers} workers are ready`;
    }
    await pause(timing.poll, stop);
  }
  return `${problem} after ${Math.round(timing.ready / 1000)} s`;
}

/** Waits for the workers and starts the load; false where the run ended before. */
export async function startLoad(run: LiveRun): Promise<boolean> {
  const { state, plan, client, poller, observer, options } = run;
  const startFailed = options.startFailed ?? never;
  const stop = AbortSignal.any([...Object.values(state.signals), startFailed]);
  const ready = await waitForWorkers(run, plan.workers, stop);
  startFailed.throwIfAborted();
  if (state.checkSignals() && typeof ready === "string") state.end("not-started", ready);
  if (state.endedBy !== undefined || typeof ready === "string") return false;
  await options.beforeStart?.(ready);
  if (!state.checkSignals()) return false;

  const { users, spawnRate, host, search } = plan;
  const runTime = search === undefined ? plan.runTime : stepLimit(run, search);
  let problem: string | undefined;
  try {
    // The host is always sent: else that of an earlier run would be used.
    const limit = runTime === undefined ? {} : { runTime: runTime + marginOf(plan) };
    // So are its arrivals.
    const arrivals = ready.arrivals === undefined ? {} : { arrivals: plan.arrivals ?? null };
    await client.swarm({ users, spawnRate, host: host ?? "", ...limit, ...arrivals });
  } catch (error) {
    problem = messageOf(error);
    // The reply to /swarm may be lost although Locust started.
    if (!(error instanceof MasterUnreachable)) state.end("not-started", problem);
    if (state.endedBy !== undefined) return false;
  }
  run.identify(ready, ready.run + 1);
  const load = await waitForLoad(run, problem);
  // A `test_start` listener has ended the master.
  if (load === undefined && state.signals.masterLost.aborted) startFailed.throwIfAborted();
  if (load === undefined) return false;
  poller.restartSilence();
  await run.recording.begin(load, { run: run.number, shape: search === undefined ? load.shape : true, ready });
  // Each step of a search has a limit of its own.
  if (search !== undefined) return true;
  run.runTime = timeOfLoad(runTime, load);
  if (runTime !== undefined && run.runTime !== runTime) {
    const took = Math.round(runTime - (load.runTime ?? 0));
    observer.warning?.(`the script's test_start listeners took ${took} s of the run time of ${runTime} s`);
  }
  return true;
}

/** Seconds beyond its time after which something else than the end of its stages ends a run. */
export function marginOf({ arrivals }: Pick<RunPlan, "arrivals">): number {
  return isInStages(arrivals?.rate) ? stagesMarginSeconds : 0;
}

/** Goes on with a run that somebody else started. */
export async function attach(run: LiveRun, seen: LocustStatus, earlier?: Earlier): Promise<void> {
  run.identify(seen, seen.run);
  run.poller.last = seen;
  // Without a plan of ours, users and time may be changed in the web UI, as a load shape does.
  const shape = run.plan.runTime === undefined ? true : seen.shape;
  await run.recording.begin(seen, { run: seen.run, shape, earlier });
  run.runTime = timeOfLoad(run.plan.runTime, seen);
  await run.catchUp();
}

const listeners = "the script's test_start listeners";
const outOfTime = `${listeners} were not done when the time of the run was over (--run-time)`;

/**
 * Waits until the load of a started run begins: gives the status that says so, or undefined where the run ends before.
 * Listeners of `test_start` may prepare the run, and keep the master from answering meanwhile.
 *
 * @param problem why the reply to `/swarm` was lost; undefined where it was received
 */
async function waitForLoad(run: LiveRun, problem: string | undefined): Promise<LocustStatus | undefined> {
  const { client, poller, timing, state } = run;
  const answer = await statusOfLoad(run, problem);
  if (typeof answer !== "string") return answer;
  if (state.checkSignals()) state.end("not-started", answer);
  if (state.signals.masterLost.aborted) return undefined;
  const sent = client.stop(timing.start).catch(() => undefined);
  await (state.signals.kill.aborted ? Promise.race([sent, pause(timing.farewell)]) : sent);
  // The load may have begun before the stop arrived, and then its results are kept.
  const late = state.endedBy === "interrupt" ? await poller.poll() : undefined;
  return late !== undefined && late.run >= run.number ? late : undefined;
}

/** The status in which the load has begun, or why it will not begin. */
async function statusOfLoad(run: LiveRun, problem: string | undefined): Promise<LocustStatus | string> {
  const { poller, timing, observer, state } = run;
  const { interrupt, kill, masterLost } = state.signals;
  const asked = performance.now();
  const before = poller.last?.code?.exceptions.kinds ?? [];
  let explained = asked;
  let prepared = false;
  while (state.checkSignals()) {
    const status = await poller.poll();
    const preparing = typeof status?.preparing === "number";
    if (status !== undefined && status.run >= run.number && !preparing) {
      return prepared && status.requests === 0 && status.code?.ended?.by === "time" ? outOfTime : status;
    }
    const now = performance.now();
    prepared ||= preparing;
    if (preparing || status === undefined) {
      explained = now;
      const silent = (status?.workers ?? []).filter((worker) => worker.silent === true).map(({ name }) => name);
      observer.preparing?.((now - asked) / 1000, silent);
    }
    if (now - asked > timing.prepare) {
      const late = `${listeners} were not done after ${Math.round(timing.prepare / 1000)} s (--ready-timeout)`;
      return status === undefined ? `${late}, with ${poller.silenceText()}` : late;
    }
    if (now - explained > timing.start) {
      const raised = status?.code?.exceptions.kinds.find((kind) => kind.count > countOf(before, kind));
      if (raised !== undefined) return `the script raised ${kindText(raised)}`;
      return prepared ? outOfTime : (problem ?? "Locust accepted the run and did not start it");
    }
    await pause(timing.poll, interrupt, kill, masterLost);
  }
  return "it was ended before its load began";
}

type Kinds = ScriptReport["exceptions"]["kinds"];

function countOf(kinds: Kinds, wanted: Kinds[number]): number {
  return kinds.find((kind) => kindText(kind) === kindText(wanted))?.count ?? 0;
}

/** What is left of a run's time, in seconds, when its load begins: Locust's timer also runs while it is prepared. */
export function timeOfLoad(runTime: number | undefined, { runTime: left }: LocustStatus): number | undefined {
  return runTime !== undefined && typeof left === "number" && left < runTime - 1 ? left : runTime;
}
