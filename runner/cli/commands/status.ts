import type { V1Pod } from "@kubernetes/client-node";
import type { LeaseView } from "../../places/kubernetes/lock/lease";
import {
  isReady,
  isRolledOut,
  locustStatus,
  nameOf,
  readRollout,
  readWorkload,
} from "../../places/kubernetes/rollout/pods";
import { podProblems } from "../../places/kubernetes/rollout/problems";
import { exitCodes, type LocustStatus } from "../../types";
import { costOf } from "../deployed-test/cost";
import { leaseOf } from "../deployed-test/leftovers";
import { isGoing, matching } from "../deployed-test/master-run";
import { type ClusterTest, sameTest, withMaster } from "../deployed-test/open";
import type { ClusterOptions } from "../options";
import { type PodLine, type RunLine, type StatusReport, statusText } from "../terminal/status";

/** `loadtest status`: what is in the cluster, what it does, what it costs. */
export async function statusCommand(options: ClusterOptions & { readonly json?: boolean }): Promise<number> {
  return withMaster(options, "ending", async ({ test, link, signals }) => {
    const limit = 5000;
    const [found, master] = await Promise.all([
      leaseOf(test),
      link.status(signals.interrupt, limit).catch((error: Error) => error),
    ]);
    const report = await describe(test, found, master instanceof Error ? undefined : master);
    const problem = master instanceof Error ? master.message : null;
    const all = { ...report, problem };
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify(all, undefined, 2)}\n`
        : statusText(all, sameTest(test), process.stdout.isTTY === true),
    );
    return problem === null ? exitCodes.passed : exitCodes.error;
  });
}

async function describe(
  test: ClusterTest,
  found: LeaseView | undefined,
  status: LocustStatus | undefined,
): Promise<Omit<StatusReport, "problem">> {
  const { cluster, names, stack, deployed } = test;
  const [control, worker] = await Promise.all([
    readWorkload(cluster, names.control),
    readWorkload(cluster, names.worker),
  ]);
  const now = new Date();
  const unready = [control, worker].filter((workload) => !isRolledOut(workload));
  const why = await Promise.all(unready.map(async (workload) => podProblems(await readRollout(cluster, workload))));
  const pods = [...control.pods, ...worker.pods];
  const info = found?.info;
  const before = info?.before?.workerReplicas;
  const cost = costOf(test, pods, now);
  return {
    stack,
    context: cluster.context,
    namespace: cluster.namespace,
    script: deployed.script,
    pods: [
      ...control.pods.map((pod) => podLine(pod, "control", now)),
      ...worker.pods.map((pod) => podLine(pod, "worker", now)),
    ],
    workers: { wanted: worker.deployment.spec?.replicas ?? 1, ready: worker.pods.filter(isReady).length },
    troubles: why.flat().map(({ text }) => text),
    run: status === undefined || status.run === 0 ? null : runLine(status, found),
    command: found?.duration === undefined ? null : commandLine(found, now),
    workersBefore: before === undefined || before === info?.workers ? null : before,
    cost: "why" in cost ? null : cost,
    whyNoCost: "why" in cost ? cost.why : null,
  };
}

function commandLine({ holder, since, renewed }: LeaseView, now: Date): StatusReport["command"] {
  return {
    by: holder,
    since: since?.toISOString() ?? null,
    seen: renewed === undefined ? null : Math.max(0, Math.round((now.getTime() - renewed.getTime()) / 1000)),
  };
}

function podLine(pod: V1Pod, part: PodLine["part"], now: Date): PodLine {
  const { metadata } = pod;
  return {
    name: nameOf(pod),
    part,
    ready: isReady(pod),
    restarts: locustStatus(pod)?.restartCount ?? 0,
    age: Math.round((now.getTime() - (metadata?.creationTimestamp ?? now).getTime()) / 1000),
  };
}

function runLine(status: LocustStatus, found: LeaseView | undefined): RunLine {
  const { users, targetUsers, requests, failures, rps, p95, elapsed, runTime, arrivals, kept, script, host } = status;
  const info = matching(found?.info, status);
  return {
    ...{ users, targetUsers, requests, failures, rps, p95, elapsed, runTime, kept, script, host },
    ...(arrivals ? { arrivals } : {}),
    going: isGoing(status),
    startedBy: info === undefined ? null : `${info.by}@${info.host}`,
  };
}
