import { messageOf, RunnerError } from "../../errors";
import type { OpenOptions, Place, Session } from "../place";
import { type Arrangement, arrange, restore } from "./arrange";
import type { Cluster } from "./cluster";
import { clusterTiming, type MasterLink } from "./master";
import type { TestNames } from "./pods";
import { waitForPods } from "./settle";

export interface KubernetesPlaceOptions {
  readonly cluster: Cluster;
  readonly names: TestNames;
  readonly link: MasterLink;
  /** What the run wants, and what is to be there afterwards. */
  readonly wanted: Arrangement;
  readonly before: Arrangement;
  /** How long pods may take to be ready, in ms. */
  readonly timeout: number;
}

/** Pods of a cluster: those that are deployed, in the number and with the script that a run wants. */
export class KubernetesPlace implements Place {
  readonly kind = "kubernetes";

  constructor(private readonly options: KubernetesPlaceOptions) {}

  async open({ progress, signal, kill }: OpenOptions): Promise<KubernetesSession> {
    const { cluster, names, link, wanted, before, timeout } = this.options;
    const giveBack = async () => {
      try {
        const changed = await restore({ cluster, names, wanted, before, patience: kill.aborted ? 5000 : 60_000 });
        if (changed !== undefined) progress(changed);
        return true;
      } catch (error) {
        progress(`warning: ${messageOf(error)}`);
        return false;
      }
    };
    let watch: { readonly lost: AbortSignal; stop(): void } | undefined;
    try {
      for (const line of await arrange({ cluster, names, wanted })) progress(line);
      const { worker } = await waitForPods({ cluster, names, timeout, progress, signal });
      watch = await link.watch();
      await link.status(signal);
      return new KubernetesSession(link, worker.pods.length, watch, giveBack);
    } catch (error) {
      watch?.stop();
      if (!(await giveBack())) throw new RunnerError(`${messageOf(error)}; the cluster is not as it was`);
      throw error;
    }
  }
}

/** A run's view of the pods; closing it makes them as they were. */
export class KubernetesSession implements Session {
  readonly endpoint;
  readonly masterLost;
  /** Pods were ready before: what comes later is seen by the master. */
  readonly startFailed = new AbortController().signal;
  readonly timing = clusterTiming;
  private closing: Promise<boolean> | undefined;

  constructor(
    link: MasterLink,
    readonly workers: number,
    private readonly watch: { readonly lost: AbortSignal; stop(): void },
    private readonly giveBack: () => Promise<boolean>,
  ) {
    this.endpoint = link.endpoint;
    this.masterLost = watch.lost;
  }

  async close(): Promise<void> {
    await this.restored();
  }

  /** Closes; gives whether everything is as it was. */
  restored(): Promise<boolean> {
    this.watch.stop();
    this.closing ??= this.giveBack();
    return this.closing;
  }
}
