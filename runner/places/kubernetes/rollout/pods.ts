import type { CoreV1Event, V1ContainerStatus, V1Deployment, V1Pod, V1ReplicaSet } from "@kubernetes/client-node";
import { containerName } from "../../../../settings/deployed-test";
import { RunnerError } from "../../../errors";
import type { Cluster } from "../api/cluster";

/** Names of the two Deployments of a test. */
export interface TestNames {
  readonly control: string;
  readonly worker: string;
}

/** What the cluster says of one Deployment now. */
export interface Workload {
  readonly deployment: V1Deployment;
  /** Also those that are on their way out. */
  readonly pods: readonly V1Pod[];
}

/** A Deployment of the test is not there. */
export class NoLoadTest extends RunnerError {
  override readonly name = "NoLoadTest";
}

export async function readDeployment(cluster: Cluster, name: string): Promise<V1Deployment> {
  const { namespace } = cluster;
  const read = () => cluster.apps.readNamespacedDeployment({ namespace, name });
  const deployment = await cluster.find(`read Deployment ${name}`, read);
  if (deployment === undefined) {
    throw new NoLoadTest(`there is no load test in namespace ${namespace}: it has no Deployment ${name}`);
  }
  return deployment;
}

export async function readWorkload(cluster: Cluster, name: string): Promise<Workload> {
  const deployment = await readDeployment(cluster, name);
  const { namespace } = cluster;
  const labelSelector = selectorOf(deployment);
  const list = () => cluster.core.listNamespacedPod({ namespace, labelSelector });
  const { items } = await cluster.call("list the pods", list);
  return { deployment, pods: items };
}

/** What explains why pods are not ready. */
export interface Background {
  readonly replicaSets: readonly V1ReplicaSet[];
  readonly events: readonly CoreV1Event[];
}

/** A workload with its background: two more calls, so only for pods that are not ready. */
export async function readRollout(cluster: Cluster, workload: Workload): Promise<Workload & Background> {
  const { namespace } = cluster;
  const labelSelector = selectorOf(workload.deployment);
  const sets = cluster.call("list the ReplicaSets", () =>
    cluster.apps.listNamespacedReplicaSet({ namespace, labelSelector }),
  );
  const events = cluster.call("list the events", () => cluster.core.listNamespacedEvent({ namespace }));
  // Who may not list them still may run tests.
  const [replicaSets, all] = await Promise.allSettled([sets, events]);
  return {
    ...workload,
    replicaSets: replicaSets.status === "fulfilled" ? replicaSets.value.items : [],
    events: all.status === "fulfilled" ? all.value.items : [],
  };
}

/** An object that is being deleted: a Deployment stays in sight until its pods have ended. */
export function isLeaving({ metadata }: V1Deployment | V1Pod): boolean {
  return metadata?.deletionTimestamp !== undefined;
}

export function isReady({ metadata, status }: V1Pod): boolean {
  const ready = status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True");
  return metadata?.deletionTimestamp === undefined && ready === true;
}

/** A pod that is only listed: one that was evicted stays until somebody deletes it, and another takes its place. */
export function hasEnded({ status }: V1Pod): boolean {
  return status?.phase === "Failed" || status?.phase === "Succeeded";
}

/** What the node says of Locust's container; a cluster may have put others into the pod. */
export function locustStatus({ status }: V1Pod): V1ContainerStatus | undefined {
  return status?.containerStatuses?.find(({ name }) => name === containerName);
}

export function nameOf({ metadata }: V1Pod): string {
  return metadata?.name ?? "";
}

/** The controller has seen the Deployment as it is, its pods are the wanted ones, all ready, and no other is left. */
export function isSettled({ deployment, pods }: Workload): boolean {
  const { metadata, spec, status } = deployment;
  const wanted = spec?.replicas ?? 1;
  const there = pods.filter((pod) => !hasEnded(pod));
  return (
    (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0) &&
    (status?.updatedReplicas ?? 0) === wanted &&
    there.length === wanted &&
    there.every(isReady)
  );
}

function selectorOf({ spec }: V1Deployment): string {
  return Object.entries(spec?.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
