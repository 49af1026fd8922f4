import { pause } from "../../../engine/timing";
import { RunnerError, UsageError } from "../../../errors";
import { exitCodes } from "../../../types";
import type { Cluster } from "../api/cluster";
import { isPassing } from "../api/failures";
import { isLeaving, isRolledOut, NoLoadTest, readRollout, readWorkload, type TestNames, type Workload } from "./pods";
import { podProblems, summarize } from "./problems";

/** How often to look, in ms. */
const interval = 1000;

export interface WaitOptions {
  readonly cluster: Cluster;
  readonly names: TestNames;
  /** ms */
  readonly timeout: number;
  /** A line when something has changed. */
  readonly progress: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Waits until master and workers are as their Deployments say, and no former pod is left. Rejects with a RunnerError
 * that says, pod by pod, why they are not, and with a UsageError for a mistake in the script: at once where waiting
 * cannot help, or where `pulumi up` replaces the Deployments meanwhile, as the new ones are not what the run has asked
 * for.
 */
export async function waitForRollout(
  options: WaitOptions,
): Promise<{ readonly control: Workload; readonly worker: Workload }> {
  const { cluster, names, timeout, progress, signal } = options;
  const began = performance.now();
  let said = "";
  let problem = "";
  let first: string | undefined;
  while (!signal.aborted) {
    try {
      const [control, worker] = await Promise.all([
        readWorkload(cluster, names.control),
        readWorkload(cluster, names.worker),
      ]);
      const uids = `${control.deployment.metadata?.uid} ${worker.deployment.metadata?.uid}`;
      first ??= uids;
      if (first !== uids || isLeaving(control.deployment) || isLeaving(worker.deployment)) throw replaced();
      if (isRolledOut(control) && isRolledOut(worker)) return { control, worker };
      const rollouts = await Promise.all([readRollout(cluster, control), readRollout(cluster, worker)]);
      const summary = `${summarize("control", rollouts[0])}; ${summarize("worker", rollouts[1])}`;
      // What every pod goes through is in the summary.
      const found = rollouts.flatMap(podProblems).filter(({ kind }) => kind !== "starting" && kind !== "terminating");
      const text = [summary, ...found.map((one) => `  ${one.text}`)].join("\n");
      if (text !== said) progress(text);
      said = text;
      problem = found.map((one) => one.text).join("; ") || summary;
      const hopeless = found.find((one) => one.hopeless);
      if (hopeless !== undefined) {
        const text = `Locust's pods cannot be ready: ${hopeless.text}`;
        throw hopeless.kind === "script" ? new UsageError(text) : new RunnerError(text);
      }
    } catch (error) {
      if (error instanceof NoLoadTest && first !== undefined) throw replaced();
      // The API server may be away, or busy, for a moment.
      if (!isPassing(error)) throw error;
      problem = error.message;
    }
    if (performance.now() - began > timeout) {
      throw new RunnerError(`Locust's pods are not ready after ${Math.round(timeout / 1000)} s: ${problem}`);
    }
    await pause(interval, signal);
  }
  throw new RunnerError("interrupted while Locust's pods were getting ready", exitCodes.aborted);
}

function replaced(): RunnerError {
  return new RunnerError(
    "the test was deployed anew, or taken down, while its pods were getting ready: run it again once pulumi is done",
  );
}
