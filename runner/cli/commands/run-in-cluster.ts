import { resolve } from "node:path";
import { UsageError } from "../../errors";
import { KubernetesPlace } from "../../places/kubernetes/kubernetes";
import { createResultsFolder } from "../../results/folder";
import { findRun } from "../../results/history";
import { type AcquiredTest, acquireTest, leaveTest, withoutLeftovers } from "../deployed-test/acquire";
import { keepLogs } from "../deployed-test/keep";
import { sameTest } from "../deployed-test/open";
import { clusterSetup } from "../deployed-test/setup";
import { type ClusterContext, withMaster } from "../deployed-test/with-master";
import { executeRun } from "../execute";
import { isOwed } from "../follow";
import type { RunCommandOptions } from "../options";
import { printRun } from "../output";
import type { Compare, TestSetup } from "../setup";
import { baselineOf, requireTargets } from "../setup";

/** `loadtest run` on a test that is deployed in a cluster; gives the exit code of the verdict. */
export async function runInCluster(options: RunCommandOptions): Promise<number> {
  if (options.demo === true) throw new UsageError("--demo starts its target on this machine: --local --demo");
  return withMaster(options, "ending the run and saving what was measured…", async (context) => {
    const setup = await clusterSetup(await withoutLeftovers(context.test), options, options.abortAfter);
    context.progress.expect(setup.plan);
    // By its path: what is kept now may be the latest later.
    const run = options.baseline === undefined ? undefined : resolve(findRun(options.results, options.baseline).path);
    const compare = await baselineOf(run === undefined ? options : { ...options, baseline: run });
    const baseline = run === undefined ? undefined : { run, maxRegression: options.maxRegression };
    const acquired = await acquireTest({ ...context, setup, baseline, results: options.results });
    const place = placeOf(context, setup, acquired, options.readyTimeout * 1000);
    const left: RunLeft = { owed: false };
    try {
      return await runAcquired(options, context, setup, acquired, place, compare, left);
    } finally {
      const { owed, aborted = context.signals.interrupt.aborted } = left;
      await leaveTest(acquired.lock, { asBefore: place.asBefore, owed, aborted });
      if (owed) context.progress.say(`For the rest of its results: loadtest report ${sameTest(context.test)} --wait`);
    }
  });
}

/** What there is to do for a run when its command ends; see `Left`. */
interface RunLeft {
  owed: boolean;
  aborted?: boolean;
}

/** @param timeout how long pods may take to be ready, in ms */
export function placeOf(
  { test, link }: ClusterContext,
  { plan, script, scriptArguments = {} }: TestSetup,
  { before, lock }: AcquiredTest,
  timeout: number,
): KubernetesPlace {
  const { cluster, names } = test;
  return new KubernetesPlace({
    cluster,
    names,
    link,
    before,
    lost: lock.lost,
    wanted: { workers: plan.workers, script, scriptArguments },
    timeout,
  });
}

async function runAcquired(
  options: RunCommandOptions,
  { test, link, progress, signals }: ClusterContext,
  setup: TestSetup,
  { lock }: AcquiredTest,
  place: KubernetesPlace,
  compare: Compare | undefined,
  left: RunLeft,
): Promise<number> {
  const { script } = setup;
  const folder = await createResultsFolder({ base: resolve(options.results), script, now: new Date() });
  let number = 0;
  const { record, outcome } = await executeRun({
    setup,
    folder,
    progress,
    signals,
    compare,
    open: async () => {
      const { interrupt: signal, kill } = signals;
      const onFailure = () => keepLogs(test, folder, {});
      const session = await place.open({ progress: (text) => progress.say(text), signal, kill, onFailure });
      return {
        session,
        beforeFinish: async (ended) => (kill.aborted ? [] : keepLogs(test, folder, ended)),
        async afterFinish(ended) {
          left.owed = await isOwed(link.client, ended, number);
          left.aborted = ended.endedBy === "interrupt";
        },
        close: () => session.close(),
      };
    },
    async checkTargets(status) {
      if (setup.plan.host === undefined) requireTargets(status);
      // From now on a killed command's run can be told from others.
      const startedAt = new Date().toISOString();
      number = status.run + 1;
      left.owed = true;
      await lock.update({ results: folder.path, startedAt, masterId: status.master.id, run: number });
    },
  });
  printRun({ record, outcome, folder }, options.json);
  return record.exitCode;
}
