import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { SettingsProblem } from "./errors";
import type { Settings } from "./schema";

/**
 * Looks for the script.
 *
 * @param projectDirectory what a relative `scriptsFolder` is relative to
 * @returns the problem where the folder or the file is missing, with the scripts that are there; else undefined
 */
export function checkScript(
  settings: Pick<Settings, "scriptsFolder" | "script">,
  projectDirectory: string,
): SettingsProblem | undefined {
  const { scriptsFolder, script } = settings;
  const folder = resolve(projectDirectory, scriptsFolder);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    return { key: "scriptsFolder", value: scriptsFolder, allowed: "a folder that exists" };
  }
  if (isFile(join(folder, script))) return undefined;
  const scripts = listScripts(settings, projectDirectory);
  const there = scripts.length === 0 ? "which has no scripts yet" : `one of ${scripts.join(", ")}`;
  return { key: "script", value: script, allowed: `a file in ${scriptsFolder}, ${there}` };
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
