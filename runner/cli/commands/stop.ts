import { hasNotBegun } from "../../places/kubernetes/lock/note";
import { exitCodes } from "../../types";
import { hasCommand, isGoing, lockOf, matching } from "../deployed-test/claim";
import { cleanUp } from "../deployed-test/clean-up";
import { keepLatestRun } from "../deployed-test/keep";
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
    const found = await lockOf(test);
    const seen = await link.status(signals.interrupt);
    const going = isGoing(seen);
    if (going && hasCommand(found)) {
      await stopOnly(link, seen, signals);
      say(`Stopped. The command of ${found?.holder} keeps the results.`, { stopped: true, keptBy: found?.holder });
      return exitCodes.passed;
    }
    if (!going && (seen.run === 0 || seen.kept)) {
      say("No run is going on.", { stopped: false });
      await cleanUp(context, { owed: found?.note !== undefined && hasNotBegun(found.note, seen) });
      return exitCodes.passed;
    }
    const note = matching(found?.note, seen);
    const kept = await keepLatestRun({ ...context, seen, note, stop: going, results: options.results });
    if (kept === undefined) return exitCodes.aborted;
    await cleanUp(context, { owed: kept.owed, aborted: kept.record.endedBy === "interrupt" });
    printRun(kept, options.json, false);
    return exitCodes.passed;
  });
}
