/** What ended a worker that its master has lost. */
import type { V1Pod } from "@kubernetes/client-node";
import { containerName } from "../../../../settings/deployed-test";
import { explainEnd } from "../../explain";
import type { Cluster } from "../api/cluster";
import { locustStatus, nameOf, readWorkload, type TestNames } from "./pods";

/**
 * Says what ended a worker, to follow a colon; undefined where the cluster cannot be asked.
 *
 * @param before pods as they were at the start of the run: what ended them earlier is not meant
 */
export async function whyLost(
  name: string,
  { cluster, names, before }: { cluster: Cluster; names: TestNames; before: readonly V1Pod[] },
): Promise<string | undefined> {
  const workload = await readWorkload(cluster, names.worker).catch(() => undefined);
  if (workload === undefined) return undefined;
  const called = (pod: V1Pod) => nameOf(pod) === name;
  return podEnd(workload.pods.find(called), locustStatus(before.find(called) ?? {})?.restartCount ?? 0);
}

/** @param restarts of its container, at the start of the run */
export function podEnd(pod: V1Pod | undefined, restarts: number): string {
  if (pod === undefined) return "its pod is gone";
  const { metadata, spec, status } = pod;
  if (metadata?.deletionTimestamp !== undefined) return "its pod was deleted";
  const container = locustStatus(pod);
  const again = (container?.restartCount ?? 0) > restarts;
  const ended = container?.state?.terminated ?? (again ? container?.lastState?.terminated : undefined);
  if (ended?.reason === "OOMKilled") {
    const limit = spec?.containers.find((one) => one.name === containerName)?.resources?.limits?.memory;
    return `killed for its memory${limit === undefined ? "" : `: limit ${limit}`}`;
  }
  if (status?.phase === "Failed" && status.reason !== undefined) {
    return `its pod was ended by its node: ${status.message ?? status.reason}`;
  }
  if (ended === undefined) return "its pod runs, and does not answer";
  const { exitCode, message = "" } = ended;
  const signals: Readonly<Record<number, string>> = { 137: "SIGKILL", 139: "SIGSEGV", 143: "SIGTERM" };
  return explainEnd(message, signals[exitCode] ?? `exit code ${exitCode}`);
}
