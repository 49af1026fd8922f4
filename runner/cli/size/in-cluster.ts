import { UsageError } from "../../errors";
import { withAcquiredTest } from "../deployed-test/acquire";
import { pricesOfTest } from "../deployed-test/cost";
import { type ClusterContext, withMaster } from "../deployed-test/open";
import { runHeld } from "../deployed-test/run-held";
import { withoutOwnLimits } from "../limits";
import { requireLocal } from "../settings";
import {
  askedOf,
  findSample,
  longestSampling,
  requireSteadyLoad,
  type Sampling,
  type Sized,
  type SizeOptions,
  withLoad,
} from "./sampling";

/** Samples with one worker of a deployed test, which has as many as before when it ends. */
export async function sampleInCluster(options: SizeOptions): Promise<Sized> {
  requireLocal(options);
  const { results, users: _users, arrivalRate: _rate, runTime, ...rest } = withoutOwnLimits(options);
  return withMaster(options, "ending the sample and saving what was measured…", async (context) => {
    const stack = ofDeployed(context);
    let sized: Sized | undefined;
    // What it costs is said by the time of all runs; each has its own.
    const load = { ...rest, workers: "1", runTime: `${longestSampling(runTime)}` };
    await withAcquiredTest({ ...context, results }, load, async (held) => {
      // All samples have the same pods.
      const session = await held.open();
      try {
        const run: Sampling["run"] = (load, seconds) => {
          const setup = withLoad(held.setup, load, seconds);
          context.progress.expect(setup.plan);
          const open = async () => ({ session, close: async () => [] });
          return runHeld(context, held, { results, setup, open, check: requireSteadyLoad });
        };
        const asked = askedOf(options, stack.users);
        const sample = await findSample({
          run,
          progress: context.progress,
          asked,
          limits: options,
          size: stack.size,
          seconds: runTime,
        });
        sized = { ...sample, ...stack };
      } finally {
        for (const warning of await session.close()) context.progress.warning(warning);
      }
    });
    if (sized === undefined) throw new Error("there is a sample, or an error");
    return sized;
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
