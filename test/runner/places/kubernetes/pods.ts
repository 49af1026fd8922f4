/** Pods of a Deployment and what is said of them, with as much as the code looks at. */
import type {
  CoreV1Event,
  V1ContainerStatus,
  V1DeploymentSpec,
  V1Pod,
  V1PodSpec,
  V1PodStatus,
  V1ReplicaSet,
} from "@kubernetes/client-node";
import type { Rollout } from "../../../../runner/places/kubernetes/rollout/pods";

const image = "docker.io/locustio/locust:2.47.0";
export const now = Date.parse("2026-11-24T15:00:00Z");

let number = 0;

export interface PodParts {
  readonly name?: string;
  /** Its one container; a pod without has not come that far. */
  readonly container?: Partial<V1ContainerStatus>;
  readonly image?: string;
  readonly limit?: string;
  readonly ready?: boolean;
  readonly labels?: Record<string, string>;
  /** When its grace is over. */
  readonly deleted?: Date;
  readonly spec?: Partial<V1PodSpec>;
  readonly status?: V1PodStatus;
  readonly owner?: string;
}

/** A pod on node `node-1`, scheduled and not ready. */
export function pod(parts: PodParts = {}): V1Pod {
  const name = parts.name ?? `locust-worker-${++number}`;
  const resources = { limits: { memory: parts.limit ?? "32Mi" }, requests: { cpu: "8", memory: "160Gi" } };
  const ready = { type: "Ready", status: parts.ready ? "True" : "False", reason: "ContainersNotReady" };
  return {
    metadata: {
      ...{ name, uid: `uid-${name}`, ownerReferences: owners(parts.owner ?? "current") },
      ...(parts.labels === undefined ? {} : { labels: parts.labels }),
      ...(parts.deleted === undefined ? {} : { deletionTimestamp: parts.deleted }),
    },
    spec: {
      nodeName: "node-1",
      containers: [{ name: "locust", image: parts.image ?? image, resources }],
      ...parts.spec,
    },
    status: {
      phase: "Running",
      conditions: [{ type: "PodScheduled", status: "True" }, ready],
      ...(parts.container === undefined ? {} : { containerStatuses: [status(parts.container)] }),
      ...parts.status,
    },
  };
}

function status(container: Partial<V1ContainerStatus>): V1ContainerStatus {
  return { name: "locust", image, imageID: "", ready: false, restartCount: 0, ...container };
}

export const readyPod = (parts: PodParts = {}): V1Pod =>
  pod({ ready: true, container: { ready: true, started: true, state: { running: {} } }, ...parts });

/** A pod that no node has taken. */
export function unscheduled(message: string | undefined, parts: PodParts = {}): V1Pod {
  const scheduled = { type: "PodScheduled", status: "False", reason: "Unschedulable" };
  const conditions = message === undefined ? [] : [{ ...scheduled, message }];
  const { spec, ...rest } = parts;
  const made = pod({ ...rest, status: { phase: "Pending", conditions } });
  const { nodeName: _, ...unbound } = made.spec ?? { containers: [] };
  return { ...made, spec: { ...unbound, ...spec } };
}

export const waiting = (reason: string, message?: string, parts: PodParts = {}): V1Pod =>
  pod({ container: { state: { waiting: { reason, ...(message === undefined ? {} : { message }) } } }, ...parts });

/** A container that waits to be started again. */
export function crashing(reason: string, exitCode: number, parts: { message?: string; restarts?: number } = {}): V1Pod {
  const ended = { reason, exitCode, ...(parts.message === undefined ? {} : { message: parts.message }) };
  const backOff = { reason: "CrashLoopBackOff", message: "back-off 40s restarting failed container=locust pod=…" };
  return pod({
    container: { state: { waiting: backOff }, lastState: { terminated: ended }, restartCount: parts.restarts ?? 1 },
  });
}

/** What is said of a pod, some seconds after the others began. */
export function event(about: V1Pod, reason: string, message: string, seconds = 0): CoreV1Event {
  return {
    metadata: {},
    involvedObject: { kind: "Pod", ...about.metadata },
    reason,
    message,
    lastTimestamp: new Date(now + seconds * 1000),
  };
}

export function replicaSet(
  name: string,
  parts: { revision?: number; replicas?: number; failure?: string } = {},
): V1ReplicaSet {
  const { revision = 1, replicas = 1, failure } = parts;
  const conditions = [{ type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: failure ?? "" }];
  return {
    metadata: {
      ...{ name, uid: name, ownerReferences: owners("deployment") },
      annotations: { "deployment.kubernetes.io/revision": String(revision) },
    },
    spec: { replicas, selector: {} },
    status: { replicas: 0, ...(failure === undefined ? {} : { conditions }) },
  };
}

export function rollout(
  pods: readonly V1Pod[],
  parts: Partial<Rollout> & { wanted?: number; spec?: Partial<V1DeploymentSpec> } = {},
): Rollout {
  const { wanted = pods.length, spec, ...rest } = parts;
  return {
    deployment: {
      metadata: { name: "locust-worker", uid: "deployment", generation: 2 },
      spec: { selector: {}, template: {}, replicas: wanted, ...spec },
      status: { observedGeneration: 2 },
    },
    replicaSets: [replicaSet("current")],
    pods,
    events: [],
    now,
    ...rest,
  };
}

function owners(uid: string) {
  return [{ apiVersion: "apps/v1", kind: "Owner", name: uid, uid, controller: true }];
}
