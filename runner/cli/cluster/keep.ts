import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { parseThreshold } from "../../../settings/values/threshold";
import type { RunOutcome, RunPlan } from "../../engine/plan";
import { followRun } from "../../engine/run";
import { messageOf } from "../../errors";
import { saveLogs } from "../../places/kubernetes/logs";
import { clusterTiming, type MasterLink } from "../../places/kubernetes/master";
import type { RunNote } from "../../places/kubernetes/note";
import { nameOf, readWorkload } from "../../places/kubernetes/pods";
import { createResultsFolder, folderName, type ResultsFolder, reopenResultsFolder } from "../../results/folder";
import { readRun, readSeries } from "../../results/read";
import type { FinishedRecord } from "../../results/run-record";
import { writerLives } from "../../results/writer";
import type { LocustStatus, Sample } from "../../types";
import { observe } from "../execute";
import { Recorder } from "../recorder";
import { recordFacts, type TestSetup } from "../setup";
import type { Signals } from "../signals";
import type { Progress } from "../terminal/progress";
import type { ClusterTest } from "./open";

export interface KeepRun {
  readonly test: ClusterTest;
  readonly link: MasterLink;
  /** The master's status, whose latest run is meant. */
  readonly seen: LocustStatus;
  /** What the command that started the run wrote down; undefined for a run of Locust's page. */
  readonly note: RunNote | undefined;
  /** Ends the run where it is going on; defaults to waiting for its end. */
  readonly stop?: boolean;
  /** Folder of all runs. */
  readonly results: string;
  readonly progress: Progress;
  readonly signals: Signals;
}

export interface KeptRun {
  readonly record: FinishedRecord;
  readonly outcome: RunOutcome;
  readonly folder: ResultsFolder;
}

/**
 * Keeps the results of the latest run that the master knows of, from its start on, after waiting for its end; a folder
 * that a killed command has begun is completed. Undefined where an interrupt came first: the run goes on then.
 */
export async function keepLatestRun(options: KeepRun): Promise<KeptRun | undefined> {
  const { test, link, seen, note, stop = false, progress, signals } = options;
  const setup = setupOf(test, seen, note);
  const { folder, earlier, warnings } = await folderOf(options, setup.script);
  const recorder = new Recorder(folder, recordFacts(setup));
  for (const warning of warnings) recorder.warning(warning);
  const watch = await link.watch();
  try {
    const outcome = await followRun(
      {
        client: link.client,
        plan: setup.plan,
        observer: observe(recorder, progress),
        interrupt: stop ? AbortSignal.abort() : signals.interrupt,
        kill: signals.kill,
        masterLost: watch.lost,
        timing: clusterTiming,
      },
      { seen, earlier, leave: !stop },
    );
    if (outcome.endedBy === "interrupt" && !stop) {
      // The master still has all of it, and the next command goes on with this folder.
      await folder.close();
      return undefined;
    }
    for (const warning of await keepLogs(test, folder, outcome)) recorder.warning(warning);
    const record = await recorder.finish(outcome);
    if (outcome.complete) await link.client.kept(seen.run).catch(() => undefined);
    return { record, outcome, folder };
  } finally {
    watch.stop();
  }
}

/** Copies what master and workers have logged since the start of a run into its folder; gives warnings. */
export async function keepLogs(
  { cluster, names }: ClusterTest,
  folder: ResultsFolder,
  { startedAt }: RunOutcome,
): Promise<readonly string[]> {
  try {
    const both = await Promise.all([names.control, names.worker].map((name) => readWorkload(cluster, name)));
    const pods = both.flatMap((workload) => workload.pods.filter(hasStarted).map(nameOf));
    return await saveLogs(cluster, pods, folder.logs, startedAt === undefined ? {} : { sinceTime: startedAt });
  } catch (error) {
    return [`logs of the pods could not be had: ${messageOf(error)}`];
  }
}

/** A pod that waits for a node has no log. */
function hasStarted({ status }: V1Pod): boolean {
  return (
    status?.containerStatuses?.some(({ state }) => state?.running !== undefined || state?.terminated !== undefined) ===
    true
  );
}

/** A run that a command has started is judged by what was asked then; one of the page by what the master says. */
export function setupOf(test: ClusterTest, status: LocustStatus, note: RunNote | undefined): TestSetup {
  const plan: RunPlan = {
    users: note?.users ?? status.targetUsers,
    spawnRate: note?.spawnRate ?? status.spawnRate,
    runTime: note?.runTime ?? undefined,
    workers: note?.workers ?? test.deployed.workerReplicas,
    host: note?.target ?? status.host ?? undefined,
    thresholds: (note?.thresholds ?? test.output?.load.thresholds ?? []).map(parseThreshold),
  };
  return { place: "kubernetes", stack: test.stack, script: status.script, plan, settings: note?.settings ?? {} };
}

/** The folder in which the results of a run are already, where it is on this machine. */
export function finishedFolder(results: string, seen: LocustStatus, note: RunNote | undefined): string | undefined {
  return candidates(results, seen, note).find(({ record }) => record.status === "finished")?.path;
}

/** The folder that a killed or interrupted command has begun, where it is on this machine; else a new one. */
async function folderOf(
  { note, results, seen }: KeepRun,
  script: string,
): Promise<{ folder: ResultsFolder; earlier: readonly Sample[]; warnings: readonly string[] }> {
  for (const { path, record } of candidates(results, seen, note)) {
    if (record.status !== "running" || writerLives(record.writer)) continue;
    const folder = await reopenResultsFolder(path);
    return { folder, earlier: readSeries(join(path, "series.ndjson")), warnings: record.warnings };
  }
  // Named by the start of the run, as a command that had started it would have named it.
  const folder = await createResultsFolder({ base: resolve(results), script, now: startOf(seen) });
  return { folder, earlier: [], warnings: [] };
}

/** Folders of the run: the one that its command has noted, and those whose names say that they began with it. */
function candidates(results: string, seen: LocustStatus, note: RunNote | undefined) {
  const base = resolve(results);
  const start = startOf(seen).getTime();
  // Clocks, and the time that an answer takes, differ a little.
  const near = [-2, -1, 0, 1, 2].map((seconds) => folderName(new Date(start + seconds * 1000), seen.script));
  const isNear = (name: string) => near.some((one) => name === one || name.startsWith(`${one}-`));
  const found = existsSync(base) ? readdirSync(base).filter(isNear) : [];
  const paths = new Set([
    ...(note?.results === undefined ? [] : [note.results]),
    ...found.map((name) => join(base, name)),
  ]);
  return [...paths]
    .filter((path) => existsSync(join(path, "run.json")))
    .map((path) => ({ path, record: readRun(path) }))
    .filter(({ record }) => record.place === "kubernetes");
}

function startOf({ startedAt }: LocustStatus): Date {
  return startedAt === null ? new Date() : new Date(startedAt);
}
