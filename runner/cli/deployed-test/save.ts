import { join, resolve } from "node:path";
import type { V1Pod } from "@kubernetes/client-node";
import { parseThreshold } from "../../../settings/values/threshold";
import { type LocustClient, LocustRefused } from "../../engine/client";
import type { RunOutcome, RunPlan } from "../../engine/plan";
import { messageOf } from "../../errors";
import type { RunInfo } from "../../places/kubernetes/lock/run-info";
import { saveLogs } from "../../places/kubernetes/logs/logs";
import { clusterTiming } from "../../places/kubernetes/master";
import { locustStatus, nameOf, readWorkload } from "../../places/kubernetes/rollout/pods";
import { ResultsError } from "../../results/files";
import { createResultsFolder, type ResultsFolder, reopenResultsFolder } from "../../results/folder";
import { hasRun, listRuns, type RunSummary, summaryOf } from "../../results/history";
import { readSeries } from "../../results/series";
import type { EndedBy, LocustStatus } from "../../types";
import type { SavedRun } from "../output";
import { type FollowJob, followInto } from "../record-run";
import { arrivalsOf, baselineOf, type Compare, type TestSetup } from "../setup";
import type { ClusterContext, ClusterTest } from "./open";

/** In ms. */
const day = 86_400_000;

export interface SaveOptions extends ClusterContext {
  /** The master's status, whose latest run is meant. */
  readonly seen: LocustStatus;
  /** What the command that started the run wrote down; undefined for a run of Locust's web UI. */
  readonly info: RunInfo | undefined;
  /** Of a run of Locust's web UI, instead of the stack's. */
  readonly thresholds?: RunPlan["thresholds"] | undefined;
  /** Breaks the run off, as its info may say too; defaults to waiting for its end. */
  readonly stop?: boolean;
  /** Folder of all runs. */
  readonly results: string;
}

/**
 * Saves the results of the latest run that the master knows of, from its start on, after waiting for its end; a folder
 * that a command has left half full is completed. Undefined where an interrupt came first: the run goes on then.
 *
 * @returns also whether the master has more of the run than is saved
 */
export async function saveLatestRun(
  options: SaveOptions,
): Promise<(SavedRun & { readonly owed: boolean }) | undefined> {
  const { test, link, seen, info, thresholds, progress, signals } = options;
  const stop = options.stop === true || info?.aborted === true;
  const asked = setupOf(test, seen, info);
  const setup = { ...asked, plan: { ...asked.plan, ...(thresholds === undefined ? {} : { thresholds }) } };
  const watch = await link.watch();
  try {
    const found = await folderOf(options, setup.script);
    const saved = await followInto({
      ...{ ...found, setup, seen, progress, client: link.client, masterLost: watch.lost },
      ...{ masterStays: true, timing: clusterTiming },
      signals: { interrupt: stop ? AbortSignal.abort() : signals.interrupt, kill: signals.kill },
      leave: !stop,
      compare: await compareOf(options),
      beforeFinish: (outcome) => copyLogs(test, found.folder, outcome),
    });
    return saved && { ...saved, owed: await isOwed(link.client, saved.outcome, seen.run) };
  } finally {
    watch.stop();
  }
}

/** Ends of runs of which the master has nothing. */
const nothingLeft: readonly EndedBy[] = ["master-lost", "not-started"];

/** Whether the master has more of a run than is saved. Where it has not, it is told so. */
export async function isOwed(client: LocustClient, { complete, endedBy }: RunOutcome, run: number): Promise<boolean> {
  if (!complete) return !nothingLeft.includes(endedBy);
  // It refuses where another run has begun since.
  return client.kept(run).then(
    () => false,
    (error) => !(error instanceof LocustRefused),
  );
}

/** With the baseline that was asked for; where it is not to be had here, the record says that nobody knows. */
async function compareOf({ info, results }: SaveOptions): Promise<Compare | undefined> {
  const { baseline } = info ?? {};
  if (baseline === undefined) return undefined;
  return baselineOf({ results, baseline: baseline.run, maxRegression: baseline.maxRegression }).catch(
    (error: unknown) => () => {
      throw error;
    },
  );
}

/** A master that outlives a run never comes to its `quitting` listeners, and firing the event would be untrue. */
const atQuit =
  "the script's quitting listeners may set process_exit_code, and Locust does not quit after a run in a cluster: set it in test_stop";

/**
 * Copies what master and workers have logged since the start of a run into its folder, also what containers have that
 * have ended and were started again; all of it where the run did not start. Gives warnings.
 */
