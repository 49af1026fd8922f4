/** Why the pods of a Deployment are not ready, in words for people. */
import type { V1Pod, V1ReplicaSet } from "@kubernetes/client-node";
import { creationProblem, kinds, type Problem, problem } from "./messages";
import { podProblem } from "./pod-problem";
import { hasEnded, isLeaving, isObserved, isReady, nameOf, type Rollout, wantedPods } from "./pods";

/** One problem of one pod or of several. */
export interface PodProblem extends Problem {
  /** One line that begins with who has it: `locust-worker-x2x: crashed: exit code 1`, `3 pods: …`. */
  readonly text: string;
  /** Names of the pods; empty for pods that cannot be made. */
  readonly pods: readonly string[];
  /** How many pods have it. */
  readonly count: number;
}

/** How many pods are ready: those of the Deployment as it is now, without those that are ending. */
export function readyPods(rollout: Rollout): number {
  return isObserved(rollout) ? currentPods(rollout).filter(isReady).length : 0;
}

/**
 * Why fewer pods are ready than are wanted: equal problems together, those first that waiting cannot help, then those
 * of most pods. Empty where all are ready.
 */
export function podProblems(rollout: Rollout): PodProblem[] {
  const { events, now = Date.now() } = rollout;
  const wanted = wantedPods(rollout);
  if (readyPods(rollout) >= wanted) return [];
  const groups = new Map<string, { found: Problem; pods: string[]; count: number }>();
  const add = (found: Problem, count: number, ...pods: string[]) => {
    const key = JSON.stringify(found);
    const group = groups.get(key) ?? { found, pods: [], count: 0 };
    group.pods.push(...pods);
    group.count += count;
    groups.set(key, group);
  };
  const current = currentPods(rollout);
  for (const pod of ownPods(rollout)) {
    const about = events.filter(({ involvedObject }) => involvedObject.uid === pod.metadata?.uid);
    const found = podProblem(pod, about, now);
    if (found !== undefined) add(found, 1, nameOf(pod));
    else if (!current.includes(pod)) add(problem("terminating", "is to be replaced"), 1, nameOf(pod));
  }
  // A pod that has ended is replaced by another.
  const missing = wanted - current.filter((pod) => !isLeaving(pod) && !hasEnded(pod)).length;
  if (missing > 0) add(missingProblem(rollout), missing);
  return [...groups.values()]
    .map(({ found, pods, count }) => {
      const who = count === 1 ? (pods[0] ?? "1 pod") : `${count} pods`;
      return { ...found, text: `${who}: ${found.text}`, pods: pods.sort(), count };
    })
    .sort((a, b) => Number(b.hopeless) - Number(a.hopeless) || b.count - a.count || (a.text < b.text ? -1 : 1));
}

/**
 * One line on how far the pods are, which changes only where their number or kind does: "5 of 8 workers are ready:
 * 2 starting, 1 crashing".
 */
export function summarize(role: "control" | "worker", rollout: Rollout): string {
  const [ready, wanted] = [readyPods(rollout), wantedPods(rollout)];
  if (wanted === 0) return `no ${role === "control" ? "master" : "worker"} is wanted`;
  const found = podProblems(rollout);
  const single = role === "control" && wanted === 1;
  const parts = Object.entries(kinds).flatMap(([kind, words]) => {
    const count = found.reduce((sum, one) => sum + (one.kind === kind ? one.count : 0), 0);
    return count === 0 ? [] : [single && count === 1 ? words : `${count} ${words}`];
  });
  const why = parts.length === 0 ? "" : `: ${parts.join(", ")}`;
  if (single) return `the master is ${ready > 0 ? "ready" : "not ready"}${why}`;
  const are = wanted === 1 ? "worker is" : "workers are";
  return `${Math.min(ready, wanted)} of ${wanted} ${are} ready${why}`;
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

/** Why there are fewer pods than wanted. */
function missingProblem(rollout: Rollout): Problem {
  const { deployment } = rollout;
  if (deployment.spec?.paused === true) return problem("config", "not made: the Deployment is paused", true);
  if (!isObserved(rollout)) return problem("starting", "the cluster has not taken the change up yet");
  const failure = [currentReplicaSet(rollout), deployment]
    .flatMap((one) => one?.status?.conditions ?? [])
    .find(({ type, status }) => type === "ReplicaFailure" && status === "True");
  return failure?.message === undefined ? problem("starting", "not made yet") : creationProblem(failure.message);
}
