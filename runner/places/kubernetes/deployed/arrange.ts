import type { V1Deployment } from "@kubernetes/client-node";
import type { ScriptRun } from "../../../../settings/deployed/deployed-test";
import { RunnerError } from "../../../errors";
import type { Cluster } from "../api/cluster";
import { NoLoadTest, readDeployment, type TestNames } from "../rollout/pods";
import { descriptionOf } from "./deployed";
import { type PatchOperation, withScript, withScriptBefore } from "./script-change";

/** What of a deployed test a run may want otherwise. */
export interface Arrangement {
  readonly workers: number;
  readonly script: string;
}

/** What a run wants: also the script's arguments and client, which are as they were deployed when its script is. */
export type Wanted = Arrangement & ScriptRun;

interface Place {
  readonly cluster: Cluster;
  readonly names: TestNames;
}

export interface Arrange extends Place {
  readonly wanted: Wanted;
}

/** Scales the workers, and has the pods run another script, where that is not so already; gives a line for each. */
export async function arrange({ cluster, names, wanted }: Arrange): Promise<string[]> {
  const lines: string[] = [];
  // Both Deployments, so that master and workers run the same.
  if (await changeScripts(cluster, names, (deployment) => withScript(deployment, wanted))) {
    // Without values: one may be a secret.
    const options = Object.keys(wanted.scriptArguments).map((name) => ` --${name}`);
    const { httpClient = "auto" } = wanted;
    const client = httpClient === "auto" ? "" : ` with httpClient ${httpClient}`;
    lines.push(`Script ${wanted.script}${options.join("")}${client}: the pods start anew`);
  }
  const worker = await readDeployment(cluster, names.worker);
  const replicas = worker.spec?.replicas ?? 1;
  if (replicas !== wanted.workers) {
    await scale(cluster, names.worker, wanted.workers);
    lines.push(`Workers: ${replicas} → ${wanted.workers}`);
  }
  return lines;
}

export interface Restore extends Place {
  readonly wanted: Arrangement;
  readonly before: Arrangement;
  /** For how long to try where the API server cannot be reached, in ms. */
  readonly patience: number;
}

/** Lines for people. */
export interface Restored {
  /** What was changed. */
  readonly done?: string;
  /** The number of workers that somebody else has set. */
  readonly left?: string;
}

/**
 * Makes a test as it was before a run, as far as it still is as the run wanted it: what somebody else has changed
 * since then is theirs. Rejects with what is left to do.
 */
export async function restore({ cluster, names, wanted, before, patience }: Restore): Promise<Restored> {
  // Outside of what is repeated: what an attempt finds done, the one before has done.
  let workers = false;
  let present = before.workers;
  let script: string | undefined;
  const scriptBack = (deployment: V1Deployment): PatchOperation[] => {
    const { script: now, before: deployed } = descriptionOf(deployment);
    if (now !== wanted.script) return [];
    script = deployed?.script ?? script;
    return withScriptBefore(deployment);
  };
  const work = async () => {
    const worker = await readDeployment(cluster, names.worker);
    present = worker.spec?.replicas ?? 1;
    if (wanted.workers !== before.workers && present === wanted.workers) {
      workers = true;
      await scale(cluster, names.worker, before.workers);
      present = before.workers;
    }
    await changeScripts(cluster, names, scriptBack);
    const lines = [
      ...(workers ? [`workers: ${wanted.workers} → ${before.workers}`] : []),
      ...(script === undefined ? [] : [`script: ${script}`]),
    ];
    return {
      ...(lines.length === 0 ? {} : { done: `As before: ${lines.join(", ")}` }),
      ...(present === before.workers
        ? {}
        : {
            left: `workers: ${present}, which somebody has set during the run; before it there were ${before.workers}`,
          }),
    };
  };
  try {
    return await cluster.retry("make the test as it was", work, { for: patience });
  } catch (error) {
    // Taken down, or about to be deployed anew: what comes is as it was deployed.
    if (error instanceof NoLoadTest) return {};
    const todo = [
      ...(wanted.workers === before.workers ? [] : [`loadtest scale ${before.workers}`]),
      ...(wanted.script === before.script ? [] : [`the next loadtest run goes back to ${before.script}`]),
    ];
    throw new RunnerError(`the test is not as it was before: ${todo.join("; ")}`, undefined, { cause: error });
  }
}

export async function scale(cluster: Cluster, name: string, replicas: number): Promise<void> {
  const { namespace } = cluster;
  // The number is not there where it is 0, and what is not there cannot be replaced.
  const body = [{ op: "add", path: "/spec/replicas", value: replicas }];
  const patch = () => cluster.apps.patchNamespacedDeploymentScale({ namespace, name, body });
  await cluster.call(`scale Deployment ${name}`, patch);
}

/** True where something was changed. */
async function changeScripts(
  cluster: Cluster,
  names: TestNames,
  change: (deployment: V1Deployment) => PatchOperation[],
): Promise<boolean> {
  const { namespace } = cluster;
  let changed = false;
  for (const name of [names.control, names.worker]) {
    const body = change(await readDeployment(cluster, name));
    if (body.length === 0) continue;
    await cluster.call(`change Deployment ${name}`, () =>
      cluster.apps.patchNamespacedDeployment({ namespace, name, body }),
    );
    changed = true;
  }
  return changed;
}
