import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { exitCodes } from "../types";
import type { Writer } from "./run-record";

/**
 * What a record says of a run that is not over. It stands from the first moment on, so that a folder whose command
 * was killed never looks like one of a run that passed, nor like one without a verdict.
 */
export const unfinished = {
  verdict: "error" as const,
  exitCode: exitCodes.error,
  reasons: [
    "The run was not over when this was written: it still goes on, or its command was killed; " +
      "loadtest report completes the folder then.",
  ],
};

/** This process, as the writer of a running record. */
export function currentWriter(): Writer {
  return { pid: process.pid, host: hostname(), start: processFields(process.pid)?.[19] ?? null };
}

/**
 * Does the writer of a running record still live on this host? A process id is used again in time, so the
 * start has to match where both are known. A writer on another host cannot be asked, and counts as gone.
 */
export function writerLives({ pid, host, start }: Writer): boolean {
  if (host !== hostname() || !exists(pid)) return false;
  const fields = processFields(pid);
  // A zombie has ended; nobody has asked for its exit code yet.
  if (fields?.[0] === "Z") return false;
  const now = fields?.[19] ?? null;
  return start === null || now === null || start === now;
}

function exists(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Anything else than "no such process", such as another user's, does exist.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** The fields of /proc/PID/stat from the state on; the 20th is the start in clock ticks. Undefined without /proc. */
function processFields(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The field before the state is the program's name in parentheses, and may hold anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
