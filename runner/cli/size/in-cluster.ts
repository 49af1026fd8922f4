import { resolve } from "node:path";
import { UsageError } from "../../errors";
import type { Session } from "../../places/place";
import { createResultsFolder } from "../../results/folder";
import { type HeldTest, withAcquiredTest } from "../deployed-test/acquire";
import { pricesOfTest } from "../deployed-test/cost";
import { type ClusterContext, withMaster } from "../deployed-test/open";
import { copyLogs, isOwed } from "../deployed-test/save";
import type { SavedRun } from "../output";
import { executeRun } from "../record-run";
import { requireLocal } from "../settings";
import type { TestSetup } from "../setup";
import {
  askedOf,
  findSample,
  requireSteadyLoad,
  type Sampling,
  type Sized,
  type SizeOptions,
  withLoad,
} from "./sampling";

/** Samples with one worker of a deployed test, which has as many as before when it ends. */
export async function sampleInCluster(options: SizeOptions): Promise<Sized> {
  requireLocal(options);
  const { results, users: _users, arrivalRate: _rate, runTime, ...rest } = options;
  return withMaster(options, "ending the sample and saving what was measured…", async (context) => {
    const stack = ofDeployed(context);
    let sized: Sized | undefined;
    const load = { ...rest, workers: "1", runTime: `${runTime}` };
    await withAcquiredTest({ ...context, results }, load, async (held) => {
      // All samples have the same pods.
      const session = await held.open();
      try {
        const run: Sampling["run"] = (load, seconds) => {
          return runHeld(options, context, held, session, withLoad(held.setup, load, seconds));
        };
        const asked = askedOf(options, stack.users);
        const sample = await findSample({ run, progress: context.progress, asked, size: stack.size, seconds: runTime });
        sized = { ...sample, ...stack };
      } finally {
        for (const warning of await session.close()) context.progress.warning(warning);
      }
    });
    if (sized === undefined) throw new Error("there is a sample, or an error");
    return sized;
  });
}

async function runHeld(
  { results }: SizeOptions,
  { test, link, progress, signals }: ClusterContext,
  { left, begin }: HeldTest,
  session: Session,
  setup: TestSetup,
): Promise<SavedRun> {
  const folder = await createResultsFolder({ base: resolve(results), script: setup.script, now: new Date() });
  progress.expect(setup.plan);
  let number = 0;
  return executeRun({
    ...{ setup, folder, progress, signals },
    open: async () => ({ session, close: async () => [] }),
    async checkTargets(status) {
      requireSteadyLoad(status);
      await begin(status, folder.path);
      number = status.run + 1;
      left.owed = true;
    },
    beforeFinish: async (outcome) => (signals.kill.aborted ? [] : copyLogs(test, folder, outcome)),
    async onSaved(outcome) {
      left.owed = await isOwed(link.client, outcome, number);
      left.aborted = outcome.endedBy === "interrupt";
    },
  });
}

/** What the deployed test says of its workers. */
function ofDeployed({ test }: ClusterContext): Pick<Sized, "size" | "control" | "prices" | "workerReplicas" | "users"> {
  const { deployed, output } = test;
  const { workerCpu, workerMemory, controlCpu = 0, controlMemory = 0, workerReplicas, users } = deployed;
  if (workerCpu === undefined || workerMemory === undefined) {
    throw new UsageError(`${test.names.worker} says no workerCpu or workerMemory, so its workers have no size`);
  }
  const known =
    output?.platform === "eks-fargate" ? pricesOfTest(test) : { why: "the cluster is not this stack's own" };
  return {
    ...{ workerReplicas, users, prices: "why" in known ? known : known.prices },
    size: { cpu: workerCpu, memory: workerMemory },
    control: { cpu: controlCpu, memory: controlMemory },
  };
}
