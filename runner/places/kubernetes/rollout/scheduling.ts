/** Why no node takes a pod, from what the schedulers say. */
import type { V1Pod } from "@kubernetes/client-node";
import { type Trouble, trouble } from "./trouble-kinds";

/** The scheduler of pods that a Fargate profile selects. */
const fargateScheduler = "fargate-scheduler";

/**
 * Words the message of a scheduler.
 *
 * @param message of the condition PodScheduled, or of an event; undefined before there is one
 */
export function schedulingTrouble(pod: V1Pod, message: string | undefined): Trouble {
  const fargate = pod.spec?.schedulerName === fargateScheduler;
  if (message === undefined || message === "") {
    return trouble("starting", fargate ? "waits for Fargate, which takes about a minute" : "waits for a node");
  }
  return fargate ? fargateTrouble(message) : nodesTrouble(pod, message);
}

/** "0/5 nodes are available: 4 Insufficient cpu, 1 node(s) had untolerated taint {a: b}. preemption: …". */
function nodesTrouble(pod: V1Pod, message: string): Trouble {
  if (/^no nodes available/.test(message)) {
    return trouble("scheduling", "the cluster has no nodes; on Fargate, no profile selects it");
  }
  const [, total, list = ""] = /^\d+\/(\d+) nodes are available: (.*)$/s.exec(message) ?? [];
  if (total === undefined) return trouble("scheduling", `no node takes it: ${message}`);
  // What follows is about preemption.
  const [reasons = ""] = list.split(/\.(?:\s|$)/);
  const found = reasons.split(/, (?=\d+ )/).map((reason) => {
    const [, count = "", why = reason] = /^(\d+) (?:node\(s\) )?(.*)$/.exec(reason) ?? [];
    return { count, why, lacks: /^Insufficient (.*)$/.exec(why)?.[1] };
  });
  if (found.every(({ why }) => why.includes("eks.amazonaws.com/compute-type: fargate"))) {
    return trouble("scheduling", "no Fargate profile selects it, and there are no other nodes");
  }
  const lacking = found.flatMap(({ lacks }) => lacks ?? []);
  const text = found.map(({ count, why, lacks }) => {
    return `${lacks === undefined ? why : `too little ${lacks}`} (${count} of ${total} nodes)`;
  });
  const asks = requestsOf(pod, lacking);
  const start = lacking.length === found.length ? "no room" : "no node takes it";
  return trouble("scheduling", `${start}: ${text.join(", ")}${asks === "" ? "" : `; it asks for ${asks}`}`);
}

/** What the pod's containers ask for: "cpu 500m + 250m, memory 1Gi". */
function requestsOf({ spec }: V1Pod, resources: readonly string[]): string {
  return resources
    .flatMap((resource) => {
      const amounts = spec?.containers.flatMap((container) => container.resources?.requests?.[resource] ?? []) ?? [];
      return amounts.length === 0 ? [] : [`${resource} ${amounts.join(" + ")}`];
    })
    .join(", ");
}

function fargateTrouble(text: string): Trouble {
  // Some of its messages begin with a code: "[POD_UNSUPPORTED_ON_FARGATE] …".
  const message = text.replace(/^\[[A-Z_]+\]\s*/, "");
  const after = (start: RegExp) => (start.test(message) ? message.replace(start, "") : undefined);
  const unsupported = after(/^Pod not supported on Fargate:\s*/i);
  if (unsupported !== undefined) {
    // A volume that it asks for may still come.
    return trouble("scheduling", `Fargate cannot run it: ${unsupported}`, !/not (found|bound)/.test(unsupported));
  }
  const profile = after(/^Misconfigured Fargate Profile:\s*/i);
  // Fargate's scheduler does not try again.
  if (profile !== undefined) return trouble("scheduling", `its Fargate profile is wrong: ${profile}`, true);
  const limit = /reached the limit on the number of Fargate (\S+)/.exec(message)?.[1];
  if (limit !== undefined) {
    const quota = 'the quota "Fargate On-Demand vCPU resource count" can be raised';
    return trouble("quota", `the AWS account may run no more Fargate ${limit} at once; ${quota} in Service Quotas`);
  }
  if (/account is currently blocked/.test(message)) {
    return trouble("quota", "the AWS account is blocked from Fargate: AWS Support can tell why", true);
  }
  if (/capacity is unavailable/.test(message)) {
    return trouble("scheduling", "Fargate has no capacity for a pod of this size here at this time");
  }
  if (/provisioning timed out/.test(message)) {
    return trouble("scheduling", "Fargate did not bring it up in time, and tries again");
  }
  return trouble("scheduling", `Fargate does not take it: ${message}`);
}
