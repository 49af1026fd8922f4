import type { LocustClient } from "../engine/client";
import type { RunOutcome } from "../engine/plan";
import { followRun } from "../engine/run";
import type { Timing } from "../engine/timing";
import type { ResultsFolder } from "../results/folder";
import type { LocustStatus, Sample } from "../types";
import { observe } from "./execute";
import type { KeptRun } from "./output";
import { Recorder } from "./recorder";
import { recordFacts, type TestSetup } from "./setup";
import type { Signals } from "./signals";
import type { Progress } from "./terminal/progress";

/** The folder that gets the results of a run. */
export interface RunFolder {
  readonly folder: ResultsFolder;
  /** What a former command has written of it. */
  readonly earlier: readonly Sample[];
  readonly warnings: readonly string[];
}

export interface FollowJob extends RunFolder {
  readonly client: LocustClient;
  readonly setup: TestSetup;
  /** The master's status, whose latest run is meant. */
  readonly seen: LocustStatus;
  readonly progress: Progress;
  readonly signals: Pick<Signals, "interrupt" | "kill">;
  readonly masterLost: AbortSignal;
  readonly timing?: Partial<Timing> | undefined;
  /** Whether an interrupt leaves the run going. */
  readonly leave: boolean;
  /** Called when the load is over, before the run is judged: the place's logs. Gives warnings. */
  readonly beforeFinish?: (outcome: RunOutcome) => Promise<readonly string[]>;
}

/**
 * Follows a run that somebody else started to its end, judges it and keeps its results; the folder is closed, whatever
 * happens. Undefined where an interrupt has left it going: the master still has all of it.
 */
export async function followInto(job: FollowJob): Promise<KeptRun | undefined> {
  const { client, setup, seen, folder, earlier, warnings, progress, signals, masterLost, timing, leave } = job;
  try {
    const recorder = new Recorder(folder, recordFacts(setup));
    for (const warning of warnings) recorder.warning(warning);
    const outcome = await followRun(
      {
        client,
        plan: setup.plan,
        observer: observe(recorder, progress),
        interrupt: signals.interrupt,
        kill: signals.kill,
        masterLost,
        ...(timing === undefined ? {} : { timing }),
      },
      { seen, earlier, leave },
    );
    if (outcome.endedBy === "interrupt" && leave) {
      // The next command goes on with this folder.
      await folder.close();
      return undefined;
    }
    for (const warning of (await job.beforeFinish?.(outcome)) ?? []) recorder.warning(warning);
    const record = await recorder.finish(outcome);
    if (outcome.complete) await client.kept(seen.run).catch(() => undefined);
    return { record, outcome, folder };
  } finally {
    // Closed already, but for an error, which says more than one of closing.
    await folder.close().catch(() => undefined);
  }
}
