/** Why one pod is not ready. */
import type {
  CoreV1Event,
  V1Container,
  V1ContainerStateTerminated,
  V1ContainerStatus,
  V1Pod,
} from "@kubernetes/client-node";
import { lastWords } from "../../explain";
import { imageTrouble } from "./image-trouble";
import { schedulingTrouble } from "./scheduling";
import { type Trouble, trouble } from "./trouble-kinds";

/** A container that has ended this often ends for the same reason again. */
const hopelessRestarts = 3;

/** How long after the end of its grace a pod may still be there, in ms: then nobody is on its node who could end it. */
const endsWithin = 60_000;

/**
 * Finds what keeps a pod from being ready.
 *
 * @param events all those that are about this pod
 * @param now in ms since 1970, by the cluster's clock
 * @returns undefined for a pod that is ready
 */
export function podTrouble(pod: V1Pod, events: readonly CoreV1Event[], now: number): Trouble | undefined {
  const { metadata, status = {}, spec } = pod;
  const node = spec?.nodeName === undefined ? "its node" : `its node ${spec.nodeName}`;
  // The time at which its grace is over.
  const deletion = metadata?.deletionTimestamp;
  if (deletion !== undefined) {
    return now - new Date(deletion).getTime() > endsWithin
      ? trouble("node", `should have ended, but ${node} does not report`)
      : trouble("terminating", "is ending");
  }
  if (status.reason === "NodeLost" || status.phase === "Unknown") return trouble("node", `${node} does not report`);
  if (status.phase === "Failed") {
    const why = status.reason ?? "it failed";
    return trouble("evicted", `ended by ${node}: ${why}${status.message === undefined ? "" : `: ${status.message}`}`);
  }
  const ready = conditionOf(pod, "Ready");
  if (ready?.status === "True") return undefined;
  const scheduled = conditionOf(pod, "PodScheduled");
  if (scheduled?.status !== "True" && spec?.nodeName === undefined) {
    return schedulingTrouble(pod, scheduled?.message ?? latest(events, "FailedScheduling")?.message);
  }
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const unready = statuses.find(({ ready }) => !ready);
  if (unready !== undefined) return containerTrouble(pod, unready, events);
  if (statuses.length === 0) return startingTrouble(pod, events);
  if (ready?.reason === "ReadinessGatesNotReady")
    return trouble("starting", ready.message ?? "a readiness gate is closed");
  // Whoever took its readiness away was not the node.
  return trouble("node", `${node} does not report`);
}

export function conditionOf({ status }: V1Pod, type: string) {
  return status?.conditions?.find((condition) => condition.type === type);
}

function containerTrouble(pod: V1Pod, status: V1ContainerStatus, events: readonly CoreV1Event[]): Trouble {
  const { waiting, terminated, running } = status.state ?? {};
  const ended = terminated ?? status.lastState?.terminated;
  const container = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].find(
    ({ name }) => name === status.name,
  );
  // One that is being started again is still not ready for what ended it before.
  const again = status.started !== true && ended !== undefined;
  if (running !== undefined && !again) return runningTrouble(pod, status, events);
  const { reason = "", message = "" } = waiting ?? {};
  if (reason === "CrashLoopBackOff" || (reason === "" && again)) return crashTrouble(status, ended, container, events);
  if (/Image|Registry/.test(reason)) {
    const failure = latest(events, "Failed", /^Failed to pull image/)?.message;
    return imageTrouble(container?.image ?? status.image, reason, message, failure);
  }
  if (reason === "CreateContainerConfigError") {
    return trouble("config", `cannot be started: ${message}`, /not found|find key|runAsNonRoot/.test(message));
  }
  if (reason === "" || reason === "ContainerCreating" || reason === "PodInitializing")
    return startingTrouble(pod, events);
  const why = message === "" ? reason : runtimeMessage(message);
  return trouble("config", `cannot be started: ${why}`, noSuchCommand(message));
}

