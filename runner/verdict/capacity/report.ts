/** What a search for the capacity of a target has found: its steps, and what they say. Pure. */
import { mean, sampleStandardDeviation } from "simple-statistics";
import { round } from "../format";
import type { Broke } from "./breach";
import { mostOf, type Next } from "./search";

/** What the level of load is: users at a time, or iterations started a second. */
export type LoadUnit = "users" | "arrivals";

/** What a search's record has for a load shape: it decides users and time instead, as one does. */
export const searchShape = "loadtest capacity";

/** What was asked of a search. */
export interface CapacityAsked {
  readonly by: LoadUnit;
  readonly from: number;
  readonly maxUsers: number | null;
  /** Requests a second. */
  readonly maxRps: number | null;
  readonly maxWorkers: number | null;
  /** Iterations started a second. */
  readonly maxArrivalRate: number | null;
  /** Of the whole search. */
  readonly maxSeconds: number | null;
  /** Requests a second that the capacity must be. */
  readonly atLeast: number | null;
  /** Each level is measured for so long. */
  readonly stepSeconds: number;
  /** How far the lowest level that breaks may be above the answer, as a share of it. */
  readonly precision: number;
  /** How often the answer is held. */
  readonly holds: number;
}

/** Starts of iterations in a step, where these are asked for. */
export interface StepArrivals {
  readonly due: number;
  /** A second. */
  readonly started: number;
  /** Those that no user was free for, and those that started more than 10 ms after they were due. */
  readonly dropped: number;
  readonly late: number;
  /** At the end of the step. */
  readonly underWay: number;
}

/** A level of load that was measured. */
export interface CapacityStep {
  readonly level: number;
  readonly purpose: Extract<Next, { kind: "hold" }>["purpose"];
  /**
   * `void`: it proves nothing about the target, as the load was not what was asked. `beyond`: it was left, as it took
   * more than `--max-users` or `--max-rps` allow.
   */
  readonly outcome: "held" | "broke" | "void" | "beyond";
  /** Why it is void, or beyond. */
  readonly why: string | null;
  readonly broke: Broke | null;
  /** Seconds since the start of the run at which it was measured, and for how long. */
  readonly t: number;
  readonly seconds: number;
  /** Requests a second. */
  readonly rps: number;
  readonly failRatio: number;
  /** In ms; null without an answer. */
  readonly avg: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** At its end. */
  readonly users: number;
  readonly workers: number;
  /** Of the busiest worker on average, as a share of what it may use; null where none told. */
  readonly workerCpu: number | null;
  /** Ms for which an answer waited on average until a worker looked at it, where something in the script blocks it. */
  readonly workerDelay?: number | undefined;
  readonly arrivals?: StepArrivals | undefined;
}

/**
 * Why a search ended: the target broke, or gave no more throughput; or something else was the limit.
 * `dead`: the target has not recovered from a level that broke it. `script`: most users were in no request.
 */
export type CapacityLimit = "target" | "flat" | "cap" | "workers" | "load" | "time" | "steps" | "dead" | "script";

/** The capacity of a target, as far as it was found. */
export interface CapacityReport {
  readonly asked: CapacityAsked;
  readonly steps: readonly CapacityStep[];
  /** Of those that hold the level with the most throughput; null where none did. */
  readonly level: number | null;
  /** The lowest one that breaks; null where none did. */
  readonly broke: number | null;
  /** Requests a second at that level, over its holds on average; null where none held. */
  readonly rps: number | null;
  /** 95 % interval of `rps`, up to what the level that breaks would give; high is null where that is not known. */
  readonly interval: { readonly low: number; readonly high: number | null } | null;
  /** Null for a search that did not come to its end. */
  readonly limit: CapacityLimit | null;
  /** What broke at the lowest level that breaks; null where none did. */
  readonly first: Broke | null;
  /** Where throughput divided by the mean response time is highest: more load mostly waits. Null without steps. */
  readonly knee: { readonly level: number; readonly rps: number; readonly avg: number } | null;
  /** Workers at the end; those that it would take to go on, where they were the limit. */
  readonly workers: { readonly count: number; readonly needed: number | null };
}

/** 97.5 % quantiles of Student's t, by degrees of freedom from 1 on; beyond them the normal one. */
const studentT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228] as const;
const normal = 1.96;

/** The mean of some values, and half of its 95 % interval; that of one value is not known and taken for 0. */
export function meanOf(values: readonly number[]): { readonly mean: number; readonly half: number } {
  const all = [...values];
  if (all.length < 2) return { mean: all[0] ?? 0, half: 0 };
  const t = studentT[all.length - 2] ?? normal;
  return { mean: mean(all), half: (t * sampleStandardDeviation(all)) / Math.sqrt(all.length) };
}

