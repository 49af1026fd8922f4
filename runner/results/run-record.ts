import { z } from "zod";
import { arrivalSpacings } from "../../settings/values/arrivals";
import { thresholdMetrics, thresholdOperators } from "../../settings/values/threshold";
import { exitCodes } from "../types";
import { comparedMetrics } from "../verdict/compare/comparison";
import { capacityRecord } from "./capacity-record";
import { integrityReport } from "./integrity-record";

const text = z.string();
const count = z.int().min(0);
const seconds = z.number().min(0);
const share = z.number().min(0);
const time = z.iso.datetime().describe("UTC, ISO 8601");

const thresholdResult = z.object({
  threshold: text.describe("As it was written"),
  request: text.nullable().describe("Method and name; null: all requests"),
  metric: z.enum(thresholdMetrics),
  operator: z.enum(thresholdOperators),
  limit: z.number().describe("Times in ms, fail_ratio from 0 to 1, rps per second"),
  actual: z.number().nullable().describe("null: no data, which never passes"),
  passed: z.boolean(),
  note: text.optional(),
  default: z.literal(true).optional().describe("It holds where no thresholds are given"),
});

const exceptions = z
  .object({
    count,
    kinds: z
      .array(
        z.object({
          type: text,
          message: text.describe("(other messages): all beyond the first ten of this type at this line"),
          file: text.nullable().describe("The script, or a module beside it; null: no line of the user's took part"),
          line: count.nullable(),
          count,
        }),
      )
      .describe("The most frequent ones"),
  })
  .describe("What the script raised in tasks, on_start, listeners and greenlets; missing in older records");

const failureKinds = z
  .array(z.object({ method: text, name: text, error: text, count }))
  .describe("The most frequent failures of requests; missing in older records");

const change = z.object({
  metric: z.enum(comparedMetrics),
  before: z.number().nullable().describe("Over the whole run; times in ms; null without a request"),
  after: z.number().nullable(),
  change: z.number().nullable().describe("Relative; null: one side is missing, or before is 0 and after is not"),
  noise: z.number().min(0).nullable().describe("Half the 95 % interval of the relative change; null: unknown"),
  kind: z.enum(["same", "noise", "small", "better", "worse", "unclear", "asked"]),
});

const comparison = z
  .object({
    before: text,
    after: text,
    maxRegression: share.describe("The relative change for the worse that is allowed"),
    metrics: z.array(change),
    regressions: z.array(text).describe("A sentence for each metric that is worse"),
    unclear: z
      .array(text)
      .describe("A sentence for each run that proves nothing, and for each metric that may be worse or noise"),
    warnings: z.array(text).describe("Why the two runs can hardly be compared"),
  })
  .describe("With an earlier run: what `run --baseline` adds");

