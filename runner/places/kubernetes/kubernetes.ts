import { never } from "../../engine/timing";
import { messageOf } from "../../errors";
import type { OpenOptions, Session } from "../place";
import type { Cluster } from "./api/cluster";
import { type Arrangement, arrange, restore, scale, type Wanted } from "./deployed/arrange";
import { clusterTiming, type MasterLink } from "./master";
import { isReady, type TestNames, whyLost } from "./rollout/pods";
import { waitForRollout } from "./rollout/rollout";

export interface KubernetesPlaceOptions {
  readonly cluster: Cluster;
  readonly names: TestNames;
  readonly link: MasterLink;
  /** What the run wants, and what to restore afterwards. */
  readonly wanted: Wanted;
  readonly before: Arrangement;
  /** Aborted, with an Error that says by whom, when somebody else has taken the lock: the test is theirs to change. */
  readonly lost: AbortSignal;
  /** How long pods may take to be ready, in ms. */
  readonly timeout: number;
  /** Called before the workers are scaled in a run. */
  readonly beforeScale?: (workers: number) => Promise<void>;
  /** What so many workers more cost, in words; undefined where nobody knows. */
  readonly workerCost?: (more: number) => string | undefined;
}

/** Pods of a cluster: those that are deployed, in the number and with the script that a run wants. */
export class KubernetesPlace {
  /** Whether the test is as it was before the run. */
  asBefore = true;

  /** What the run wants by now. */
  private wanted: Wanted;

  constructor(private readonly options: KubernetesPlaceOptions) {
    this.wanted = options.wanted;
  }

  /**
   * Rejects with a RunnerError, and then the test is as it was.
   *
   * @param options.onFailure called while the pods that could not be ready are still there
   */
  async open(options: OpenOptions & { readonly onFailure?: () => Promise<unknown> }): Promise<Session> {
    const { progress, signal, kill, onFailure } = options;
    const { cluster, names, link, wanted, timeout, workerCost, beforeScale } = this.options;
    const putBack = () => this.restore(progress, kill);
    try {
      this.asBefore = false;
      for (const line of await arrange({ cluster, names, wanted })) progress(line);
      const { worker } = await waitForRollout({ cluster, names, timeout, progress, signal });
      await link.status(signal);
      const watch = await link.watch();
      let closing: Promise<readonly string[]> | undefined;
      return {
        endpoint: link.endpoint,
        workers: worker.pods.filter(isReady).length,
        masterLost: watch.lost,
        // Pods were ready before: what comes later is seen by the master.
        startFailed: never,
        timing: { ...clusterTiming, prepare: timeout },
        stays: true,
        scale: {
          ...(workerCost === undefined ? {} : { cost: workerCost }),
          to: async (workers) => {
            await beforeScale?.(workers);
            this.wanted = { ...this.wanted, workers };
            await scale(cluster, names.worker, workers);
            await waitForRollout({ cluster, names, timeout, progress, signal });
          },
        },
        whyLost: (name) => whyLost(cluster, names, name, worker.pods),
        close() {
          watch.stop();
          closing ??= putBack();
          return closing;
        },
      };
    } catch (error) {
      if (!kill.aborted) await onFailure?.().catch(() => undefined);
      for (const warning of await putBack()) progress(`warning: ${warning}`);
      throw error;
    }
  }

  /** Gives a warning where the test is not as it was. */
  private async restore(progress: (text: string) => void, kill: AbortSignal): Promise<readonly string[]> {
    const { cluster, names, before, lost } = this.options;
    const { wanted } = this;
    try {
      lost.throwIfAborted();
      const { done, left } = await restore({ cluster, names, wanted, before, patience: kill.aborted ? 5000 : 60_000 });
      if (done !== undefined) progress(done);
      this.asBefore = true;
      return left === undefined ? [] : [left];
    } catch (error) {
      return [messageOf(error)];
    }
  }
}
