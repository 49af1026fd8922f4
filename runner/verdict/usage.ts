/** What a run's workers have used, for what a load needs of them (`sizing.ts`). Pure arithmetic. */
import { mean, sum } from "simple-statistics";
import type { Sample } from "../types";
import { percent, round } from "./format";
import type { IntegrityReport } from "./integrity";

/** Part of a sample's requests: where it failed, the workers did something else than they were to. */
const failed = 0.5;
/** Seconds of full load: in less there may be no report of a worker, which come every three. */
const least = 5;
/** Seconds that a sample's requests a second are of. */
const rateWindow = 6;

/** What workers used at full load. */
export interface Usage {
  readonly workers: number;
  /** Of all workers together. */
  readonly users: number;
  /** A second: iterations in a run with an arrival rate, else requests. */
  readonly rate: number;
  readonly unit: "iterations" | "requests";
  readonly cores: number;
  /** Cores that one of them may use. */
  readonly limit: number;
  /** Seconds of full load that this is the mean of. */
  readonly seconds: number;
  /** Bytes of a worker before its users and at the most; undefined in older results. */
  readonly memory?: { readonly bare: number; readonly loaded: number } | undefined;
}

/** vCPU and MiB of a worker. */
export interface WorkerSize {
  readonly cpu: number;
  readonly memory: number;
}

/** The part of a run's record that its usage is read from. */
export interface SampledRun {
  readonly place: "local" | "kubernetes";
  readonly asked: { readonly users: number };
  readonly integrity: Pick<IntegrityReport, "workerCpu" | "users"> | null;
  readonly workerCpuLimit?: number | undefined;
}

/** Bytes of a worker before its users came; undefined where samples say nothing of memory. */
export function bareMemory(samples: readonly Sample[]): number | undefined {
  return samples.find(({ workerMemory = 0 }) => workerMemory > 0)?.workerMemory;
}

/** The part of a run's record that says what came of its requests. */
export interface AnsweredRun {
  readonly totals?: { readonly requests: number; readonly failRatio: number } | null | undefined;
  /** Sentences. */
  readonly reasons: readonly string[];
}

/** Why nothing can be said by a run, to follow a colon; undefined where it tells something. */
export function whyNothing(run: AnsweredRun, samples: readonly Sample[], usage: Usage | undefined): string | undefined {
  const why = missingIn(run, samples, usage);
  const [own] = run.reasons;
  return why === undefined || own === undefined ? why : `${why}. ${own.replace(/\.$/, "")}`;
}

function missingIn({ totals }: AnsweredRun, samples: readonly Sample[], usage: Usage | undefined): string | undefined {
  const { requests = 0, failRatio = 0 } = totals ?? {};
  const full = fullLoad(samples);
  if (full === undefined) return "it had no full load";
  if (full.seconds < least) return `it had full load for ${round(full.seconds, 1)} s, and ${least} s are the least`;
  if (requests === 0) return "0 requests were completed";
  if (failRatio >= failed) return `${percent(failRatio)} of its requests failed`;
  return usage === undefined ? "nothing is known of its workers' CPU" : undefined;
}

/** The samples of full load, of which there are two at least. */
function fullLoad(samples: readonly Sample[]) {
  const held = samples.filter(({ phase }) => phase === "hold");
  const [first, last] = [held[0], held.at(-1)];
  if (first === undefined || last === undefined || last.t <= first.t) return undefined;
  return { held, first, last, seconds: last.t - first.t };
}

/**
 * What a run's workers have used; undefined where it made no load, or too short a one.
 *
 * @param bare bytes of a worker before it ever had users, where runs before have shown less than this one's first
 *   sample: Python keeps memory of users that are gone
 */
export function usageOf(
  run: SampledRun,
  samples: readonly Sample[],
  size: WorkerSize,
  bare = bareMemory(samples),
): Usage | undefined {
  const full = fullLoad(samples);
  const shares = Object.values(run.integrity?.workerCpu ?? {}).map(({ mean }) => mean);
  const users = run.integrity?.users.mean ?? run.asked.users;
  // A worker that runs takes some of it: none is a report that has not come.
  if (full === undefined || full.seconds < least || sum(shares) <= 0 || users <= 0) return undefined;
  const { held, first, last, seconds } = full;
  // Those before have a part of the ramp.
  const settled = held.filter(({ t }) => t >= first.t + rateWindow);
  const limit = run.workerCpuLimit ?? (run.place === "local" ? 1 : Math.min(1, size.cpu));
  const loaded = Math.max(0, ...samples.map(({ workerMemory = 0 }) => workerMemory));
  return {
    ...{ workers: shares.length, users, limit, seconds },
    rate: mean((settled.length > 0 ? settled : [last]).map(({ rps, arrivals }) => arrivals?.startedPerSecond ?? rps)),
    unit: last.arrivals === undefined ? "requests" : "iterations",
    cores: limit * sum(shares),
    ...(bare === undefined ? {} : { memory: { bare, loaded } }),
  };
}
