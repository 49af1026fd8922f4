import type { LocustStatus } from "../types";
import { isLoading } from "./phase";
import type { RunObserver } from "./plan";
import type { Pulse } from "./pulse";
import { pause, type Timing } from "./timing";

export interface WaitForWorkers {
  readonly pulse: Pulse;
  readonly workers: number;
  readonly timing: Timing;
  readonly observer: RunObserver;
  /** Ends the waiting. */
  readonly stop: AbortSignal;
}

/** Waits until all workers are ready: gives the status that says so, or why there will be none. */
export async function waitForWorkers(options: WaitForWorkers): Promise<LocustStatus | string> {
  const { pulse, workers, timing, observer, stop } = options;
  const deadline = performance.now() + timing.ready;
  let problem = "Locust's master does not answer";
  while (!stop.aborted && performance.now() < deadline) {
    const status = await pulse.look();
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
