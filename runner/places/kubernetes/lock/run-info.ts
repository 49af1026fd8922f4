/** What a command writes on the Lease about its run, for the commands that come later. */
import { z } from "zod";

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

/** Kubernetes takes 256 KiB in all annotations of an object together. */
const mostBytes = 200_000;

/** The info as JSON; without the settings where they are too long. */
export function writeInfo(info: RunInfo): string {
  const whole = JSON.stringify(info);
  return Buffer.byteLength(whole) <= mostBytes ? whole : JSON.stringify({ ...info, settings: undefined });
}

export interface InfoRead {
  readonly info: RunInfo | undefined;
  /** Why there is none. */
  readonly problem: string | undefined;
}

/** Reads info that anybody may have written. */
export function readInfo(json: string | undefined): InfoRead {
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

/** One sentence on a run: who, what, since when, until when. */
export function describeRun(info: RunInfo, now: Date): string {
  const { mode, by, host, script, users, runTime } = info;
  const started = new Date(info.startedAt);
  const what = `${script} with ${users} ${users === 1 ? "user" : "users"}`;
  const [at, ago] = [clock(started, now), duration((now.getTime() - started.getTime()) / 1000)];
  const begin =
    mode === "run"
      ? `${by}@${host} runs ${what} since ${at} (${ago})`
      : `${by}@${host} started ${what} at ${at} (${ago} ago)`;
  if (runTime === null) return `${begin}; it runs until it is stopped`;
  const end = new Date(started.getTime() + runTime * 1000);
  return `${begin}; it ${end > now ? "ends" : "should have ended"} at ${clock(end, now)}`;
}

/** `10:15:02 UTC`, with the date where it is another day. */
export function clock(time: Date, now: Date): string {
  const [day, second] = time.toISOString().slice(0, 19).split("T");
  return day === now.toISOString().slice(0, 10) ? `${second} UTC` : `${day} ${second} UTC`;
}

/** `42 s`, `2 min`, `3 h 5 min`, `4 d 2 h`; a time to come is `0 s`. */
function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(whole / unit)) as [number, number, number];
  if (minutes === 0) return `${whole} s`;
  if (hours === 0) return `${minutes} min`;
  if (days === 0) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`;
}
