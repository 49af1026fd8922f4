import { resolve } from "node:path";
import { createResultsFolder, type ResultsFolder } from "../../results/folder";
import type { LocustStatus } from "../../types";
import type { SavedRun } from "../output";
import { executeRun, type Opened } from "../record-run";
import type { Compare, TestSetup } from "../setup";
import type { HeldTest } from "./acquire";
import type { ClusterContext } from "./open";
import { copyLogs, isOwed } from "./save";

interface HeldRun {
  /** The folder of all runs. */
  readonly results: string;
  /** Where it is not the one that the test is held with. */
  readonly setup?: TestSetup;
  /** Brings up the pods, or has them already. */
  readonly open: (folder: ResultsFolder) => Promise<Opened>;
  /** What it throws ends the run before it starts. */
  readonly check?: (status: LocustStatus) => void;
  readonly compare?: Compare | undefined;
}

/** Runs a load on a test that is this command's, judges it, and saves its results with the pods' logs. */
export async function runHeld(
  { test, link, progress, signals }: ClusterContext,
  held: HeldTest,
  { results, setup = held.setup, open, check, compare }: HeldRun,
): Promise<SavedRun> {
  const { left, begin } = held;
  const folder = await createResultsFolder({ base: resolve(results), script: setup.script, now: new Date() });
  let number = 0;
  return executeRun({
    ...{ setup, folder, progress, signals, compare },
    open: () => open(folder),
    async checkTargets(status) {
      check?.(status);
      await begin(status, folder.path);
      number = status.run + 1;
      left.owed = true;
    },
    beforeFinish: async (outcome) => (signals.kill.aborted ? [] : copyLogs(test, folder, outcome)),
    // The master that has the run may go when the test is made as it was.
    async onSaved(outcome) {
      left.owed = await isOwed(link.client, outcome, number);
      left.aborted = outcome.endedBy === "interrupt";
    },
  });
}