/** What is known of a run at any time. */
const common = {
  schemaVersion: z.literal(1),
  warnings: z.array(text),
  place: z.enum(["local", "kubernetes"]),
  stack: text.nullable().describe("Pulumi stack whose settings were used"),
  script: text,
  master: z
    .object({
      id: text.describe("Of the process of Locust's master"),
      run: count.describe("The master's number of it"),
    })
    .nullable()
    .optional()
    .describe("Which run of which master it is; null: it did not start; missing in older records"),
  target: text.nullable().describe("The host that was loaded; null where each user class has its own"),
  startedAt: time,
  durationSeconds: seconds.describe("Of load, up to its stop"),
  rampSeconds: seconds.nullable().describe("Until all users ran; null: never"),
  asked: z
    .object({
      users: z.number().min(0),
      spawnRate: z.number().min(0).describe("Users a second"),
      workers: count,
      shape: text.nullable().describe("The load shape that decides users and time instead"),
      arrivals: z
        .object({
          rate: text.describe("Iterations started a second, or stages of that"),
          spacing: z.enum(arrivalSpacings),
        })
        .optional()
        .describe("With users as the most under way; missing where users wait as the script says"),
    })
    .describe("The load that was asked for"),
  settings: z.record(text, z.unknown()).describe("Without secrets"),
  workerCpuLimit: z
    .number()
    .positive()
    .optional()
    .describe("Cores that a worker may use, of which its CPU is a share; missing in older records"),
  versions: z.object({
    loadtest: text,
    locust: text.nullable(),
    python: text.nullable(),
    node: text,
    client: z
      .enum(["patched", "original"])
      .optional()
      .describe("FastHttpUser's client: as the plugin makes it cheaper, or as it comes; missing in older records"),
    geventhttpclient: text.optional().describe("What that client is; missing in older records"),
    gevent: text.optional().describe("Missing in older records"),
    httpUser: z
      .enum(["fast", "requests"])
      .optional()
      .describe(
        "HttpUser's client: the plugin's way for plain requests, or requests for all; missing without HttpUsers and in older records",
      ),
    httpUserCause: text.optional().describe("Why it is requests, where nobody asked for that"),
    requests: text.optional().describe("Missing in older records"),
    urllib3: text.optional().describe("Missing in older records"),
  }),
  totals: z
    .object({
      requests: count,
      failures: count,
      failRatio: z.number().min(0),
      rps: z.number().min(0),
      failuresPerSecond: z.number().min(0),
      avg: z.number(),
      min: z.number(),
      max: z.number(),
    })
    .describe("Over all requests; times in ms"),
  unanswered: z
    .object({
      cutOff: count.describe("When the grace after the end was over; they are among the failures"),
      left: count.describe("Under way when the run was last heard of, and in no total"),
      oldestWaitSeconds: seconds.describe("Of those that are left"),
    })
    .optional()
    .describe("Requests of HttpUser and FastHttpUser without an answer; missing in older records"),
  httpFallbacks: z
    .array(z.object({ reason: text, count }))
    .optional()
    .describe("Requests of HttpUser that requests made where it is fast as such; missing without any"),
  percentiles: z.record(text, z.number().nullable()).describe("Over all requests, in ms, by name (p95)"),
  corrected: z
    .object({
      ...{ avg: z.number(), min: z.number(), max: z.number() },
      percentiles: z.record(text, z.number().nullable()),
    })
    .optional()
    .describe("Response times from when each iteration was due, in ms; missing without an arrival rate"),
  failures: failureKinds.optional(),
  exceptions: exceptions.optional(),
  thresholds: z.array(thresholdResult),
  capacity: capacityRecord.optional(),
  integrity: integrityReport.nullable(),
  files: z.array(text).describe("Files of the folder, relative to it"),
};

/** The process that writes a running record, to tell a killed command from a living one. */
const writer = z.object({
  pid: count,
  host: text,
  start: text.nullable().describe("When the process started, in the system's own words; null: unknown"),
});

const runningRecord = z.object({
  ...common,
  status: z.literal("running"),
  verdict: z.literal("error"),
  exitCode: z.literal(exitCodes.error),
  reasons: z.array(text).describe("Says that the run was not over when this was written"),
  endedBy: z.null(),
  endedAt: z.null(),
  writer,
});

const finishedRecord = z.object({
  ...common,
  status: z.literal("finished"),
  verdict: z.enum(["passed", "failed", "invalid", "aborted", "error"]),
  exitCode: z.int().min(0).max(255),
  reasons: z.array(text).describe("Why, the most important first; empty for a run that passed"),
  endedBy: z.enum([
    "run-time",
    "shape",
    "capacity",
    "page",
    "threshold",
    "interrupt",
    "stopped-elsewhere",
    "script",
    "data",
    "workers-lost",
    "master-silent",
    "master-lost",
    "results-unwritable",
    "command-killed",
    "not-started",
  ]),
  endedAt: time,
  complete: z
    .boolean()
    .optional()
    .describe("Whether the last reports of all workers are in the numbers; missing in older records"),
  scriptExitCode: z.int().nullable().optional().describe("process_exit_code, where the script has set it"),
  comparison: comparison.optional(),
});

/** The schema of `run.json`; `schema/run.schema.json` is made from it by `print-schema.ts`. */
export const runRecordSchema = z.discriminatedUnion("status", [runningRecord, finishedRecord]);

/**
 * `run.json` while the run goes on. `thresholds` names all of them from the start (without data, nothing has
 * passed): they are judged anew from there when the command is killed.
 */
export type RunningRecord = DeepReadonly<z.infer<typeof runningRecord>>;

/** `run.json` of a run that is over. */
export type FinishedRecord = DeepReadonly<z.infer<typeof finishedRecord>>;

/** `run.json`: the record of one run, without secrets. */
export type RunRecord = RunningRecord | FinishedRecord;

/** Who writes a running record. */
export type Writer = DeepReadonly<z.infer<typeof writer>>;

type DeepReadonly<T> = T extends readonly (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;
