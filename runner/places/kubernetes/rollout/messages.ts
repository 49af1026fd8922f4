/** What keeps a pod from being ready, from what schedulers, registries and controllers of a cluster say. */
import type { V1Pod } from "@kubernetes/client-node";
import { oneLine } from "../api/failures";
import { parseQuantity } from "../deployed/quantity";

/** The kinds of problems, with the words of a summary: "2 without a node". */
export const kinds = {
  /** On its way, with nothing wrong so far. */
  starting: "starting",
  /** Of an earlier version, or too many: it ends. */
  terminating: "ending",
  scheduling: "without a node",
  /** A quota, of the namespace or of the cloud, is used up. */
  quota: "over a quota",
  /** Refused by the cluster's rules: Pod Security, a LimitRange, an admission webhook. */
  policy: "refused by the cluster",
  image: "without an image",
  /** Something that it refers to is missing, or its command does not exist. */
  config: "misconfigured",
  volume: "without a volume",
  network: "without a sandbox",
  crash: "crashing",
  /** It crashes for a mistake in the user's own files. */
  script: "crashing",
  memory: "out of memory",
  /** It runs and does not answer. */
  probe: "not answering",
  evicted: "evicted",
  /** Its node does not report. */
  node: "on a lost node",
} as const;

export type ProblemKind = keyof typeof kinds;

/** What keeps a pod from being ready. */
export interface Problem {
  readonly kind: ProblemKind;
  /** One line of at most 300 characters, the same for all pods that have the same problem. */
  readonly text: string;
  /** Waiting cannot help. */
  readonly hopeless: boolean;
}

export function problem(kind: ProblemKind, text: string, hopeless = false): Problem {
  return { kind, text: oneLine(text.trim().replace(/\.$/, "")), hopeless };
}

/** What a message means: its pattern, then kind, text with the pattern's groups, and whether waiting cannot help. */
type Rule = readonly [RegExp, ProblemKind, string, boolean];

function byRules(rules: readonly Rule[], message: string): Problem | undefined {
  for (const [pattern, kind, text, hopeless] of rules) {
    const groups = pattern.exec(message);
    const words = text.replace(/\$(\d)/g, (_, group) => groups?.[Number(group)] ?? "");
    if (groups !== null) return problem(kind, words, hopeless);
  }
  return undefined;
}

/** What controllers say that may not make a pod. */
const creationRules: readonly Rule[] = [
  [/^violates PodSecurity "([^"]*)": (.*)$/s, "policy", "Pod Security level $1 refuses it: $2", true],
  [
    /^((?:maximum|minimum) .* per (?:Container|Pod|PersistentVolumeClaim) is.*)$/s,
    "policy",
    "a LimitRange of the namespace refuses it: $1",
    true,
  ],
  [/^failed (quota: .*)$/s, "policy", "$1", true],
  [/^(admission webhook ".*" denied the request.*)$/s, "policy", "$1", true],
  // A namespace gets its default account a moment after it is made.
  [/serviceaccount "default" not found/, "config", "service account default does not exist", false],
  [/serviceaccount "([^"]*)" not found/, "config", "service account $1 does not exist", true],
];

/** Why a pod cannot be made, by the message of a ReplicaSet's condition ReplicaFailure. */
export function creationProblem(message: string): Problem {
  const why = message.replace(/^pods "[^"]*" is forbidden: /, "");
  return quotaProblem(why) ?? byRules(creationRules, why) ?? problem("policy", why);
}

function quotaProblem(message: string): Problem | undefined {
  const pattern = /^exceeded quota: (\S+), requested: (\S+), used: (\S+), limited: (\S+)$/;
  const [, quota, ...lists] = pattern.exec(message) ?? [];
  if (quota === undefined) return undefined;
  // "limits.cpu=10m,pods=1"
  const [requested = {}, used = {}, limited = {}] = lists.map((list): Record<string, string> => {
    return Object.fromEntries(list.split(",").map((item) => item.split("=")));
  });
  const items = Object.entries(requested).map(([resource, amount]) => {
    return `${resource} ${used[resource]} of ${limited[resource]} used, ${amount} more asked for`;
  });
  // An empty namespace would not have it either.
  const tooMuch = Object.entries(requested).some(([resource, amount]) => {
    return (parseQuantity(amount) ?? 0) > (parseQuantity(limited[resource] ?? "") ?? Number.POSITIVE_INFINITY);
  });
  return problem("quota", `quota ${quota} is used up: ${items.join("; ")}`, tooMuch);
}

/** What Fargate's scheduler says. It does not try again where a profile is wrong. */
const fargateRules: readonly Rule[] = [
  // A volume that it asks for may still come.
  [/^Pod not supported on Fargate:\s*(.*not (?:found|bound).*)$/is, "scheduling", "Fargate cannot run it: $1", false],
  [/^Pod not supported on Fargate:\s*(.*)$/is, "scheduling", "Fargate cannot run it: $1", true],
  [/^Misconfigured Fargate Profile:\s*(.*)$/is, "scheduling", "its Fargate profile is wrong: $1", true],
  [
    /reached the limit on the number of Fargate (\S+)/,
    "quota",
    "the AWS account may run no more Fargate $1 at once; " +
      'the quota "Fargate On-Demand vCPU resource count" can be raised in Service Quotas',
    false,
  ],
  [/account is currently blocked/, "quota", "the AWS account is blocked from Fargate: AWS Support can tell why", true],
  [/capacity is unavailable/, "scheduling", "Fargate has no capacity for a pod of this size here at this time", false],
  [/provisioning timed out/, "scheduling", "Fargate did not bring it up in time, and tries again", false],
  [/(.*)/s, "scheduling", "Fargate does not take it: $1", false],
];

