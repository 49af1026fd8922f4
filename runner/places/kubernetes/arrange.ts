import type { V1Deployment } from "@kubernetes/client-node";
import { RunnerError } from "../../errors";
import type { Cluster } from "./cluster";
import { scriptOf, withScript } from "./deployed";
import { readDeployment, type TestNames } from "./pods";

/** What of a deployed test a run may want otherwise. */
export interface Arrangement {
  readonly workers: number;
  readonly script: string;
}

export interface Arrange {
  readonly cluster: Cluster;
  readonly names: TestNames;
  readonly wanted: Arrangement;
}

/** Scales the workers, and has the pods run another script, where that is not so already; gives a line for each. */
export async function arrange({ cluster, names, wanted }: Arrange): Promise<string[]> {
  const lines: string[] = [];
  if (await setScript(cluster, names, wanted.script)) lines.push(`Script ${wanted.script}: the pods start anew`);
  const worker = await readDeployment(cluster, names.worker);
  const replicas = worker.spec?.replicas ?? 1;
  if (replicas !== wanted.workers) {
    await scale(cluster, names.worker, wanted.workers);
    lines.push(`Workers: ${replicas} → ${wanted.workers}`);
  }
  return lines;
}

export interface Restore extends Arrange {
  readonly before: Arrangement;
  /** For how long to try where the API server cannot be reached, in ms. */
  readonly patience: number;
}

/**
 * Makes a test as it was before a run, as far as it still is as the run wanted it: what somebody else has changed
 * since then is theirs. Gives a line where something was changed; rejects with what is left to do.
 */
export async function restore({ cluster, names, wanted, before, patience }: Restore): Promise<string | undefined> {
  if (wanted.workers === before.workers && wanted.script === before.script) return undefined;
  const work = async () => {
    const lines: string[] = [];
    const worker = await readDeployment(cluster, names.worker);
    if (wanted.workers !== before.workers && worker.spec?.replicas === wanted.workers) {
      await scale(cluster, names.worker, before.workers);
      lines.push(`workers: ${wanted.workers} → ${before.workers}`);
    }
    if (wanted.script !== before.script && scriptOf(worker) === wanted.script) {
      await setScript(cluster, names, before.script);
      lines.push(`script: ${before.script}`);
    }
    return lines.length === 0 ? undefined : `As before: ${lines.join(", ")}`;
  };
  try {
    return await cluster.retry("make the test as it was", work, { for: patience });
  } catch (error) {
    const todo = [
      ...(wanted.workers === before.workers ? [] : [`loadtest scale ${before.workers}`]),
      ...(wanted.script === before.script ? [] : [`the next loadtest run goes back to ${before.script}`]),
    ];
    throw new RunnerError(`the test is not as it was before: ${todo.join("; ")}`, undefined, { cause: error });
  }
}

export async function scale(cluster: Cluster, name: string, replicas: number): Promise<void> {
  const { namespace } = cluster;
  const body = [{ op: "replace", path: "/spec/replicas", value: replicas }];
  const patch = () => cluster.apps.patchNamespacedDeploymentScale({ namespace, name, body });
  await cluster.call(`scale Deployment ${name}`, patch);
}

/** Both Deployments, so that master and workers run the same; false where they do already. */
async function setScript(cluster: Cluster, names: TestNames, script: string): Promise<boolean> {
  const both = await Promise.all([names.control, names.worker].map((name) => readDeployment(cluster, name)));
  const others = both.filter((deployment) => scriptOf(deployment) !== script);
  for (const deployment of others) await patchScript(cluster, deployment, script);
  return others.length > 0;
}

async function patchScript(cluster: Cluster, deployment: V1Deployment, script: string): Promise<void> {
  const { namespace } = cluster;
  const name = deployment.metadata?.name ?? "";
  const body = withScript(deployment, script);
  const patch = () => cluster.apps.patchNamespacedDeployment({ namespace, name, body });
  await cluster.call(`change Deployment ${name}`, patch);
}
