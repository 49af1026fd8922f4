/** Why one pod is not ready. */
import type {
  CoreV1Event,
  V1Container,
  V1ContainerStateTerminated,
  V1ContainerStatus,
  V1Pod,
} from "@kubernetes/client-node";
import { lastWords } from "../../explain";
import { imageProblem, type Problem, problem, schedulingProblem } from "./messages";
import { conditionOf, killedForMemory } from "./pods";

/** A container that has ended this often ends for the same reason again. */
const hopelessRestarts = 3;

/** How long after its grace period a pod may still be there, in ms; after that, nobody on its node ends it. */
const endsWithin = 60_000;

/**
 * Finds what keeps a pod from being ready.
 *
 * @param events all those that are about this pod
 * @param now in ms since 1970, by the cluster's clock
 * @returns undefined for a pod that is ready
 */
export function podProblem(pod: V1Pod, events: readonly CoreV1Event[], now: number): Problem | undefined {
  const { metadata, status = {}, spec } = pod;
  const node = spec?.nodeName === undefined ? "its node" : `its node ${spec.nodeName}`;
  // The end of its grace period.
  const deletion = metadata?.deletionTimestamp;
  if (deletion !== undefined) {
    return now - new Date(deletion).getTime() > endsWithin
      ? problem("node", `should have ended, but ${node} does not report`)
      : problem("terminating", "is ending");
  }
  if (status.reason === "NodeLost" || status.phase === "Unknown") return problem("node", `${node} does not report`);
  if (status.phase === "Failed") {
    const why = status.reason ?? "it failed";
    return problem("evicted", `ended by ${node}: ${why}${status.message === undefined ? "" : `: ${status.message}`}`);
  }
  const ready = conditionOf(pod, "Ready");
  if (ready?.status === "True") return undefined;
  const scheduled = conditionOf(pod, "PodScheduled");
  if (scheduled?.status !== "True" && spec?.nodeName === undefined) {
    return schedulingProblem(pod, scheduled?.message ?? latest(events, "FailedScheduling")?.message ?? "");
  }
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const unready = statuses.find(({ ready }) => !ready);
  if (unready !== undefined) return containerProblem(pod, unready, events);
  if (statuses.length === 0) return startingProblem(pod, events);
  if (ready?.reason === "ReadinessGatesNotReady")
    return problem("starting", ready.message ?? "a readiness gate is closed");
  // Its containers are ready by the node's last report: the cluster takes readiness away where reports stop.
  return problem("node", `${node} does not report`);
}

function containerProblem(pod: V1Pod, status: V1ContainerStatus, events: readonly CoreV1Event[]): Problem {
  const { waiting, terminated, running } = status.state ?? {};
  const ended = terminated ?? status.lastState?.terminated;
  const container = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].find(
    ({ name }) => name === status.name,
  );
  // One that is being started again is still not ready for what ended it before.
  const again = status.started !== true && ended !== undefined;
  if (running !== undefined && !again) return runningProblem(pod, status, events);
  const { reason = "", message = "" } = waiting ?? {};
  if (reason === "CrashLoopBackOff" || (reason === "" && again)) return crashProblem(status, ended, container, events);
  if (/Image|Registry/.test(reason)) {
    const failure = latest(events, "Failed", /^Failed to pull image/)?.message;
    return imageProblem(container?.image ?? status.image, reason, message, failure);
  }
  if (reason === "CreateContainerConfigError") {
    return problem("config", `cannot be started: ${message}`, /not found|find key|runAsNonRoot/.test(message));
  }
  if (reason === "" || reason === "ContainerCreating" || reason === "PodInitializing")
    return startingProblem(pod, events);
  const why = message === "" ? reason : runtimeMessage(message);
  return problem("config", `cannot be started: ${why}`, noSuchCommand(message));
}

/** A container that has ended, and will be started again in a while. */
function crashProblem(
  { restartCount }: V1ContainerStatus,
  ended: V1ContainerStateTerminated | undefined,
  container: V1Container | undefined,
  events: readonly CoreV1Event[],
): Problem {
  const hopeless = restartCount >= hopelessRestarts;
  if (ended === undefined) return problem("crash", "crashes again and again", hopeless);
  const { reason, message, exitCode } = ended;
  if (reason === "OOMKilled") return problem("memory", killedForMemory(container), hopeless);
  if (reason === "StartError" || reason === "ContainerCannotRun") {
    return problem("config", `cannot be started: ${runtimeMessage(message ?? reason)}`, noSuchCommand(message ?? ""));
  }
  const probe = /failed (startup|liveness) probe/.exec(latest(events, "Killing")?.message ?? "")?.[1];
  // 143 and 137: SIGTERM, and SIGKILL after the grace.
  if (probe !== undefined && (exitCode === 143 || exitCode === 137)) {
    return problem("probe", `killed as its ${probe} probe kept failing`, hopeless);
  }
  const how = exitCode > 128 && exitCode < 160 ? `killed by signal ${exitCode - 128}` : `exit code ${exitCode}`;
  const words = lastWords(message ?? "");
  const said = words === undefined ? "" : `: ${words.text}`;
  const end = `${exitCode === 0 ? "ended by itself" : "crashed"}: ${how}${said}`;
  // What a script does wrong once, it does again.
  return words?.mistake === true ? problem("script", end, restartCount > 0) : problem("crash", end, hopeless);
}

/** What is to be said of a container that runs and is not ready. */
function runningProblem(pod: V1Pod, { started }: V1ContainerStatus, events: readonly CoreV1Event[]): Problem {
  if (started !== true) {
    const role = pod.metadata?.labels?.["app.kubernetes.io/component"];
    const waits = {
      control: "runs, and does not answer yet",
      worker: "runs, and has not connected to the master yet, or runs the script's init listeners",
    };
    return problem("starting", waits[role as keyof typeof waits] ?? "runs, and its startup probe has not passed yet");
  }
  const failure = latest(events, "Unhealthy", /^Readiness probe/)?.message;
  if (failure === undefined) return problem("starting", "runs, and its readiness probe has not passed yet");
  // Addresses differ from pod to pod.
  const why = failure
    .replace(/^Readiness probe \w+:\s*/, "")
    .replace(/^Get "[^"]*": /, "")
    .replace(/^dial tcp \S+: (connect: )?/, "");
  return problem("probe", `runs, and its readiness probe fails${why === "" ? "" : `: ${why}`}`);
}

/** Events of the way to a running container; those that say that it got further are normal. */
const onTheWay = ["FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "Pulling", "Pulled", "Created"];

function startingProblem(pod: V1Pod, events: readonly CoreV1Event[]): Problem {
  const last = onTheWay
    .flatMap((reason) => latest(events, reason) ?? [])
    .sort((a, b) => timeOf(a) - timeOf(b))
    .at(-1);
  const message = withoutNames(pod, last?.message ?? "");
  if (last?.reason === "FailedMount" || last?.reason === "FailedAttachVolume") {
    return problem("volume", message, /(configmap|secret|persistentvolumeclaim) "[^"]*" not found/.test(message));
  }
  if (last?.reason === "FailedCreatePodSandBox") {
    return problem("network", `no sandbox for it: ${message.replace(/^Failed to create pod sandbox:\s*/i, "")}`);
  }
  return problem("starting", last?.reason === "Pulling" ? "its image is being pulled" : "is being started");
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