/**
 * Why no node takes a pod.
 *
 * @param message of the condition PodScheduled, or of an event; empty before there is one
 */
export function schedulingProblem(pod: V1Pod, message: string): Problem {
  const fargate = pod.spec?.schedulerName === "fargate-scheduler";
  if (message === "") {
    return problem("starting", fargate ? "waits for Fargate, which takes about a minute" : "waits for a node");
  }
  // Some messages begin with a code: "[POD_UNSUPPORTED_ON_FARGATE] …".
  const found = fargate ? byRules(fargateRules, message.replace(/^\[[A-Z_]+\]\s*/, "")) : undefined;
  return found ?? problem("scheduling", nodesText(pod, message));
}

/** "0/5 nodes are available: 4 Insufficient cpu, 1 node(s) had untolerated taint {a: b}. preemption: …". */
function nodesText({ spec }: V1Pod, message: string): string {
  if (/^no nodes available/.test(message)) return "the cluster has no nodes; on Fargate, no profile selects it";
  const [, total, list = ""] = /^\d+\/(\d+) nodes are available: (.*)$/s.exec(message) ?? [];
  if (total === undefined) return `no node takes it: ${message}`;
  // What follows is about preemption.
  const [reasons = ""] = list.split(/\.(?:\s|$)/);
  const found = reasons.split(/, (?=\d+ )/).map((reason) => {
    const [, count = "", why = reason] = /^(\d+) (?:node\(s\) )?(.*)$/.exec(reason) ?? [];
    return { count, why, lacks: /^Insufficient (.*)$/.exec(why)?.[1] };
  });
  if (found.every(({ why }) => why.includes("eks.amazonaws.com/compute-type: fargate"))) {
    return "no Fargate profile selects it, and there are no other nodes";
  }
  const text = found.map(({ count, why, lacks }) => {
    return `${lacks === undefined ? why : `too little ${lacks}`} (${count} of ${total} nodes)`;
  });
  const lacking = found.flatMap(({ lacks }) => lacks ?? []);
  // "cpu 500m + 250m", a container each.
  const asks = lacking.flatMap((resource) => {
    const amounts = spec?.containers.flatMap(({ resources }) => resources?.requests?.[resource] ?? []) ?? [];
    return amounts.length === 0 ? [] : [`${resource} ${amounts.join(" + ")}`];
  });
  const start = lacking.length === found.length ? "no room" : "no node takes it";
  return `${start}: ${text.join(", ")}${asks.length === 0 ? "" : `; it asks for ${asks.join(", ")}`}`;
}

/** What registries and nodes say of an image, at the end of a long message; the most telling first. */
const imageCauses: readonly (readonly [RegExp, string, boolean])[] = [
  [/no match for platform/, "there is none for the node's kind of processor", true],
  [/toomanyrequests|429 Too Many/i, "the registry limits how many may be pulled", false],
  [
    /pull access denied|insufficient_scope|unauthorized|authorization failed|403 Forbidden|no basic auth/i,
    "the registry denies access, or does not have it",
    true,
  ],
  [/x509|certificate/, "the registry's certificate is not trusted", true],
  [/no such host/, "the registry's name is not known", false],
  [
    /dial tcp|i\/o timeout|connection re(fused|set)|deadline exceeded|TLS handshake/,
    "the registry cannot be reached",
    false,
  ],
  [/no space left on device/, "the node's disk is full", false],
  [/not found|does not exist|manifest unknown/i, "the registry does not have it", true],
];

/**
 * Why a container's image is not there.
 *
 * @param reason for which the container waits
 * @param message with which it waits; Kubernetes before 1.31 has no cause in it while it waits to try again
 * @param failure message of the event of the latest failure, where there is one
 */
export function imageProblem(image: string, reason: string, message: string, failure = ""): Problem {
  if (reason === "InvalidImageName") {
    return problem("image", `image ${JSON.stringify(image)} is not a valid reference`, true);
  }
  if (reason === "ErrImageNeverPull") {
    return problem("image", `image ${image} is not on the node, and its imagePullPolicy is Never`, true);
  }
  const said = /^Back-off pulling image "[^"]*"$/.test(message) || message === "" ? failure : message;
  // The last of a chain of messages is the cause of the others.
  const last = said.split(": ").at(-1) ?? "";
  const [, cause, hopeless] = imageCauses.find(([pattern]) => pattern.test(said)) ?? [undefined, last, false];
  return problem("image", `image ${image} cannot be pulled${cause === "" ? "" : `: ${cause}`}`, hopeless);
}
