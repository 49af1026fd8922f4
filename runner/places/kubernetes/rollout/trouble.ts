/** Why the pods of a Deployment are not ready, in words for people. */
import type { CoreV1Event, V1Deployment, V1Pod, V1ReplicaSet } from "@kubernetes/client-node";
import { creationTrouble } from "./creation";
import { conditionOf, podTrouble } from "./pod-trouble";
import { type Trouble, type TroubleKind, trouble } from "./trouble-kinds";

export type { TroubleKind } from "./trouble-kinds";

/** A Deployment with all that says how its pods are; objects of others may be among them. */
export interface Rollout {
  readonly deployment: V1Deployment;
  readonly replicaSets: readonly V1ReplicaSet[];
  readonly pods: readonly V1Pod[];
  /** Of the namespace. Without them, causes are found later, or not at all. */
  readonly events: readonly CoreV1Event[];
  /** The time, in ms since 1970. Defaults to this machine's. */
  readonly now?: number | undefined;
}

/** One trouble of one pod or of several. */
export interface PodTrouble extends Trouble {
  /** One line that begins with who has it: `locust-worker-x2x: crashed: exit code 1`, `3 pods: …`. */
  readonly text: string;
  /** Names of the pods; empty for pods that cannot be made. */
  readonly pods: readonly string[];
  /** How many pods have it. */
  readonly count: number;
}

/** How many pods are ready: those of the Deployment as it is now, without those that are ending. */
export function readyPods(rollout: Rollout): number {
  return isSeen(rollout) ? currentPods(rollout).filter(isReady).length : 0;
}

/**
 * Why fewer pods are ready than are wanted: equal troubles together, those first that waiting cannot help, then those
 * of most pods. Empty where all are ready.
 */
export function troubles(rollout: Rollout): PodTrouble[] {
  const { events, now = Date.now() } = rollout;
  const wanted = wantedOf(rollout);
  if (readyPods(rollout) >= wanted) return [];
  const found: { pod?: string; trouble: Trouble }[] = [];
  const current = new Set(currentPods(rollout));
  for (const pod of ownPods(rollout)) {
    const about = events.filter(({ involvedObject }) => involvedObject.uid === pod.metadata?.uid);
    const what =
      podTrouble(pod, about, now) ?? (current.has(pod) ? undefined : trouble("terminating", "is to be replaced"));
    if (what !== undefined) found.push({ pod: pod.metadata?.name ?? "", trouble: what });
  }
  const missing = wanted - [...current].filter(isAlive).length;
  if (missing > 0) {
    const what = missingTrouble(rollout);
    for (let pod = 0; pod < missing; pod++) found.push({ trouble: what });
  }
  return grouped(found);
}

/**
 * One line on how far the pods are, which changes only where their number or kind does: "5 of 8 workers are ready:
 * 2 starting, 1 crashing".
 */
export function summarize(role: "control" | "worker", rollout: Rollout): string {
  const [ready, wanted] = [readyPods(rollout), wantedOf(rollout)];
  if (wanted === 0) return `no ${role === "control" ? "master" : "worker"} is wanted`;
  const found = troubles(rollout);
  const single = role === "control" && wanted === 1;
  const parts = Object.entries(words).flatMap(([kind, word]) => {
    const count = found.reduce((sum, trouble) => sum + (trouble.kind === kind ? trouble.count : 0), 0);
    return count === 0 ? [] : [single && count === 1 ? word : `${count} ${word}`];
  });
  const why = parts.length === 0 ? "" : `: ${parts.join(", ")}`;
  if (single) return `the master is ${ready > 0 ? "ready" : "not ready"}${why}`;
  const [what, are] = wanted === 1 ? ["worker", "is"] : ["workers", "are"];
  return `${Math.min(ready, wanted)} of ${wanted} ${what} ${are} ready${why}`;
}

