import { type LocustClient, LocustRefused } from "../engine/client";
import type { RunOutcome } from "../engine/plan";
import type { Earlier } from "../engine/recording";
import { followRun } from "../engine/run";
import type { Timing } from "../engine/timing";
import type { ResultsFolder } from "../results/folder";
import type { EndedBy, LocustStatus } from "../types";
import { observe } from "./execute";
import type { KeptRun } from "./output";
import { Recorder } from "./recorder";
import type { Compare, TestSetup } from "./setup";
import type { Signals } from "./signals";
import type { Progress } from "./terminal/progress";

/** A run that was followed to its end. */
export interface FollowedRun extends KeptRun {
  /** Whether the master has more of it, which is to be kept later. */
  readonly owed: boolean;
}

/** The folder that gets the results of a run. */
export interface RunFolder {
  readonly folder: ResultsFolder;
  /** What a former command has written of it. */
  readonly earlier: Earlier;
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
  /** Whether the master stays when this command ends. */
  readonly masterStays?: boolean;
  readonly timing?: Partial<Timing> | undefined;
  /** What the run is to be no worse than. */
  readonly compare?: Compare | undefined;
  /** Whether an interrupt leaves the run going. */
  readonly leave: boolean;
  /** Called when the load is over, before the run is judged: the place's logs. Gives warnings. */
  readonly beforeFinish?: (outcome: RunOutcome) => Promise<readonly string[]>;
}

/**
 * Follows a run that somebody else started to its end, judges it and keeps its results; the folder is closed, whatever
 * happens. Undefined where an interrupt has left it going: the master still has all of it.
 */
export async function followInto(job: FollowJob): Promise<FollowedRun | undefined> {
  const { client, setup, seen, folder, earlier, warnings, progress, signals, masterLost, timing, leave } = job;
  try {
    const recorder = new Recorder(folder, setup);
    for (const warning of warnings) recorder.warning(warning);
    const outcome = await followRun(
      {
        client,
        plan: setup.plan,
        observer: observe(recorder, progress),
        interrupt: signals.interrupt,
        kill: signals.kill,
        masterLost,
        masterStays: job.masterStays,
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
    const record = await recorder.finish(outcome, job.compare);
    await folder.close();
    return { record, outcome, folder, owed: await isOwed(client, outcome, seen.run) };
  } finally {
    // Closed already, but for an error, which says more than one of closing.
    await folder.close().catch(() => undefined);
  }
}

/** Ends of runs of which the master has nothing. */
const nothingLeft: readonly EndedBy[] = ["master-lost", "not-started"];

/** Whether the master has more of a run than is kept. Where it has not, it is told so. */
export async function isOwed(client: LocustClient, { complete, endedBy }: RunOutcome, run: number): Promise<boolean> {
  if (!complete) return !nothingLeft.includes(endedBy);
  // It refuses where another run has begun since.
  return client.kept(run).then(
    () => false,
    (error) => !(error instanceof LocustRefused),
  );
}
