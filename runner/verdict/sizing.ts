/** How many workers a load needs, by what some have used for a part of it. Pure arithmetic. */
import { saturatedShare } from "../../settings/limits";
import { percent, round } from "./format";
import type { SampledRun, Usage, WorkerSize } from "./usage";

/** What of its CPU and memory a worker is to use at the most: the rest is for what a sample does not show. */
export const planned = { cpu: 0.7, memory: 0.8 } as const;
/** Share of its CPU from which on a sample says how much a user takes; below, it is mostly what a worker takes anyway. */
const telling = 0.3;
/** Share of its CPU that a sample aims at. */
const aim = 0.5;
/** By how much one sample may be larger than the one before. */
const growth = 10;
const idle = 0.1;
const failing = 0.01;
/** Seconds of full load: less says little. */
const short = 15;
const mebibyte = 2 ** 20;

/** A load: users, or iterations a second with the most that may be under way, one a user. */
export type AskedLoad = { readonly users: number } | { readonly rate: number; readonly users?: number };

/** The number that a load is. */
export function amountOf(load: AskedLoad): number {
  return "rate" in load ? load.rate : load.users;
}

/** The workers that a load needs. */
export interface Need {
  readonly workers: number;
  readonly byCpu: number;
  /** Undefined where nothing is known of the memory. */
  readonly byMemory?: number | undefined;
  /** Users, and requests a second, of all workers. */
  readonly users: number;
  readonly rate: number;
  /** What each of the workers uses then of its CPU, and of its memory, from 0 to 1. */
  readonly cpuShare: number;
  readonly memoryShare?: number | undefined;
  /** Bytes. */
  readonly memoryPerUser?: number | undefined;
}

/**
 * The fewest workers of a size that take a load and stay within `planned`. What a worker takes without users is
 * counted as its users', so that it is rather too many.
 *
 * @throws RangeError where no number of such workers can
 */
export function needOf(usage: Usage, asked: AskedLoad, size: WorkerSize): Need {
  const factor = "rate" in asked ? asked.rate / usage.rate : asked.users / usage.users;
  if (!Number.isFinite(factor)) throw new RangeError("no request was answered, so nothing can be said of a rate");
  const users = asked.users ?? factor * usage.users;
  // A Python process uses one core at the most.
  const limit = Math.min(1, size.cpu);
  const byCpu = wholeAtLeastOne((factor * usage.cores) / (planned.cpu * limit));
  const { perUser, bare } = memoryOf(usage);
  const room = planned.memory * size.memory * mebibyte - bare;
  // At least one user has to fit.
  if (perUser > Math.max(0, room)) {
    throw new RangeError(
      `${size.memory} MiB (workerMemory) are too few: a worker has ${mib(bare)} without users, and a user takes ${mib(perUser)}`,
    );
  }
  const byMemory = perUser === 0 ? 1 : wholeAtLeastOne(users / Math.floor(room / perUser));
  const workers = Math.max(byCpu, byMemory);
  return {
    ...{ workers, byCpu, users, rate: factor * usage.rate },
    cpuShare: (factor * usage.cores) / (workers * limit),
    ...(usage.memory && {
      byMemory,
      memoryShare: (bare + (perUser * users) / workers) / (size.memory * mebibyte),
      memoryPerUser: perUser,
    }),
  };
}

/** A sample of so many users, or iterations a second, and what it used. */
export interface Sampled {
  readonly usage: Usage;
  readonly amount: number;
}

/**
 * How many the next sample has, where one worker of a size takes it without getting to its limits; undefined where
 * this one tells enough.
 *
 * @param most how many were asked for
 */
export function nextAmount({ usage, amount }: Sampled, size: WorkerSize, most: number): number | undefined {
  const share = usage.cores / Math.min(1, size.cpu, usage.limit);
  if (share >= saturatedShare && amount > 1) return Math.max(1, Math.floor(amount / growth));
  if (share >= telling || amount >= most) return undefined;
  const { perUser, bare } = memoryOf(usage);
  const room = aim * size.memory * mebibyte - bare;
  const fit = perUser === 0 ? Number.POSITIVE_INFINITY : (amount * room) / perUser / usage.users;
  const next = Math.floor(Math.min(fit, amount * Math.min(growth, aim / Math.max(share, 0.001))));
  return Math.min(most, next) > amount ? Math.min(most, next) : undefined;
}

/** Whether a sample of so many can be expected to tell enough. */
export function isTelling({ usage, amount }: Sampled, size: WorkerSize, next: number): boolean {
  return (usage.cores * next) / amount >= telling * Math.min(1, size.cpu, usage.limit);
}

/** Why a sample is no proof: sentences without an end. */
export function doubts(
  usage: Usage,
  size: WorkerSize,
  { failRatio, place }: { readonly failRatio: number; readonly place: SampledRun["place"] },
): string[] {
  const share = usage.cores / (usage.workers * usage.limit);
  const used = usage.cores / (usage.workers * Math.min(1, size.cpu));
  return [
    ...(share >= saturatedShare
      ? [`its workers used ${percent(share)} of their CPU: users wait for it, and would take more`]
      : []),
    ...(used < idle
      ? [
          `it used ${round(used * 100, 1)} % of the CPU of a worker, most of which it takes without users: this is too much`,
        ]
      : []),
    ...(failRatio > failing ? [`${percent(failRatio)} of its requests failed: others take more or less CPU`] : []),
    ...(usage.seconds < short ? [`it had full load for ${round(usage.seconds, 0)} s only`] : []),
    ...(usage.memory === undefined ? ["it says nothing of memory, as an earlier version has made it"] : []),
    ...(place === "local" ? ["it ran on this machine, whose cores may be faster than Fargate's vCPU, or slower"] : []),
  ];
}

function memoryOf({ memory, users, workers }: Usage): { perUser: number; bare: number } {
  if (memory === undefined) return { perUser: 0, bare: 0 };
  return { perUser: Math.max(0, memory.loaded - memory.bare) / (users / workers), bare: memory.bare };
}

/** Rounded up, but for what is only an error of arithmetic. */
function wholeAtLeastOne(value: number): number {
  return Math.max(1, Math.ceil(value - 1e-9));
}

/** `52 MiB`, `0.034 MiB` */
export function mib(bytes: number): string {
  return `${Number((bytes / mebibyte).toPrecision(bytes < 100 * mebibyte ? 2 : 3))} MiB`;
}
