import { startRun } from "../../engine/run";
import { RunnerError } from "../../errors";
import { exitCodes } from "../../types";
import { type HeldTest, withAcquiredTest } from "../deployed-test/acquire";
import { type ClusterContext, sameTest, withMaster } from "../deployed-test/open";
import type { ClusterOptions, RunCommandOptions } from "../options";
import type { SettingsOptions } from "../settings";
import { arrivalsNotice, requireArrivals } from "../setup";

type StartOptions = ClusterOptions &
  SettingsOptions &
  Pick<RunCommandOptions, "readyTimeout" | "results" | "json" | "maxCost">;

/** `loadtest start`: starts a run in the cluster and leaves it going. */
export async function startCommand(options: StartOptions): Promise<number> {
  const { results } = options;
  return withMaster(options, "not starting", async (context) => {
    const { script, plan } = await withAcquiredTest({ ...context, results }, options, async (held) => {
      await startHeld(context, held);
      return held.setup;
    });
    const { users, runTime, arrivals, host, workers } = plan;
    const args = sameTest(context.test);
    const text =
      options.json === true
        ? JSON.stringify({ script, users, runTime, ...(arrivals && { arrivals }), target: host ?? null, workers })
        : `Started ${script} with ${users} users; it ends by itself after ${runTime} s.\n` +
          arrivalsNotice(plan)
            .map((line) => `${line}\n`)
            .join("") +
          `loadtest status ${args}         how it goes\n` +
          `loadtest report ${args} --wait  its results, when it has ended\n` +
          `loadtest stop ${args}           ends it`;
    process.stdout.write(`${text}\n`);
    return exitCodes.passed;
  });
}

async function startHeld({ link, progress, signals }: ClusterContext, { setup, left, open, begin }: HeldTest) {
  const session = await open();
  try {
    const failure = await startRun({
      client: link.client,
      plan: setup.plan,
      interrupt: signals.interrupt,
      observer: {
        waiting: (status) => progress.waiting(status),
        preparing: (seconds, silent) => progress.preparing(seconds, silent),
      },
      timing: session.timing ?? {},
      beforeStart(status) {
        requireArrivals(setup.plan, status);
        return begin(status);
      },
    });
    if (failure !== undefined && signals.interrupt.aborted) throw new RunnerError("interrupted", exitCodes.aborted);
    if (failure !== undefined) throw new RunnerError(failure.error ?? "the run did not start");
    // The lock stays, and nobody renews it: it says whose run it is, and what was there before.
    Object.assign(left, { owed: true, aborted: false });
  } catch (error) {
    for (const warning of await session.close()) progress.warning(warning);
    throw error;
  }
}