export async function copyLogs(
  { cluster, names }: ClusterTest,
  folder: ResultsFolder,
  { startedAt, code }: Pick<RunOutcome, "startedAt" | "code">,
): Promise<readonly string[]> {
  const unheard = code?.decidesAtQuit === true ? [atQuit] : [];
  try {
    const both = await Promise.all([names.control, names.worker].map((name) => readWorkload(cluster, name)));
    const pods = both.flatMap((workload) => workload.pods);
    const since = startedAt === undefined ? {} : { sinceTime: startedAt };
    const crashed = pods.filter((pod) => hasCrashed(pod, startedAt)).map(nameOf);
    return [
      ...unheard,
      ...(await saveLogs(cluster, pods.filter(hasStarted).map(nameOf), folder.logs, since)),
      ...(await saveLogs(cluster, crashed, folder.logs, { ...since, previous: true })),
    ];
  } catch (error) {
    return [...unheard, `logs of the pods could not be had: ${messageOf(error)}`];
  }
}

/** A pod whose container has ended since then, and was started again: that has a log of its own. */
function hasCrashed(pod: V1Pod, since: Date | undefined): boolean {
  const { finishedAt } = locustStatus(pod)?.lastState?.terminated ?? {};
  return finishedAt !== undefined && (since === undefined || new Date(finishedAt) >= since);
}

/** A pod that waits for a node has no log. */
function hasStarted(pod: V1Pod): boolean {
  const state = locustStatus(pod)?.state;
  return state?.running !== undefined || state?.terminated !== undefined;
}

/** A run that a command has started is judged by what was asked then; one of the web UI by what the master says. */
export function setupOf(test: ClusterTest, status: LocustStatus, info: RunInfo | undefined): TestSetup {
  const plan: RunPlan = {
    users: info?.users ?? status.targetUsers,
    spawnRate: info?.spawnRate ?? status.spawnRate,
    runTime: info?.runTime ?? undefined,
    ...(info === undefined ? arrivalsOf(status) : info.arrivals && { arrivals: info.arrivals }),
    workers: info?.workers ?? test.deployed.workerReplicas,
    host: info?.target ?? status.host ?? undefined,
    thresholds: (info?.thresholds ?? test.output?.load.thresholds ?? []).map(parseThreshold),
  };
  return { place: "kubernetes", stack: test.stack, script: status.script, plan, settings: info?.settings ?? {} };
}

/** The folder in which the results of a run are already, whole, where it is on this machine. */
export function finishedFolder(results: string, seen: LocustStatus, info: RunInfo | undefined): string | undefined {
  const { found } = foldersOf(results, seen, info);
  return found.find(({ state, record }) => state === "finished" && record.complete === true)?.path;
}

/**
 * The folder that a command has left half full, where it is on this machine; else a new one. One that says how its run
 * was judged is only gone on with where it is known what was asked.
 */
export async function folderOf(
  { info, results, seen }: Pick<SaveOptions, "info" | "results" | "seen">,
  script: string,
): Promise<Required<Pick<FollowJob, "folder" | "earlier" | "warnings">>> {
  const { found, warnings } = foldersOf(results, seen, info);
  for (const { path, state, record } of found) {
    const half = state === "finished" && record.complete === false && info !== undefined;
    if (state !== "killed" && !half) continue;
    try {
      const earlier = { samples: readSeries(join(path, "series.ndjson")), workers: record.integrity?.workers };
      // Those on the load are made anew.
      const earlierWarnings = record.warnings.filter((text) => !record.integrity?.warnings.includes(text));
      return { folder: await reopenResultsFolder(path), earlier, warnings: [...earlierWarnings, ...warnings] };
    } catch (error) {
      if (!(error instanceof ResultsError)) throw error;
      warnings.push(leftAlone(error.message));
    }
  }
  // Named by the start of the load, as nobody knows when the command began.
  const folder = await createResultsFolder({ base: resolve(results), script, now: startOf(seen) });
  return { folder, earlier: { samples: [] }, warnings };
}

/** Folders whose records say that they are of this run of this master. A damaged one may be: that is a warning. */
function foldersOf(results: string, seen: LocustStatus, info: RunInfo | undefined) {
  const runs = listRuns(resolve(results));
  const named = info?.results;
  if (named !== undefined && hasRun(named) && !runs.some(({ path }) => path === named)) runs.unshift(summaryOf(named));
  const found: Exclude<RunSummary, { state: "damaged" }>[] = [];
  const warnings: string[] = [];
  for (const run of runs) {
    if (run.state === "damaged") {
      if (mayBeOf(run, seen)) warnings.push(leftAlone(run.problem));
    } else if (run.record.master?.id === seen.master.id && run.record.master.run === seen.run) found.push(run);
  }
  return { found, warnings };
}

/** A command names its folder when it begins, and may then wait for pods; what is days away is another run's. */
function mayBeOf({ startedAt }: RunSummary, seen: LocustStatus): boolean {
  return startedAt === null || Math.abs(startOf(seen).getTime() - Date.parse(startedAt)) < day;
}

function leftAlone(problem: string): string {
  return `a folder that may be of this run was left alone: ${problem}`;
}

function startOf({ startedAt }: LocustStatus): Date {
  return startedAt === null ? new Date() : new Date(startedAt);
}
