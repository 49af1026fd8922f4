/** Runs of one worker, from a few users on, until one tells what a user takes. */
import { join, relative } from "node:path";
import type { Prices } from "../../settings/cost/prices";
import { RunnerError, UsageError } from "../errors";
import type { FinishedRecord } from "../results/run-record";
import { readSeries } from "../results/series";
import { exitCodes, type LocustStatus, type Sample } from "../types";
import { type AskedLoad, isTelling, nextUsers, type Usage, usageOf, type WorkerSize } from "../verdict/sizing";
import type { RunCommandOptions } from "./options";
import type { SavedRun } from "./output";
import type { TestSetup } from "./setup";
import type { Progress } from "./terminal/progress";

/** Users that a worker of any size takes. */
const firstUsers = 5;
/** Full load of a run that only says how many users the next one may have: two reports of a worker, and more. */
const probeSeconds = 10;
const mostProbes = 3;
/** Seconds that a ramp takes at the most. */
const longestRamp = 30;

/** The run that counts. */
export interface SampleRun {
  readonly record: FinishedRecord;
  readonly samples: readonly Sample[];
  /** Where its results are, for people. */
  readonly folder: string;
}

export interface SizeOptions
  extends Omit<
    RunCommandOptions,
    "users" | "arrivalRate" | "arrivalSpacing" | "runTime" | "workers" | "threshold" | "maxRegression" | "baseline"
  > {
  readonly users?: number;
  /** Iterations a second. */
  readonly arrivalRate?: number;
  /** Seconds of full load. */
  readonly runTime: number;
  readonly from?: string;
}

/** A run that a load is sized by, and what the load is to run on. */
export interface Sized extends SampleRun {
  readonly size: WorkerSize;
  readonly workerReplicas: number;
  /** Users of the settings. */
  readonly users: number;
  /** Prices of the workers' Region, or why they are not known; and the master's size. */
  readonly prices: Prices | { readonly why: string };
  readonly control: WorkerSize;
}

/** The load, as a sample is found for it. */
export function askedOf(
  { users, arrivalRate }: { readonly users?: number | undefined; readonly arrivalRate?: number | undefined },
  usual: number,
): AskedLoad {
  return arrivalRate === undefined ? { users: users ?? usual } : { rate: arrivalRate };
}

/** A shape has its own users, and its own time. */
export function requireNoShape({ shape }: Pick<LocustStatus, "shape">): void {
  if (shape === null) return;
  throw new UsageError(`the script's load shape ${shape} decides the users: run it, then loadtest size --from latest`);
}

export interface Sampling {
  /** Runs one worker with so many users, for so many seconds of full load. */
  readonly run: (users: number, seconds: number) => Promise<SavedRun>;
  readonly progress: Pick<Progress, "say">;
  readonly asked: AskedLoad;
  readonly size: WorkerSize;
  /** Of full load, for the run that counts. */
  readonly seconds: number;
}

/** Finds how many users a worker takes well, and runs it with them. @throws RunnerError where a run ends too early */
export async function findSample({ run, progress, asked, size, seconds }: Sampling): Promise<SampleRun> {
  const of = async (users: number, time: number, what: string) => {
    progress.say(`${what}: 1 worker, ${users} ${users === 1 ? "user" : "users"}, ${time} s of full load`);
    return sampleOf(await run(users, time));
  };
  let users = "users" in asked ? Math.min(asked.users, firstUsers) : firstUsers;
  let most = "users" in asked ? asked.users : Number.POSITIVE_INFINITY;
  for (let probe = 1; probe <= mostProbes && users < most; probe++) {
    const usage = usageIn(await of(users, probeSeconds, `Probe ${probe}`), size);
    most = mostUsers(asked, usage);
    const next = nextUsers(usage, size, most);
    const fewer = next !== undefined && next < users;
    const tells = next === undefined || isTelling(usage, size, next);
    users = next ?? users;
    if (fewer || tells) break;
  }
  return of(users, seconds, "Sample");
}

function mostUsers(asked: AskedLoad, { users, rate }: Usage): number {
  if ("users" in asked) return asked.users;
  return rate > 0 ? Math.max(1, Math.floor((users * asked.rate) / rate)) : users;
}

function usageIn({ record, samples, folder }: SampleRun, size: WorkerSize): Usage {
  const usage = usageOf(record, samples, size);
  if (usage !== undefined) return usage;
  throw new RunnerError(`nothing can be said by the run in ${folder}: it had no full load`, exitCodes.invalid);
}

/** A run that was interrupted, or broke, ends all; one that is invalid tells something all the same. */
function sampleOf({ record, folder }: SavedRun): SampleRun {
  const where = relative(".", folder.path);
  if (record.verdict === "aborted" || record.verdict === "error") {
    throw new RunnerError(`${record.reasons.join(" ")} What was measured is in ${where}`, record.exitCode);
  }
  return { record, samples: readSeries(join(folder.path, "series.ndjson")), folder: where };
}

/** The setup of a run with one worker, so many users and so many seconds of full load. */
export function withLoad(setup: TestSetup, users: number, seconds: number): TestSetup {
  const spawnRate = Math.max(setup.plan.spawnRate, users / longestRamp);
  const runTime = Math.ceil(users / spawnRate + seconds);
  const { thresholds, ...settings } = setup.settings;
  return {
    ...setup,
    plan: { ...setup.plan, users, spawnRate, runTime, workers: 1 },
    settings: { ...settings, thresholds, users, spawnRate, runTime: `${runTime}s`, workerReplicas: 1 },
  };
}
