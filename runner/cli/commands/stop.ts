import { exitCodes } from "../../types";
import { adopt } from "../cluster/adopt";
import { belongs, isGoing, lockOf } from "../cluster/claim";
import { keepLatestRun } from "../cluster/keep";
import { stopOnly } from "../cluster/stop-only";
import { withMaster } from "../cluster/with-master";
import type { ClusterOptions } from "../options";
import { toJson, toTable } from "./run";

export interface StopOptions extends ClusterOptions {
  readonly results: string;
  readonly json?: boolean;
}

/** `loadtest stop`: ends the run that is going on, and keeps its results. */
export async function stopCommand(options: StopOptions): Promise<number> {
  return withMaster(options, "the run may go on; its results stay in the cluster", async (context) => {
    const { test, link, progress, signals } = context;
    const say = (text: string, facts: object) =>
      process.stdout.write(options.json === true ? `${JSON.stringify(facts)}\n` : `${text}\n`);
    const found = await lockOf(test);
    const seen = await link.status(signals.interrupt);
    if (found?.live === true && isGoing(seen)) {
      await stopOnly(link, seen, signals);
      say(`Stopped. The command of ${found.holder} keeps the results.`, { stopped: true, keptBy: found.holder });
      return exitCodes.passed;
    }
    const pending = seen.run > 0 && !seen.kept;
    if (!isGoing(seen) && !pending) {
      say("No run is going on.", { stopped: false });
      await adopt(test, found, progress, async () => ({ result: undefined, over: true }));
      return exitCodes.passed;
    }
    const note = found?.note !== undefined && belongs(found.note, seen) ? found.note : undefined;
    const kept = await adopt(test, found, progress, async () => {
      const result = await keepLatestRun({ ...context, seen, note, stop: isGoing(seen), results: options.results });
      return { result, over: result !== undefined };
    });
    if (kept === undefined) return exitCodes.aborted;
    process.stdout.write(options.json === true ? toJson(kept.record) : toTable(kept.record, kept.outcome, kept.folder));
    return exitCodes.passed;
  });
}