/** A container that has ended, and will be started again in a while. */
function crashTrouble(
  { restartCount }: V1ContainerStatus,
  ended: V1ContainerStateTerminated | undefined,
  container: V1Container | undefined,
  events: readonly CoreV1Event[],
): Trouble {
  const hopeless = restartCount >= hopelessRestarts;
  if (ended === undefined) return trouble("crash", "crashes again and again", hopeless);
  const { reason, message, exitCode } = ended;
  if (reason === "OOMKilled") {
    const limit = container?.resources?.limits?.memory;
    return trouble("memory", `killed for its memory${limit === undefined ? "" : `: limit ${limit}`}`, hopeless);
  }
  if (reason === "StartError" || reason === "ContainerCannotRun") {
    return trouble("config", `cannot be started: ${runtimeMessage(message ?? reason)}`, noSuchCommand(message ?? ""));
  }
  const probe = /failed (startup|liveness) probe/.exec(latest(events, "Killing")?.message ?? "")?.[1];
  // 143 and 137: SIGTERM, and SIGKILL after the grace.
  if (probe !== undefined && (exitCode === 143 || exitCode === 137)) {
    return trouble("probe", `killed as its ${probe} probe kept failing`, hopeless);
  }
  const how = exitCode > 128 && exitCode < 160 ? `killed by signal ${exitCode - 128}` : `exit code ${exitCode}`;
  const words = lastWords(message ?? "");
  const said = words === undefined ? "" : `: ${words.text}`;
  const end = `${exitCode === 0 ? "ended by itself" : "crashed"}: ${how}${said}`;
  // What a script does wrong once, it does again.
  return words?.mistake === true ? trouble("script", end, restartCount > 0) : trouble("crash", end, hopeless);
}

/** What is to be said of a container that runs and is not ready. */
function runningTrouble(pod: V1Pod, { started }: V1ContainerStatus, events: readonly CoreV1Event[]): Trouble {
  if (started !== true) {
    const role = pod.metadata?.labels?.["app.kubernetes.io/component"];
    const waits = {
      control: "runs, and does not answer yet",
      worker: "runs, and has not connected to the master yet, or runs the script's init listeners",
    };
    return trouble("starting", waits[role as keyof typeof waits] ?? "runs, and its startup probe has not passed yet");
  }
  const failure = latest(events, "Unhealthy", /^Readiness probe/)?.message;
  if (failure === undefined) return trouble("starting", "runs, and its readiness probe has not passed yet");
  // Addresses differ from pod to pod.
  const why = failure
    .replace(/^Readiness probe \w+:\s*/, "")
    .replace(/^Get "[^"]*": /, "")
    .replace(/^dial tcp \S+: (connect: )?/, "");
  return trouble("probe", `runs, and its readiness probe fails${why === "" ? "" : `: ${why}`}`);
}

/** Events of the way to a running container; those that say that it got further are normal. */
const onTheWay = ["FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "Pulling", "Pulled", "Created"];

function startingTrouble(pod: V1Pod, events: readonly CoreV1Event[]): Trouble {
  const last = onTheWay
    .flatMap((reason) => latest(events, reason) ?? [])
    .sort((a, b) => timeOf(a) - timeOf(b))
    .at(-1);
  const message = withoutNames(pod, last?.message ?? "");
  if (last?.reason === "FailedMount" || last?.reason === "FailedAttachVolume") {
    return trouble("volume", message, /(configmap|secret|persistentvolumeclaim) "[^"]*" not found/.test(message));
  }
  if (last?.reason === "FailedCreatePodSandBox") {
    return trouble("network", `no sandbox for it: ${message.replace(/^Failed to create pod sandbox:\s*/i, "")}`);
  }
  return trouble("starting", last?.reason === "Pulling" ? "its image is being pulled" : "is being started");
}

/** The same text for all pods. */
function withoutNames({ metadata }: V1Pod, text: string): string {
  return text
    .replaceAll(metadata?.name ?? "\0", "…")
    .replaceAll(metadata?.uid ?? "\0", "…")
    .replace(/"?\b[0-9a-f]{64}\b"?/g, "…")
    .replace(/rpc error: code = \w+ desc = /g, "");
}

/** The end of what a container runtime says: `exec: "nope": executable file not found in $PATH`. */
function runtimeMessage(message: string): string {
  return (/(exec: .*?)(: unknown)?$/s.exec(message)?.[1] ?? message).replace(/^failed to create \S+ task: /, "");
}

function noSuchCommand(message: string): boolean {
  return /executable file not found|no such file or directory|permission denied/.test(message);
}

/** The latest event of a reason. */
function latest(events: readonly CoreV1Event[], reason: string, message = /^/): CoreV1Event | undefined {
  return events
    .filter((event) => event.reason === reason && message.test(event.message ?? ""))
    .sort((a, b) => timeOf(a) - timeOf(b))
    .at(-1);
}

function timeOf({ lastTimestamp, eventTime, series, metadata }: CoreV1Event): number {
  const time = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
  return time === undefined || time === null ? 0 : new Date(time).getTime();
}
