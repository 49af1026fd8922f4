import { UsageError } from "../../errors";
import { followLog } from "../../places/kubernetes/logs/follow";
import { readLog } from "../../places/kubernetes/logs/logs";
import { nameOf, readWorkload } from "../../places/kubernetes/rollout/pods";
import { exitCodes } from "../../types";
import { type ClusterTest, openTest } from "../deployed-test/open";
import type { ClusterOptions } from "../options";
import { listenToSignals } from "../signals";

export interface LogsOptions extends ClusterOptions {
  /** `true`: of all workers. */
  readonly worker?: boolean | string;
  readonly follow?: boolean;
  readonly tail?: number;
  readonly json?: boolean;
}

/** `loadtest logs`: what Locust's master or its workers have logged. */
export async function logsCommand({ worker, follow, tail, json, ...options }: LogsOptions): Promise<number> {
  const test = await openTest(options);
  const pods = await podsOf(test, worker);
  const signals = listenToSignals(() => undefined);
  try {
    const print = (pod: string, line: string) => {
      const text = pods.length > 1 ? `${pod} ${line}` : line;
      process.stdout.write(`${json === true ? JSON.stringify({ pod, line }) : text}\n`);
    };
    const range = tail === undefined ? {} : { tailLines: tail };
    if (follow === true) {
      const followed = (pod: string) =>
        followLog(test.cluster, pod, range, (line) => print(pod, line), signals.interrupt);
      await Promise.all(pods.map(followed));
    } else {
      for (const pod of pods) {
        const text = await readLog(test.cluster, pod, range);
        if (text !== "") for (const line of text.replace(/\n$/, "").split("\n")) print(pod, line);
      }
    }
    return exitCodes.passed;
  } finally {
    signals.dispose();
  }
}

async function podsOf({ cluster, names }: ClusterTest, worker: boolean | string | undefined): Promise<string[]> {
  const { pods } = await readWorkload(cluster, worker === undefined ? names.control : names.worker);
  const all = pods
    .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
    .map(nameOf)
    .sort();
  if (all.length === 0)
    throw new UsageError(worker === undefined ? "Locust's master has no pod now" : "there are no workers");
  if (typeof worker !== "string") return all;
  const found = all.filter((name) => name === worker || name.endsWith(`-${worker}`));
  if (found.length === 0) throw new UsageError(`there is no worker ${worker}; there is ${all.join(", ")}`);
  return found;
}
