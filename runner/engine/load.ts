import type { LocustStatus, ScriptReport } from "../types";
import { kindText } from "../verdict/script";
import type { LocustClient } from "./client";
import type { Ending, EndSignals } from "./ending";
import type { RunObserver } from "./plan";
import type { Pulse } from "./pulse";
import { pause, type Timing } from "./timing";

export interface WaitForLoad {
  readonly client: LocustClient;
  readonly pulse: Pulse;
  /** The number that the master gives the run. */
  readonly run: number;
  /** Why the start may not have been heard. */
  readonly problem: string | undefined;
  readonly timing: Timing;
  readonly observer: RunObserver;
  readonly end: Ending;
  readonly signals: EndSignals;
}

const listeners = "the script's test_start listeners";
const outOfTime = `${listeners} were not done when the time of the run was over (--run-time)`;

/**
 * Waits until the load of a run begins that the master was asked for: gives the status that says so, or undefined where
 * the run ends before. Listeners of `test_start` may prepare it, and keep the master from answering meanwhile.
 */
export async function waitForLoad(options: WaitForLoad): Promise<LocustStatus | undefined> {
  const { client, pulse, run, timing, end, signals } = options;
  const answer = await untilLoad(options);
  if (typeof answer !== "string") return answer;
  if (end.open) end.finish("not-started", answer);
  if (signals.masterLost.aborted) return undefined;
  const sent = client.stop(timing.start).catch(() => undefined);
  await (signals.kill.aborted ? Promise.race([sent, pause(timing.farewell)]) : sent);
  // It may have begun in the meantime, and then there is something to keep.
  const late = end.by === "interrupt" ? await pulse.look() : undefined;
  return late !== undefined && late.run >= run ? late : undefined;
}

async function untilLoad(options: WaitForLoad): Promise<LocustStatus | string> {
  const { pulse, run, problem, timing, observer, end, signals } = options;
  const asked = performance.now();
  const before = pulse.last?.code?.exceptions.kinds ?? [];
  let explained = asked;
  let prepared = false;
  while (end.open) {
    const status = await pulse.look();
    const preparing = typeof status?.preparing === "number";
    if (status !== undefined && status.run >= run && !preparing) {
      return prepared && status.requests === 0 && status.code?.ended?.by === "time" ? outOfTime : status;
    }
    const now = performance.now();
    prepared ||= preparing;
    if (preparing || status === undefined) {
      explained = now;
      const silent = (status?.workers ?? []).filter((worker) => worker.silent === true);
      observer.preparing?.(
        (now - asked) / 1000,
        silent.map(({ name }) => name),
      );
    }
    if (now - asked > timing.prepare) {
      const late = `${listeners} were not done after ${Math.round(timing.prepare / 1000)} s (--ready-timeout)`;
      return status === undefined ? `${late}, with ${pulse.complaint()}` : late;
    }
    if (now - explained > timing.start) {
      const raised = status?.code?.exceptions.kinds.find((kind) => kind.count > countOf(before, kind));
      if (raised !== undefined) return `the script raised ${kindText(raised)}`;
      return prepared ? outOfTime : (problem ?? "Locust accepted the run and did not start it");
    }
    await pause(timing.poll, signals.interrupt, signals.kill, signals.masterLost);
  }
  return "it was ended before its load began";
}

type Kinds = ScriptReport["exceptions"]["kinds"];

function countOf(kinds: Kinds, wanted: Kinds[number]): number {
  return kinds.find((kind) => kindText(kind) === kindText(wanted))?.count ?? 0;
}

/** What is left of a run's time, in seconds, when its load begins: Locust's timer goes on while it is prepared. */
export function timeOfLoad(runTime: number | undefined, { runTime: left }: LocustStatus): number | undefined {
  return runTime !== undefined && typeof left === "number" && left < runTime - 1 ? left : runTime;
}
