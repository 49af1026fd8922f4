/** The pods of a test, as the cluster has them. */
import type {
  CoreV1Event,
  V1Container,
  V1ContainerStatus,
  V1Deployment,
  V1Pod,
  V1ReplicaSet,
} from "@kubernetes/client-node";
import { containerName } from "../../../../settings/deployed/deployed-test";
import { RunnerError } from "../../../errors";
import { explainEnd } from "../../explain";
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

/** A Deployment with all that says why its pods are not ready; objects of others may be among them. */
export interface Rollout extends Workload {
  readonly replicaSets: readonly V1ReplicaSet[];
  /** Of the namespace. Without them, causes are found later, or not at all. */
  readonly events: readonly CoreV1Event[];
  /** The time, in ms since 1970. Defaults to this machine's. */
  readonly now?: number;
}

/** Two more calls than for a workload, so only for pods that are not ready. */
export async function readRollout(cluster: Cluster, workload: Workload): Promise<Rollout> {
  const { namespace } = cluster;
  const labelSelector = selectorOf(workload.deployment);
  // Who may not list them still may run tests.
  const list = <T>(what: string, call: () => Promise<{ items: T[] }>): Promise<T[]> =>
    cluster.call(`list the ${what}`, call).then(
      ({ items }) => items,
      () => [],
    );
  const [replicaSets, events] = await Promise.all([
    list("ReplicaSets", () => cluster.apps.listNamespacedReplicaSet({ namespace, labelSelector })),
    list("events", () => cluster.core.listNamespacedEvent({ namespace })),
  ]);
  return { ...workload, replicaSets, events };
}

/** An object that is being deleted: a Deployment stays in sight until its pods have ended. */
export function isLeaving({ metadata }: V1Deployment | V1Pod): boolean {
  return metadata?.deletionTimestamp !== undefined;
}

export function conditionOf({ status }: V1Pod, type: string) {
  return status?.conditions?.find((condition) => condition.type === type);
}

export function isReady(pod: V1Pod): boolean {
  return !isLeaving(pod) && conditionOf(pod, "Ready")?.status === "True";
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

export function wantedPods({ deployment }: Workload): number {
  return deployment.spec?.replicas ?? 1;
}

/** Whether the controller has taken up the Deployment's latest change: until then, its pods are those of before. */
export function isObserved({ deployment }: Workload): boolean {
  return (deployment.status?.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0);
}

/** Whether the pods are as many as wanted, as the Deployment describes them now, all ready, and no other is left. */
export function isRolledOut(workload: Workload): boolean {
  const wanted = wantedPods(workload);
  const updated = workload.deployment.status?.updatedReplicas ?? 0;
  const pods = workload.pods.filter((pod) => !hasEnded(pod));
  return isObserved(workload) && updated === wanted && pods.length === wanted && pods.every(isReady);
}

/**
 * Says what ended a worker that its master has lost, to follow a colon; undefined where the cluster cannot be asked.
 *
 * @param before pods as they were at the start of the run: what ended them earlier is not meant
 */
export async function whyLost(
  cluster: Cluster,
  { worker }: TestNames,
  name: string,
  before: readonly V1Pod[],
): Promise<string | undefined> {
  const workload = await readWorkload(cluster, worker).catch(() => undefined);
  if (workload === undefined) return undefined;
  const called = (pod: V1Pod) => nameOf(pod) === name;
  return podEnd(workload.pods.find(called), locustStatus(before.find(called) ?? {})?.restartCount ?? 0);
}

/** @param restarts of its container, at the start of the run */
export function podEnd(pod: V1Pod | undefined, restarts: number): string {
  if (pod === undefined) return "its pod is gone";
  if (isLeaving(pod)) return "its pod was deleted";
  const { spec, status } = pod;
  const container = locustStatus(pod);
  const again = (container?.restartCount ?? 0) > restarts;
  const ended = container?.state?.terminated ?? (again ? container?.lastState?.terminated : undefined);
  if (ended?.reason === "OOMKilled") {
    return killedForMemory(spec?.containers.find(({ name }) => name === containerName));
  }
  if (status?.phase === "Failed" && status.reason !== undefined) {
    return `its pod was ended by its node: ${status.message ?? status.reason}`;
  }
  if (ended === undefined) return "its pod runs, and does not answer";
  const { exitCode, message = "" } = ended;
  const signals: Readonly<Record<number, string>> = { 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM" };
  return explainEnd(message, signals[exitCode] ?? `exit code ${exitCode}`);
}

export function killedForMemory(container: V1Container | undefined): string {
  const limit = container?.resources?.limits?.memory;
  return `killed for its memory${limit === undefined ? "" : `: limit ${limit}`}`;
}

function selectorOf({ spec }: V1Deployment): string {
  return Object.entries(spec?.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}
