/** A name for what a container image is built from: another content, another name. */
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { readDockerignore } from "./dockerignore";

/** A file of a build context. */
export interface ContextFile {
  /** Relative to the context, with "/" between its parts. */
  readonly path: string;
  /** Permissions, which an image keeps, and whether it is a link. */
  readonly mode: string;
  readonly content: Uint8Array;
}

const dockerfile = "Dockerfile";

/**
 * Hashes the folder that an image is built from: paths, permissions and contents of all that Docker would send to the
 * builder, and the Dockerfile. It changes with whatever makes the builder build again, which matters where tags are
 * immutable: a second build under the first one's tag cannot be pushed.
 *
 * @returns 64 hexadecimal digits
 */
export function hashContext(folder: string): string {
  return hashFiles(readContext(folder));
}

/** Hashes files, in whatever order they are given. */
export function hashFiles(files: readonly ContextFile[]): string {
  const hash = createHash("sha256");
  for (const { path, mode, content } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    // Lengths first: no two lists of files look alike to the hash, whatever is in their names and contents.
    for (const part of [Buffer.from(path), Buffer.from(mode), content]) hash.update(`${part.length} `).update(part);
  }
  return hash.digest("hex");
}

/** The files of a build context that are not ignored, and the Dockerfile in any case. */
export function readContext(folder: string): ContextFile[] {
  const ignored = readDockerignore(
    readText(join(folder, `${dockerfile}.dockerignore`)) ?? readText(join(folder, ".dockerignore")) ?? "",
  );
  return pathsBelow(folder, "")
    .filter((path) => path === dockerfile || !ignored(path))
    .map((path) => readFile(folder, path));
}

function pathsBelow(folder: string, below: string): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) return pathsBelow(folder, path);
    return entry.isFile() || entry.isSymbolicLink() ? [path] : [];
  });
}

function readFile(folder: string, path: string): ContextFile {
  const full = join(folder, path);
  const stat = lstatSync(full);
  const mode = (stat.mode & 0o7777).toString(8);
  if (!stat.isSymbolicLink()) return { path, mode, content: readFileSync(full) };
  // Docker sends the link; the provider that decides whether to build looks at what it leads to as well.
  const target = Buffer.from(`${readlinkSync(full)}\0`);
  const leadsToFile = statSync(full, { throwIfNoEntry: false })?.isFile() ?? false;
  return { path, mode: `link ${mode}`, content: leadsToFile ? Buffer.concat([target, readFileSync(full)]) : target };
}

function readText(file: string): string | undefined {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ? readFileSync(file, "utf8") : undefined;
}
