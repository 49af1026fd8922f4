import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { codeOf, messageOf, RunnerError } from "../errors";

/** Results that cannot be written or read: one plain line. */
export class ResultsError extends RunnerError {
  constructor(
    message: string,
    /** The system's code (`ENOSPC`, `EACCES`), or ours: `EFORMAT` (not what it should be), `EINUSE`, `ECLOSED`. */
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(message, undefined, options);
    this.name = "ResultsError";
  }
}

const causes: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOTDIR: "part of its path is a file, not a folder",
  EEXIST: "there is a file of that name",
  EISDIR: "there is a folder of that name",
  ENOENT: "its folder does not exist",
  EIO: "the disk reports an error",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  EFBIG: "the file is too large",
  ENAMETOOLONG: "the name is too long",
};

/** Whatever a write threw, as a ResultsError: `results/x cannot be written: the disk is full`. */
export function writeError(path: string, error: unknown): ResultsError {
  return toResultsError(`${path} cannot be written`, error);
}

/** Whatever a read threw, as a ResultsError: `results/x cannot be read: permission denied`. */
export function readError(path: string, error: unknown): ResultsError {
  return toResultsError(`${path} cannot be read`, error);
}

/** No room is left, as opposed to a path that cannot be written at all. */
export function isDiskFull(error: unknown): boolean {
  const code = codeOf(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

function toResultsError(what: string, error: unknown): ResultsError {
  if (error instanceof ResultsError) return error;
  const code = codeOf(error) ?? "UNKNOWN";
  return new ResultsError(`${what}: ${causes[code] ?? messageOf(error)}`, code, { cause: error });
}

/** Name of the reserve in a results folder. */
export const reserveName = ".reserve";
/** Bytes that the reserve keeps for the final run.json and junit.xml. */
const reserveBytes = 256 * 1024;

/** Reads a text file whole. Throws a ResultsError. */
export function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw readError(path, error);
  }
}

let temporary = 0;

/**
 * Writes a whole file or nothing: to a hidden file beside it, onto the disk, then renamed. Readers see the old
 * content or the new one. Throws a ResultsError, and then the old file is still there.
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  temporary += 1;
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}-${temporary}.tmp`);
  try {
    const file = await open(beside, "wx");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw writeError(path, error);
  }
}

/** Takes disk space that `releaseReserve` gives back. The bytes are random: a file system may store zeros as nothing. */
export async function createReserve(folder: string): Promise<void> {
  const file = await open(join(folder, reserveName), "wx");
  try {
    await file.writeFile(randomBytes(reserveBytes));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Gives the reserve's space back; nothing happens where there is none. */
export async function releaseReserve(folder: string): Promise<void> {
  await rm(join(folder, reserveName), { force: true });
}

/** Deletes what a killed command has left in a folder: its reserve and half-written files. */
export async function removeLeftovers(folder: string): Promise<void> {
  await releaseReserve(folder);
  for (const name of await readdir(folder)) {
    if (name.startsWith(".") && name.endsWith(".tmp")) {
      await rm(join(folder, name), { force: true });
    }
  }
}

/** The files of a results folder and its `logs/`, sorted; hidden ones are not part of the results. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, "/").length))
    .sort();
}
