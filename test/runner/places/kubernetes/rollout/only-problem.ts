import type { CoreV1Event, V1Pod } from "@kubernetes/client-node";
import { expect } from "chai";
import type { Rollout } from "../../../../../runner/places/kubernetes/rollout/pods";
import { podProblems } from "../../../../../runner/places/kubernetes/rollout/problems";
import { rollout } from "../pods";

/** Kind, text without the pod's name, and whether there is no hope. */
export function only(pods: V1Pod | readonly V1Pod[], parts: Partial<Rollout> = {}): [string, string, boolean] {
  const [trouble, ...others] = podProblems(rollout([pods].flat(), parts));
  expect(others).to.deep.equal([]);
  if (trouble === undefined) throw new Error("There is no trouble.");
  return [trouble.kind, trouble.text.replace(/^locust-worker-\d+: /, ""), trouble.hopeless];
}

/** The same, where the cluster has said something of the pod. */
export const withEvents = (about: V1Pod, ...events: CoreV1Event[]) => only(about, { events });
