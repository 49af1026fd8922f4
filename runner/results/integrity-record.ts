/** The part of `run.json` that says whether the load was what was asked: an IntegrityReport. */
import { z } from "zod";
import { arrivalSpacings } from "../../settings/values/arrivals";

const text = z.string();
const count = z.int().min(0);
const seconds = z.number().min(0);
const share = z.number().min(0);
const time = z.iso.datetime().describe("UTC, ISO 8601");

const lostWorker = z.object({
  name: text,
  t: seconds.describe("Seconds since the start of the run"),
  underWay: count.optional().describe("Requests of its users without an answer, which are in no total"),
  cause: text.optional().describe("What ended it; missing where nobody knows"),
});

const cpuUse = z.object({ mean: share, max: share }).describe("Shares of what the process may use");

const nat = z
  .object({
    from: time,
    to: time,
    missingMinutes: count.describe("Minutes of which a gateway has no values"),
    gateways: z.array(
      z.object({
        id: text,
        portErrors: z.number().min(0).describe("Connections for which it had no port: ErrorPortAllocation"),
        droppedPackets: z.number().min(0).describe("PacketsDropCount"),
        mostConnections: z.number().min(0).nullable().describe("At a time: ActiveConnectionCount; null: no value"),
      }),
    ),
  })
  .describe("What CloudWatch has of the stack's NAT gateways; missing where nothing was asked for, or had");

const lag = z.number().min(0).nullable();

const arrivals = z
  .object({
    rate: text,
    spacing: z.enum(arrivalSpacings),
    changes: z
      .array(z.object({ t: seconds.describe("Since the start of the run"), from: text, to: text }))
      .optional()
      .describe("Other rates that were asked for in the run"),
    due: count.describe("Iterations that were to start; where last reports are missing, as far as workers have told"),
    started: count,
    dropped: count.describe("No user was free for them within a second"),
    late: count.describe("Started more than 10 ms after they were due"),
    lag: z
      .object({ p50: lag, p99: lag, max: lag })
      .describe("By how many ms iterations started late; null: none started"),
  })
  .describe("Iterations that started against those that were asked for; missing without an arrival rate");

/** What is known of a run's load. */
export const integrityReport = z.object({
  ok: z.boolean(),
  problems: z.array(text),
  warnings: z.array(text),
  users: z.object({
    asked: z.number().min(0),
    max: z.number().min(0),
    min: z.number().min(0).nullable().describe("After the ramp; null: the run ended before"),
    mean: z.number().min(0).nullable().describe("After the ramp, by time; null: the run ended before"),
    reachedAfterSeconds: seconds.nullable().describe("null: never"),
    offSeconds: seconds.describe("Out of tolerance, after the ramp"),
    afterRampSeconds: seconds,
    missing: z.array(text).optional().describe("Why users were not there, as far as the script's code is why"),
    idle: z.array(text).optional().describe("User classes without tasks"),
  }),
  workers: z.object({
    asked: count,
    lost: z.array(lostWorker),
    left: z.array(lostWorker).optional().describe("Those that said goodbye before the run was over"),
  }),
  workerCpu: z.record(text, cpuUse).describe("By the worker's name"),
  masterCpu: cpuUse,
  arrivals: arrivals.optional(),
  nat: nat.optional(),
});