const words: Readonly<Record<TroubleKind, string>> = {
  starting: "starting",
  terminating: "ending",
  scheduling: "without a node",
  quota: "over a quota",
  policy: "refused by the cluster",
  image: "without an image",
  config: "misconfigured",
  volume: "without a volume",
  network: "without a sandbox",
  crash: "crashing",
  script: "crashing",
  memory: "out of memory",
  probe: "not answering",
  evicted: "evicted",
  node: "on a lost node",
};

function wantedOf({ deployment }: Rollout): number {
  return deployment.spec?.replicas ?? 1;
}

/** Whether the controller has taken the Deployment's latest change up: until then, its pods are those of before. */
function isSeen({ deployment }: Rollout): boolean {
  return (deployment.status?.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0);
}

function ownReplicaSets({ deployment, replicaSets }: Rollout): V1ReplicaSet[] {
  return replicaSets.filter(({ metadata }) => isOwnedBy(metadata, deployment.metadata?.uid));
}

/**
 * The ReplicaSet of the pods as the Deployment describes them now: the one with the highest revision. Undefined while
 * pods of before are being ended: the next one is made after that.
 */
function currentReplicaSet(rollout: Rollout): V1ReplicaSet | undefined {
  const revision = ({ metadata }: V1ReplicaSet) =>
    Number(metadata?.annotations?.["deployment.kubernetes.io/revision"] ?? 0);
  const latest = ownReplicaSets(rollout)
    .sort((a, b) => revision(a) - revision(b))
    .at(-1);
  return latest?.spec?.replicas === 0 ? undefined : latest;
}

function currentPods(rollout: Rollout): V1Pod[] {
  const current = currentReplicaSet(rollout)?.metadata?.uid;
  return rollout.pods.filter(({ metadata }) => isOwnedBy(metadata, current));
}

function ownPods(rollout: Rollout): V1Pod[] {
  const owners = ownReplicaSets(rollout);
  return rollout.pods.filter(({ metadata }) => owners.some((owner) => isOwnedBy(metadata, owner.metadata?.uid)));
}

function isOwnedBy(metadata: V1Pod["metadata"], uid: string | undefined): boolean {
  return uid !== undefined && (metadata?.ownerReferences?.some((owner) => owner.uid === uid) ?? false);
}

function isReady(pod: V1Pod): boolean {
  return pod.metadata?.deletionTimestamp === undefined && conditionOf(pod, "Ready")?.status === "True";
}

/** A pod that has ended is replaced by another. */
function isAlive({ metadata, status }: V1Pod): boolean {
  return metadata?.deletionTimestamp === undefined && status?.phase !== "Failed" && status?.phase !== "Succeeded";
}

/** Why there are fewer pods than wanted. */
function missingTrouble(rollout: Rollout): Trouble {
  if (rollout.deployment.spec?.paused === true) return trouble("config", "not made: the Deployment is paused", true);
  if (!isSeen(rollout)) return trouble("starting", "the cluster has not taken the change up yet");
  const conditions = [
    ...(currentReplicaSet(rollout)?.status?.conditions ?? []),
    ...(rollout.deployment.status?.conditions ?? []),
  ];
  const failure = conditions.find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  return failure?.message === undefined ? trouble("starting", "not made yet") : creationTrouble(failure.message);
}

function grouped(found: readonly { readonly pod?: string; readonly trouble: Trouble }[]): PodTrouble[] {
  const groups = new Map<string, { trouble: Trouble; pods: string[]; count: number }>();
  for (const { pod, trouble } of found) {
    const key = JSON.stringify(trouble);
    const group = groups.get(key) ?? { trouble, pods: [], count: 0 };
    groups.set(key, group);
    group.count += 1;
    if (pod !== undefined) group.pods.push(pod);
  }
  return [...groups.values()]
    .map(({ trouble, pods, count }) => ({
      ...trouble,
      text: `${count === 1 ? (pods[0] ?? "1 pod") : `${count} pods`}: ${trouble.text}`,
      pods: pods.sort(),
      count,
    }))
    .sort((a, b) => Number(b.hopeless) - Number(a.hopeless) || b.count - a.count || (a.text < b.text ? -1 : 1));
}
