import { exitCodes } from "../../types";
import { cleanUp, hasCommand, leaseOf } from "../deployed-test/acquire";
import { keepLatestRun } from "../deployed-test/keep";
import { hasNotBegun, isGoing, matching } from "../deployed-test/master-run";
import { stopOnly } from "../deployed-test/stop-only";
import { withMaster } from "../deployed-test/with-master";
import type { ClusterOptions } from "../options";
import { printRun } from "../output";

export interface StopOptions extends ClusterOptions {
  readonly results: string;
  readonly json?: boolean;
}

/** `loadtest stop`: ends the run that is going on, and keeps its results. */
export async function stopCommand(options: StopOptions): Promise<number> {
  return withMaster(options, "the run may go on; its results stay in the cluster", async (context) => {
    const { test, link, signals } = context;
    const say = (text: string, facts: object) =>
      process.stdout.write(options.json === true ? `${JSON.stringify(facts)}\n` : `${text}\n`);
    const found = await leaseOf(test);
    const seen = await link.status(signals.interrupt);
    const going = isGoing(seen);
    if (going && found?.duration !== undefined) {
      await stopOnly(link, seen, signals);
      if (await hasCommand(context, found)) {
        say(`Stopped. The command of ${found.holder} saves the results.`, { stopped: true, keptBy: found.holder });
        return exitCodes.passed;
      }
    }
    if (!going && (seen.run === 0 || seen.kept)) {
      say("No run is going on.", { stopped: false });
      await cleanUp(context, { owed: found?.info !== undefined && hasNotBegun(found.info, seen) });
      return exitCodes.passed;
    }
    const note = matching(found?.info, seen);
    const kept = await keepLatestRun({ ...context, seen, note, stop: going, results: options.results });
    if (kept === undefined) return exitCodes.aborted;
    await cleanUp(context, { owed: kept.owed, aborted: kept.record.endedBy === "interrupt" });
    printRun(kept, options.json, false);
    return exitCodes.passed;
  });
}
