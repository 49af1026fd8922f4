/** The files of the scripts' folder that reach every place: the pods' ConfigMap, the image, this machine. */
import { readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * Lists the files of a folder and of the folders in it, sorted, with "/" between the parts of their paths. Left out are
 * Python's caches, and what has a name that starts with a dot: that is the editor's or the operating system's, or a
 * secret (`.env`). `locust/.dockerignore` leaves out the same.
 */
export function listFiles(folder: string): string[] {
  return filesBelow(folder, "", [realpathSync(folder)]).sort();
}

/** @param above the folders that this one is in, as links may lead back to one of them */
function filesBelow(root: string, below: string, above: readonly string[]): string[] {
  return readdirSync(join(root, below)).flatMap((name) => {
    if (name.startsWith(".") || name === "__pycache__") return [];
    const path = below === "" ? name : `${below}/${name}`;
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (stat?.isFile()) return [path];
    if (!stat?.isDirectory()) return [];
    const real = realpathSync(join(root, path));
    return above.includes(real) ? [] : filesBelow(root, path, [...above, real]);
  });
}

/** Between the parts of a path in a ConfigMap's key, which cannot have "/": no part of a path may have it. */
const separator = "..";

/** The key of a file in the scripts' ConfigMap; undefined for a path that none can stand for. */
export function configMapKey(path: string): string | undefined {
  const key = path.replaceAll("/", separator);
  const isName = /^[-_A-Za-z0-9]+(\.[-_A-Za-z0-9]+)*$/;
  return path.split("/").every((part) => isName.test(part)) && key.length <= 253 ? key : undefined;
}

/** The file that a key stands for. */
export function configMapPath(key: string): string {
  return key.replaceAll(separator, "/");
}
