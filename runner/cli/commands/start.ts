import { startRun } from "../../engine/run";
import { RunnerError } from "../../errors";
import { exitCodes } from "../../types";
import { acquireTest, leaveTest, withoutLeftovers } from "../deployed-test/acquire";
import { sameTest } from "../deployed-test/open";
import { clusterSetup } from "../deployed-test/setup";
import { withMaster } from "../deployed-test/with-master";
import type { ClusterOptions } from "../options";
import type { SettingsOptions } from "../settings";
import { requireTargets } from "../setup";
import { placeOf } from "./run-in-cluster";

export interface StartOptions extends ClusterOptions, Omit<SettingsOptions, "stack"> {
  /** Seconds. */
  readonly readyTimeout: number;
  readonly results: string;
  readonly json?: boolean;
}

/** `loadtest start`: starts a run in the cluster and leaves it going. */
export async function startCommand(options: StartOptions): Promise<number> {
  return withMaster(options, "not starting", async (context) => {
    const { test, link, progress, signals } = context;
    const setup = await clusterSetup(await withoutLeftovers(test), options);
    progress.expect(setup.plan);
    const acquired = await acquireTest({ ...context, setup, results: options.results });
    const place = placeOf(context, setup, acquired, options.readyTimeout * 1000);
    let started = false;
    try {
      const session = await place.open({
        progress: (text) => progress.say(text),
        signal: signals.interrupt,
        kill: signals.kill,
      });
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
          async beforeStart(status) {
            if (setup.plan.host === undefined) requireTargets(status);
            const startedAt = new Date().toISOString();
            await acquired.lock.update({ startedAt, masterId: status.master.id, run: status.run + 1 });
          },
        });
        if (signals.interrupt.aborted && failure !== undefined) throw new RunnerError("interrupted", exitCodes.aborted);
        if (failure !== undefined) throw new RunnerError(failure.error ?? "the run did not start");
        started = true;
      } finally {
        for (const warning of started ? [] : await session.close()) progress.warning(warning);
      }
    } finally {
      // The lock stays, without a command that renews it: it says whose run it is, and what was there before.
      await leaveTest(acquired.lock, { asBefore: place.asBefore, owed: started });
    }
    const { users, runTime, host, workers } = setup.plan;
    if (options.json === true) {
      process.stdout.write(
        `${JSON.stringify({ script: setup.script, users, runTime, target: host ?? null, workers })}\n`,
      );
    } else {
      const args = sameTest(test);
      process.stdout.write(
        `Started ${setup.script} with ${users} users; it ends by itself after ${runTime} s.\n` +
          `loadtest status ${args}         how it goes\n` +
          `loadtest report ${args} --wait  its results, when it has ended\n` +
          `loadtest stop ${args}           ends it\n`,
      );
    }
    return exitCodes.passed;
  });
}
