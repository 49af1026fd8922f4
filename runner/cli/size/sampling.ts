/** Runs of one worker, from a few users on, until one tells what a user takes. */
import { join, relative } from "node:path";
import type { Prices } from "../../../settings/cost/prices";
import { RunnerError, UsageError } from "../../errors";
import type { FinishedRecord } from "../../results/run-record";
import { readSeries } from "../../results/series";
import { exitCodes, type LocustStatus, type Sample } from "../../types";
import { type AskedLoad, amountOf, isTelling, nextAmount } from "../../verdict/sizing";
import { bareMemory, type Usage, usageOf, type WorkerSize, whyNothing } from "../../verdict/usage";
import type { LimitOptions } from "../limits";
import type { RunCommandOptions } from "../options";
import type { SavedRun } from "../output";
import { requireNoShape, settingsOf, type TestSetup } from "../setup";
import type { Progress } from "../terminal/progress";

/** Users, or iterations a second, that a worker of any size takes. */
const firstAmount = 5;
/** Users of a sample of iterations: fewer could not start them in time. */
const leastUsers = 10;
/** Full load of a run that only says how many users the next one may have: two reports of a worker, and more. */
const probeSeconds = 10;
const mostProbes = 3;
/** Seconds that a ramp takes at the most. */
const longestRamp = 30;

/** The run that counts. */
export interface SampleRun {
  readonly record: FinishedRecord;
  readonly samples: readonly Sample[];
  /** Bytes of a worker before it had users, where runs before have shown less than this one; see `usageOf`. */
  readonly bare?: number | undefined;
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

/** The load that is asked for. @param usual users of the settings */
export function askedOf(
  { users, arrivalRate }: { readonly users?: number | undefined; readonly arrivalRate?: number | undefined },
  usual: number,
): AskedLoad {
  return arrivalRate === undefined ? { users: users ?? usual } : { rate: arrivalRate, users: users ?? usual };
}

/** Refuses a script with a load shape. */
export function requireSteadyLoad(status: Pick<LocustStatus, "shape">): void {
  requireNoShape(status, "run it, then loadtest size --from latest");
}

/** Seconds that all runs of a sample may take. */
export function longestSampling(seconds: number): number {
  return mostProbes * (probeSeconds + longestRamp) + longestRamp + seconds;
}

/** @throws UsageError where the run that counts may not take as long as it must */
export function requireTime({ runTime, maxRunTime }: Pick<SizeOptions, "runTime" | "maxRunTime">): void {
  if (maxRunTime === undefined || runTime + longestRamp <= maxRunTime) return;
  throw new UsageError(
    `--max-run-time ${maxRunTime}: a sample of --run-time ${runTime} s takes ${runTime + longestRamp} s with its ramp`,
  );
}

export interface Sampling {
  /** Runs one worker with a load, for so many seconds of full load. */
  readonly run: (load: AskedLoad & { readonly users: number }, seconds: number) => Promise<SavedRun>;
  readonly progress: Pick<Progress, "say">;
  readonly asked: AskedLoad;
  /** No run has more, whatever is asked. */
  readonly limits?: Pick<LimitOptions, "maxUsers" | "maxArrivalRate">;
  readonly size: WorkerSize;
  /** Of full load, for the run that counts. */
  readonly seconds: number;
}

/** Finds how much a worker takes well, and runs it with that. @throws RunnerError where a run ends too early */
export async function findSample({ run, progress, asked, limits = {}, size, seconds }: Sampling): Promise<SampleRun> {
  let bare: number | undefined;
  const of = async (amount: number, time: number, what: string): Promise<SampleRun> => {
    const part = partOf(asked, amount);
    const load = { ...part, users: Math.min(part.users, limits.maxUsers ?? part.users) };
    const text = "rate" in load ? `${amount} iterations a second` : `${amount} ${amount === 1 ? "user" : "users"}`;
    progress.say(`${what}: 1 worker, ${text}, ${time} s of full load`);
    const sample = sampleOf(await run(load, time));
    // Deployed workers are the same in all runs.
    const known = [bare, bareMemory(sample.samples)].filter((bytes) => bytes !== undefined);
    bare = known.length === 0 ? undefined : Math.min(...known);
    return { ...sample, bare };
  };
  const limit = "rate" in asked ? limits.maxArrivalRate : limits.maxUsers;
  const most = Math.min(amountOf(asked), limit ?? Number.POSITIVE_INFINITY);
  let amount = Math.min(most, firstAmount);
  for (let probe = 1; probe <= mostProbes && amount < most; probe++) {
    const sampled = { usage: usageIn(await of(amount, probeSeconds, `Probe ${probe}`), size), amount };
    const next = nextAmount(sampled, size, most);
    const last = next === undefined || next < amount || isTelling(sampled, size, next);
    amount = next ?? amount;
    if (last) break;
  }
  return of(amount, seconds, "Sample");
}

/** So many of a load, with the part of its users that goes with them. */
function partOf(asked: AskedLoad, amount: number): AskedLoad & { readonly users: number } {
  if (!("rate" in asked)) return { users: amount };
  const { users = leastUsers, rate } = asked;
  return { rate: amount, users: Math.min(users, Math.max(leastUsers, Math.ceil((users * amount) / rate))) };
}

/** What a sample tells. @throws RunnerError with exit code 3 where it tells nothing */
export function usageIn({ record, samples, bare, folder }: SampleRun, size: WorkerSize): Usage {
  const usage = usageOf(record, samples, size, bare);
  const why = whyNothing(record, samples, usage);
  if (usage !== undefined && why === undefined) return usage;
  throw new RunnerError(`nothing can be said by the run in ${folder}: ${why}`, exitCodes.invalid);
}

/** A run that was interrupted, or broke, ends all; one that is invalid tells something all the same. */
function sampleOf({ record, folder }: SavedRun): SampleRun {
  const where = relative(".", folder.path);
  if (record.verdict === "aborted" || record.verdict === "error") {
    throw new RunnerError(`${record.reasons.join(" ")} What was measured is in ${where}`, record.exitCode);
  }
  return { record, samples: readSeries(join(folder.path, "series.ndjson")), folder: where };
}

/** The setup of a run with one worker, a load and so many seconds of full load. */
export function withLoad(setup: TestSetup, load: AskedLoad & { readonly users: number }, seconds: number): TestSetup {
  const { users } = load;
  const spawnRate = Math.max(setup.plan.spawnRate, users / longestRamp);
  const runTime = Math.ceil(users / spawnRate + seconds);
  const arrivals = "rate" in load ? { rate: `${load.rate}`, spacing: "even" as const } : undefined;
  const plan = { ...setup.plan, users, spawnRate, runTime, workers: 1, arrivals };
  return { ...setup, plan, settings: settingsOf(setup.settings, plan) };
}