export interface Found {
  readonly asked: CapacityAsked;
  readonly steps: readonly CapacityStep[];
  /** What the search said last. */
  readonly level: number | null;
  readonly broke: number | null;
  readonly limit: CapacityLimit | null;
  readonly workers: CapacityReport["workers"];
}

/** Puts together what a search has found. */
export function capacityReport({ asked, steps, level, broke, limit, workers }: Found): CapacityReport {
  const holds = steps.filter((step) => step.outcome === "held" && step.level === level).map(({ rps }) => rps);
  const { mean: rps, half } = meanOf(holds);
  const isOpen = limit !== "target" && limit !== "flat";
  const wider = broke === null || level === null ? rps : rps * (broke / level);
  // Between the two levels there is no more throughput than at the higher one.
  const above = Math.max(
    0,
    ...steps.filter((step) => step.outcome === "broke" && step.level === broke).map((step) => step.rps),
  );
  const found = level === null || holds.length === 0 ? null : level;
  return {
    ...{ asked, steps, level: found, broke, limit, workers },
    rps: found === null ? null : round(rps, 2),
    interval:
      found === null
        ? null
        : {
            low: round(Math.max(0, rps - half), 2),
            high: isOpen ? null : round(Math.max(rps + half, Math.min(wider, above)), 2),
          },
    first: steps.find((step) => step.outcome === "broke" && step.level === broke)?.broke ?? null,
    knee: kneeOf(steps),
  };
}

/** What is known of a search in the middle: the level with the most throughput of those that held below all that broke. */
export function soFar(steps: readonly CapacityStep[]): Pick<Found, "level" | "broke"> {
  const broke = Math.min(...steps.filter(({ outcome }) => outcome === "broke").map(({ level }) => level));
  const held = curveOf(steps.filter(({ outcome, level }) => outcome === "held" && level < broke));
  return { level: mostOf(held)?.level ?? null, broke: Number.isFinite(broke) ? broke : null };
}

/** The level with the most power (throughput divided by the mean response time), of those that held, or broke by their time only. */
export function kneeOf(steps: readonly CapacityStep[]): CapacityReport["knee"] {
  let best: { level: number; rps: number; avg: number } | null = null;
  const working = steps.filter(({ outcome, broke }) => outcome === "held" || broke?.what === "time");
  for (const { level, rps: all, failRatio, avg } of curveOf(working)) {
    // Errors are fast, and nobody's throughput.
    const rps = all * (1 - failRatio);
    if (avg === null || avg <= 0) continue;
    if (best === null || rps / avg > best.rps / best.avg) best = { level, rps: round(rps, 2), avg: round(avg, 2) };
  }
  return best;
}

/** Users that were inside a request on average (Little's law): requests a second times what each took. */
export function insideOf({ rps, avg }: Pick<CapacityStep, "rps" | "avg">): number {
  return (rps * (avg ?? 0)) / 1000;
}

/** A point of the curve of throughput and latency. */
export interface CurvePoint {
  readonly level: number;
  readonly held: boolean;
  readonly rps: number;
  readonly avg: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly failRatio: number;
  readonly workerCpu: number | null;
}

/** The measured levels in their order, each on average over its steps; those that prove nothing, or were left, are not in it. */
export function curveOf(steps: readonly CapacityStep[]): CurvePoint[] {
  const proven = steps.filter(({ outcome }) => outcome === "held" || outcome === "broke");
  const levels = [...new Set(proven.map(({ level }) => level))].sort((a, b) => a - b);
  return levels.map((level) => {
    const of = proven.filter((step) => step.level === level);
    const average = (value: (step: CapacityStep) => number | null) => {
      const known = of.map(value).filter((one) => one !== null);
      return known.length === 0 ? null : mean(known);
    };
    return {
      level,
      held: of.every(({ outcome }) => outcome === "held"),
      rps: average(({ rps }) => rps) ?? 0,
      failRatio: average(({ failRatio }) => failRatio) ?? 0,
      ...{ avg: average(({ avg }) => avg), p50: average(({ p50 }) => p50) },
      ...{ p95: average(({ p95 }) => p95), p99: average(({ p99 }) => p99) },
      workerCpu: average(({ workerCpu }) => workerCpu),
    };
  });
}

/** Workers may use this part of their CPU: one that has to have it all is late. */
const headroom = 0.7;

/**
 * The workers that a level would take, by the CPU that a user or an arrival took at the highest level at which they
 * were not yet busy; without one twice as many as there are. More than there are in any case.
 */
export function workersNeeded(steps: readonly CapacityStep[], level: number, present: number): number {
  const cool = steps.filter(({ workerCpu, outcome }) => outcome !== "void" && (workerCpu ?? 1) < headroom);
  const reference = cool.sort((a, b) => b.level - a.level)[0];
  if (reference?.workerCpu === undefined || reference.workerCpu === null) return present * 2;
  const each = (reference.workerCpu * reference.workers) / reference.level;
  return Math.max(present + 1, Math.ceil((each * level) / headroom));
}
