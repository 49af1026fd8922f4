import { MasterLink } from "../../places/kubernetes/master";
import type { ClusterOptions } from "../options";
import { listenToSignals, type Signals } from "../signals";
import { type Progress, progressOf } from "../terminal/progress";
import { type ClusterTest, openTest } from "./open";

/** What every command on a deployed test works with. */
export interface ClusterContext {
  readonly test: ClusterTest;
  readonly link: MasterLink;
  readonly progress: Progress;
  readonly signals: Signals;
}

/** Finds the test, opens a way to its master, does the work, and closes the way again. */
export async function withMaster<T>(
  options: ClusterOptions & { readonly port?: number },
  onSignal: string,
  work: (context: ClusterContext) => Promise<T>,
): Promise<T> {
  const test = await openTest(options);
  const { cluster, deployed, names, webPort } = test;
  const { users, workerReplicas: workers } = deployed;
  const progress = await progressOf({ runTime: undefined, users, workers });
  const signals = listenToSignals((signal) => progress.say(`${signal}: ${onSignal}`));
  try {
    const link = await MasterLink.open({
      cluster,
      deployed,
      webPort,
      control: names.control,
      listenPort: options.port,
    });
    try {
      return await work({ test, link, progress, signals });
    } finally {
      await link.close();
    }
  } finally {
    signals.dispose();
  }
}
