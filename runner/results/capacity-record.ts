/** The part of `run.json` that says what `loadtest capacity` has found: a CapacityReport. */
import { z } from "zod";

const text = z.string();
const count = z.int().min(0);
const amount = z.number().min(0);
const ms = amount.nullable().describe("In ms; null without an answer");
const rps = amount.describe("Requests a second");

const broke = z.object({
  what: z.enum(["errors", "time", "rate", "no answers", "arrivals"]),
  threshold: text.nullable().describe("As it was written; null: it is none"),
  request: text.nullable().describe("Method and name of the request that has most to do with it; null: none by itself"),
  text,
});

const step = z.object({
  level: amount.describe("Users, or arrivals a second"),
  purpose: z.enum(["raise", "narrow", "confirm", "repeat"]),
  outcome: z
    .enum(["held", "broke", "void", "beyond"])
    .describe("void: it proves nothing about the target; beyond: left, as it took more than --max-users or --max-rps"),
  why: text.nullable().describe("Why it is void, or beyond"),
  broke: broke.nullable(),
  t: amount.describe("Seconds since the start of the run at which its load was asked for"),
  seconds: amount.describe("Measured"),
  rps,
  failRatio: amount,
  ...{ avg: ms, p50: ms, p95: ms, p99: ms },
  users: amount.describe("At its end"),
  workers: count,
  workerCpu: amount.nullable().describe("Of the busiest worker on average, as a share of what it may use"),
  workerDelay: amount
    .optional()
    .describe("Ms for which an answer waited on average until a worker looked at it, where something blocked that"),
  arrivals: z
    .object({
      due: count,
      started: amount.describe("Iterations a second"),
      dropped: count,
      late: count,
      underWay: count,
    })
    .optional()
    .describe("Of a search by arrivals"),
});

/** What a search for the capacity was asked, and what it has found. */
export const capacityRecord = z
  .object({
    asked: z.object({
      by: z.enum(["users", "arrivals"]),
      from: amount.describe("The first level"),
      maxUsers: count.nullable(),
      maxRps: amount.nullable(),
      maxWorkers: count.nullable(),
      maxArrivalRate: amount.nullable().describe("Iterations started a second"),
      maxSeconds: amount.nullable().describe("Of the whole search"),
      atLeast: amount.nullable().describe("Requests a second"),
      stepSeconds: amount,
      precision: amount.describe("How far what breaks may be above the answer, as a share of it"),
      holds: count.describe("How often the answer is held"),
    }),
    steps: z.array(step),
    level: amount.nullable().describe("The highest that holds; null: none did"),
    broke: amount.nullable().describe("The lowest level that breaks; null: none did"),
    rps: amount.nullable().describe("Requests a second at the level, over its holds on average"),
    interval: z
      .object({ low: amount, high: amount.nullable().describe("null: not known, as the target was not the limit") })
      .nullable()
      .describe("95 % interval of the requests a second, up to what the lowest level that breaks would give"),
    limit: z
      .enum(["target", "flat", "cap", "workers", "load", "time", "steps", "dead", "script"])
      .nullable()
      .describe("Why the search ended; flat: more load gave no more throughput; null: it did not come to its end"),
    first: broke.nullable().describe("What broke at the lowest level that breaks"),
    knee: z
      .object({ level: amount, rps, avg: amount })
      .nullable()
      .describe("Where throughput divided by the mean response time is highest"),
    workers: z.object({ count, needed: count.nullable().describe("What it would take to go on") }),
  })
  .describe("What loadtest capacity has found; each step is judged by itself, and thresholds hold at the level");
