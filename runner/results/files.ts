import { randomBytes } from "node:crypto";
import { open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { writeError } from "./errors";

/** Name of the reserve in a results folder. */
export const reserveName = ".reserve";
/** Bytes that the reserve keeps for the final run.json and junit.xml. */
const reserveBytes = 256 * 1024;

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
