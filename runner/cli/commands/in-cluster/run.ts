import { resolve } from "node:path";
import { UsageError } from "../../../errors";
import { findRun } from "../../../results/history";
import { exitCodes } from "../../../types";
import { withAcquiredTest } from "../../deployed-test/acquire";
import { judgeNat, onSignalOnceSaved } from "../../deployed-test/nat";
import { sameTest, withMaster } from "../../deployed-test/open";
import { runHeld } from "../../deployed-test/run-held";
import { copyLogs } from "../../deployed-test/save";
import { lookBeforeRun } from "../../doctor/before-run";
import type { RunCommandOptions } from "../../options";
import type { SavedRun } from "../../output";
import { requireLocal } from "../../settings";
import { baselineOf } from "../../setup";
import { showRun } from "../report";

/** `loadtest run` on a test that is deployed in a cluster; gives the exit code of the verdict. */
export async function runInCluster(options: RunCommandOptions): Promise<number> {
  if (options.demo === true) throw new UsageError("--demo starts its target on this machine: --local --demo");
  requireLocal(options);
  const { results, maxRegression } = options;
  let saved: SavedRun | undefined;
  const onSignal = () => (saved === undefined ? "ending the run and saving what was measured…" : onSignalOnceSaved);
  return withMaster(options, onSignal, async (context) => {
    // By its path: what is saved now may be the latest later.
    const run = options.baseline === undefined ? undefined : resolve(findRun(results, options.baseline).path);
    const compare = await baselineOf(run === undefined ? options : { ...options, baseline: run });
    const baseline = run === undefined ? {} : { baseline: { run, maxRegression } };
    // Beside what a run does anyway: it waits for nothing.
    void lookBeforeRun(context.test, options).then((warnings) => {
      for (const warning of warnings) context.progress.warning(warning);
    });
    try {
      await withAcquiredTest({ ...context, ...baseline, results }, options, async (held) => {
        try {
          saved = await runHeld(context, held, {
            ...{ results, compare },
            async open(folder) {
              const session = await held.open(() => copyLogs(context.test, folder, {}));
              return { session, close: () => session.close() };
            },
          });
        } finally {
          const rest = `For the rest of its results: loadtest report ${sameTest(context.test)} --wait`;
          if (held.left.owed === true) context.progress.say(rest);
        }
      });
    } catch (error) {
      if (saved !== undefined) await showRun(await judgeNat(saved, context), options);
      throw error;
    }
    if (saved === undefined) return exitCodes.error;
    // The test is as it was before the run by now, and others may have it: the wait holds up nobody.
    const judged = await judgeNat(saved, context);
    await showRun(judged, options);
    return judged.record.exitCode;
  });
}
