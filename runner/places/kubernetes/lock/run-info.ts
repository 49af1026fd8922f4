/** What a command writes on the Lease about its run, for the commands that come later. */
import { z } from "zod";
import { arrivalSpacings } from "../../../../settings/values/arrivals";

const text = z.string();
const count = z.int().min(0);

const schema = z
  .object({
    schemaVersion: z.literal(1),
    /** `run`: the command stays. `start`: it has gone, and the run is the master's. */
    mode: z.enum(["run", "start"]),
    /** Who: a user's name, on a host, in a process. */
    by: text,
    host: text,
    pid: count,
    /** When the load began; before that, when the command did. UTC, ISO 8601. */
    startedAt: z.iso.datetime(),
    /** File name of the script. */
    script: text,
    users: z.number().min(0),
    /** Users a second. */
    spawnRate: z.number().min(0),
    /** Seconds; null where nothing ends the run by itself. */
    runTime: z.number().min(0).nullable(),
    /** How many iterations start when; missing where users wait as the script says. */
    arrivals: z
      .object({ rate: text, spacing: z.enum(arrivalSpacings) })
      .readonly()
      .optional(),
    /** Null where the script decides. */
    target: text.nullable(),
    /** As they were written. */
    thresholds: z.array(text).readonly(),
    workers: count,
    /** The master's id of its process, and its number of the run; missing until the run has begun. */
    masterId: text.optional(),
    run: count.optional(),
    /** Folder of the results on that host, absolute. */
    results: text.optional(),
    /** What the run is to be no worse than: folder of a run on that host, absolute, and the share that is allowed. */
    baseline: z.object({ run: text, maxRegression: text }).readonly().optional(),
    /** The Pulumi stack. */
    stack: text.nullable(),
    /** Without secrets. */
    settings: z.record(text, z.unknown()).readonly().optional(),
    /** The command has broken the run off, and left before its last numbers were in. */
    aborted: z.boolean().optional(),
    /** What a command that comes after a killed one restores; missing where the test is as it was. */
    before: z.object({ workerReplicas: count, script: text }).readonly().optional(),
  })
  .readonly();

/** The info on a run, as JSON in an annotation of the Lease. It stays until all results of the run are saved. */
export type RunInfo = z.infer<typeof schema>;

/** The info as JSON; without the settings where they are too long. */
export function writeInfo(info: RunInfo): string {
  const whole = JSON.stringify(info);
  // Kubernetes takes 256 KiB in all annotations of an object together.
  return Buffer.byteLength(whole) <= 200_000 ? whole : JSON.stringify({ ...info, settings: undefined });
}

/** Reads info that anybody may have written, or says what is wrong with it. */
export function readInfo(json: string | undefined): { info: RunInfo | undefined; problem: string | undefined } {
  const failure = (problem: string) => ({ info: undefined, problem: `the info on the run ${problem}` });
  if (json === undefined) return failure("is missing");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return failure("is damaged: it is no JSON");
  }
  const version = z.object({ schemaVersion: z.number() }).safeParse(value).data?.schemaVersion ?? 1;
  if (version > 1) return failure(`was written by a newer loadtest (version ${version})`);
  const { data: info, error } = schema.safeParse(value);
  if (info !== undefined) return { info, problem: undefined };
  const [issue] = error.issues;
  return failure(`is damaged: ${issue?.path.join(".") || "it"}: ${issue?.message}`);
}
