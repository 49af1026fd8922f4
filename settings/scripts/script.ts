import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Rule } from "../rules";
import type { Settings } from "../schema";

/**
 * The rule that the script is there; its problem names the scripts that are.
 *
 * @param projectDirectory what a relative `scriptsFolder` is relative to
 */
export function scriptExists(projectDirectory: string): Rule {
  return ({ valid: { scriptsFolder, script } }) => {
    if (scriptsFolder === undefined) return [];
    const folder = resolve(projectDirectory, scriptsFolder);
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      return [{ key: "scriptsFolder", value: scriptsFolder, allowed: "a folder that exists" }];
    }
    if (script === undefined || isFile(join(folder, script))) return [];
    const scripts = listScripts({ scriptsFolder }, projectDirectory);
    const there = scripts.length === 0 ? "which has no scripts yet" : `one of ${scripts.join(", ")}`;
    return [{ key: "script", value: script, allowed: `a file in ${scriptsFolder}, ${there}` }];
  };
}

/** File names of the scripts in the folder, sorted; the folder must exist. */
export function listScripts({ scriptsFolder }: Pick<Settings, "scriptsFolder">, projectDirectory: string): string[] {
  const folder = resolve(projectDirectory, scriptsFolder);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".py") && isFile(join(folder, name)))
    .sort();
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
