/** What a command leaves beside a deployed test about the run that it makes, for the commands that come later. */
import { z } from "zod";
import type { LocustStatus } from "../../../types";

const text = z.string();
const count = z.int().min(0);

const schema = z
  .object({
    schemaVersion: z.literal(1),
    /** `run`: the command stays, and renews the Lease. `start`: it has gone, and the run is the master's. */
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

/** The note of a run, as JSON in an annotation of the Lease. It stays until all results of the run are kept. */
export type RunNote = z.infer<typeof schema>;

/** Kubernetes takes 256 KiB in all annotations of an object together. */
const mostBytes = 200_000;

/** The note as JSON; without the settings where they are too long to be kept. */
export function writeNote(note: RunNote): string {
  const whole = JSON.stringify(note);
  return Buffer.byteLength(whole) <= mostBytes ? whole : JSON.stringify({ ...note, settings: undefined });
}

/** A note that was read, or why it could not be. */
export type NoteRead =
  | { readonly note: RunNote; readonly problem: undefined }
  | { readonly note: undefined; readonly problem: string };

/** Reads a note that anybody may have written. */
export function readNote(json: string | undefined): NoteRead {
  const failure = (problem: string): NoteRead => ({ note: undefined, problem: `the note of the run ${problem}` });
  if (json === undefined) return failure("is missing");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return failure("is damaged: it is no JSON");
  }
  const version = z.object({ schemaVersion: z.number() }).safeParse(value).data?.schemaVersion ?? 1;
  if (version > 1) return failure(`was written by a newer loadtest (version ${version} of the note)`);
  const read = schema.safeParse(value);
  if (read.success) return { note: read.data, problem: undefined };
  const [issue] = read.error.issues;
  return failure(`is damaged${issue === undefined ? "" : `: ${issue.path.join(".") || "it"}: ${issue.message}`}`);
}

/** One sentence on a run: who, what, since when, until when. */
export function describeRun(note: RunNote, now: Date): string {
  const { mode, by, host, script, users, runTime } = note;
  const started = new Date(note.startedAt);
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

/** Whether the run that a note tells of has not begun, by what the master says when no run is going on. */
export function hasNotBegun(
  note: RunNote,
  { run, kept, master }: Pick<LocustStatus, "run" | "kept" | "master">,
): boolean {
  // What was not kept then was kept before the note was written.
  if (note.masterId === undefined || note.run === undefined) return run === 0 || kept;
  return note.masterId === master.id && run < note.run;
}

/**
 * Whether the run that a note tells of is over, by what the master says now. The end of the last reports is not
 * waited for.
 */
export function isOver(note: RunNote, status: Pick<LocustStatus, "state" | "run" | "master">): boolean {
  const idle = ["ready", "stopped", "missing"].includes(status.state);
  // Its command was killed before it could say which run it is: whatever goes on then is taken for it.
  if (note.masterId === undefined || note.run === undefined) return idle;
  // The master's memory went with its process.
  if (status.master.id !== note.masterId) return true;
  return status.run !== note.run || idle;
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
