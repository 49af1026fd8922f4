/** What keeps a pod from being ready. */
export type TroubleKind =
  /** On its way, with nothing wrong so far. */
  | "starting"
  /** Of an earlier version, or too many: it ends. */
  | "terminating"
  /** No node takes it. */
  | "scheduling"
  /** A quota, of the namespace or of the cloud, is used up. */
  | "quota"
  /** Refused by the cluster's rules: Pod Security, a LimitRange, an admission webhook. */
  | "policy"
  | "image"
  /** Something that it refers to is missing, or its command does not exist. */
  | "config"
  | "volume"
  | "network"
  | "crash"
  /** It crashes for a mistake in the user's own files. */
  | "script"
  /** Killed as it used more memory than it may. */
  | "memory"
  /** It runs and does not answer. */
  | "probe"
  | "evicted"
  /** Its node does not report. */
  | "node";

export interface Trouble {
  readonly kind: TroubleKind;
  /** One line, the same for all pods that have the same trouble. */
  readonly text: string;
  /** Waiting cannot help. */
  readonly hopeless: boolean;
}

export function trouble(kind: TroubleKind, text: string, hopeless = false): Trouble {
  return { kind, text: oneLine(text), hopeless };
}

const longest = 300;

/** Messages of the cluster may be long, and have line breaks. */
function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim().replace(/\.$/, "");
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}
