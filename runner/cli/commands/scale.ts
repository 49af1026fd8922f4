import { scale } from "../../places/kubernetes/deployed/arrange";
import { waitForRollout } from "../../places/kubernetes/rollout/rollout";
import { exitCodes } from "../../types";
import { openTest } from "../deployed-test/open";
import type { ClusterOptions, RunCommandOptions } from "../options";
import { listenToSignals } from "../signals";

type ScaleOptions = ClusterOptions & Pick<RunCommandOptions, "readyTimeout" | "json">;

/** `loadtest scale N`: changes the number of workers, and waits for them. */
export async function scaleCommand(workers: number, options: ScaleOptions): Promise<number> {
  const { cluster, names, deployed } = await openTest(options);
  const say = (text: string) => process.stderr.write(`${text}\n`);
  const signals = listenToSignals((signal) => say(`${signal}: no longer waiting; the workers scale on`));
  try {
    const before = deployed.workerReplicas;
    if (before !== workers) await scale(cluster, names.worker, workers);
    const timeout = options.readyTimeout * 1000;
    await waitForRollout({ cluster, names, timeout, progress: say, signal: signals.interrupt });
    const text =
      before === workers ? `${workers} workers are ready, as before` : `Workers: ${before} → ${workers}, ready`;
    process.stdout.write(options.json === true ? `${JSON.stringify({ before, workers })}\n` : `${text}\n`);
    return exitCodes.passed;
  } finally {
    signals.dispose();
  }
}
