import { LocustRefused } from "../../engine/client";
import { pause } from "../../engine/timing";
import { RunnerError } from "../../errors";
import type { MasterLink } from "../../places/kubernetes/master";
import { exitCodes, type LocustStatus } from "../../types";
import { cleanUp, hasCommand, leaseOf } from "../deployed-test/leftovers";
import { hasNotBegun, isGoing, matching } from "../deployed-test/master-run";
import { judgeNat, oneLook, onSignalOnceSaved } from "../deployed-test/nat";
import { withMaster } from "../deployed-test/open";
import { saveLatestRun } from "../deployed-test/save";
import type { ClusterOptions, RunCommandOptions } from "../options";
import { printRun } from "../output";
import type { Signals } from "../signals";

type StopOptions = ClusterOptions & Pick<RunCommandOptions, "results" | "json">;

/** `loadtest stop`: ends the run that is going on, and saves its results. */
export async function stopCommand(options: StopOptions): Promise<number> {
  let isSaved = false;
  const onSignal = () => (isSaved ? onSignalOnceSaved : "the run may go on; its results stay in the cluster");
  return withMaster(options, onSignal, async (context) => {
    const { test, link, signals } = context;
    const say = (text: string, facts: object) =>
      process.stdout.write(options.json === true ? `${JSON.stringify(facts)}\n` : `${text}\n`);
    const found = await leaseOf(test);
    let seen = await link.status(signals.interrupt);
    const going = isGoing(seen);
    const { run } = seen;
    if (going && found?.duration !== undefined) {
      await stopOnly(link, seen, signals);
      if (await hasCommand(context, found)) {
        say(`Stopped. The command of ${found.holder} saves the results.`, { stopped: true, keptBy: found.holder });
        return exitCodes.passed;
      }
      seen = await link.status(signals.interrupt);
      if (seen.run !== run) {
        say("Stopped. Another run has begun since.", { stopped: true });
        return exitCodes.passed;
      }
    }
    if (!going && (seen.run === 0 || seen.kept)) {
      say("No run is going on.", { stopped: false });
      await cleanUp(context, { owed: found?.info !== undefined && hasNotBegun(found.info, seen) });
      return exitCodes.passed;
    }
    const info = matching(found?.info, seen);
    const saved = await saveLatestRun({ ...context, seen, info, stop: going, results: options.results });
    if (saved === undefined) return exitCodes.aborted;
    isSaved = true;
    await cleanUp(context, { owed: saved.owed, aborted: saved.record.endedBy === "interrupt" });
    printRun(await judgeNat(saved, context, oneLook), options.json, false);
    return exitCodes.passed;
  });
}

/** How long users may take to end, in ms. */
const patience = 30_000;

/** Ends a run whose results another command saves. */
async function stopOnly({ client }: MasterLink, { run }: LocustStatus, { interrupt }: Signals): Promise<void> {
  const deadline = performance.now() + patience;
  let refused: LocustRefused | undefined;
  void client.stop(patience, interrupt).catch((error: unknown) => {
    // Anything else is a connection that was cut; the status tells whether the stop arrived.
    if (error instanceof LocustRefused) refused = error;
  });
  while (!interrupt.aborted) {
    const status = await client.status(interrupt).catch(() => undefined);
    if (status !== undefined && (status.run !== run || !isGoing(status))) return;
    if (refused !== undefined) throw new RunnerError(refused.message, undefined, { cause: refused });
    if (performance.now() > deadline) throw new RunnerError("the run does not end; loadtest logs may say why");
    await pause(200, interrupt);
  }
  throw new RunnerError("interrupted while the run was ending", exitCodes.aborted);
}
