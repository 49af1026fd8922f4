import { resolve } from "node:path";
import { LocustClient } from "../engine/client";
import { isLoading } from "../engine/phase";
import type { RunPlan } from "../engine/plan";
import { followRun } from "../engine/run";
import { pause } from "../engine/timing";
import type { Session } from "../places/place";
import { createResultsFolder } from "../results/folder";
import type { LocustStatus } from "../types";
import { observe } from "./execute";
import { printRun } from "./output";
import { Recorder } from "./recorder";
import { recordFacts, type TestSetup } from "./setup";
import type { Signals } from "./signals";
import type { Progress } from "./terminal/progress";

/** How often to look whether somebody started a run, in ms. */
const watchInterval = 300;

export interface PageRuns {
  readonly session: Session;
  readonly setup: TestSetup;
  /** Folder of all runs. */
  readonly results: string;
  readonly progress: Progress;
  readonly signals: Signals;
  /** Whether the run goes on when this command ends. */
  readonly leave: boolean;
  /** Whether a run that is seen is ours to keep: another command may be driving it. Defaults to true. */
  readonly isOurs?: (status: LocustStatus) => Promise<boolean>;
}

/** Keeps and judges each run that is started on Locust's page, until an interrupt or the master's end. */
export async function keepPageRuns(options: PageRuns): Promise<void> {
  const { session, signals } = options;
  const client = new LocustClient(session.endpoint);
  let seen = 0;
  while (!signals.interrupt.aborted && !session.masterLost.aborted) {
    const status = await client.status(signals.interrupt).catch(() => undefined);
    if (status !== undefined && status.run > seen && isLoading(status)) {
      seen = status.run;
      if ((await options.isOurs?.(status)) !== false) await keep(options, client, status);
    }
    await pause(watchInterval, signals.interrupt, session.masterLost);
  }
}

async function keep(options: PageRuns, client: LocustClient, status: LocustStatus): Promise<void> {
  const { session, setup, progress, signals, leave } = options;
  const plan: RunPlan = {
    users: status.targetUsers,
    spawnRate: status.spawnRate,
    runTime: undefined,
    workers: setup.plan.workers,
    host: status.host ?? setup.plan.host,
    thresholds: setup.plan.thresholds,
  };
  const { script } = status;
  const folder = await createResultsFolder({ base: resolve(options.results), script, now: new Date() });
  const recorder = new Recorder(folder, recordFacts({ ...setup, script, plan }));
  progress.say(`A run was started on the page: ${status.targetUsers} users.`);
  const outcome = await followRun(
    {
      client,
      plan,
      observer: observe(recorder, progress),
      interrupt: signals.interrupt,
      kill: signals.kill,
      masterLost: session.masterLost,
      ...(session.timing === undefined ? {} : { timing: session.timing }),
    },
    { seen: status, leave },
  );
  if (outcome.endedBy === "interrupt" && leave) {
    await folder.close();
    progress.say("The run goes on; loadtest report keeps its results.");
    return;
  }
  const record = await recorder.finish(outcome);
  if (outcome.complete) await client.kept(status.run).catch(() => undefined);
  printRun({ record, outcome, folder });
}
