/** The command line's reader: settings from a project's and a stack's files, without Pulumi. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { StackFileError } from "../errors";
import { isSettingsKey, keyOf, parseKey, parseLayers } from "../parse";
import { correctedNeedsArrivals, oneValuePerVariable, type Rule, stackRules } from "../rules";
import type { Settings, SettingsKey } from "../schema";
import { isObject } from "../values/object";
import {
  findProject,
  listStacks,
  type ProjectPlace,
  readProject,
  readStackFile,
  shownPath,
  stackFile,
} from "./project-files";
import { withoutSecrets } from "./secrets";

export { findProject, listStacks, type ProjectPlace, readAwsConfig } from "./project-files";

/** The settings of one stack. */
export interface StackSettings {
  /** Without the variables that are encrypted. */
  readonly settings: Settings;
  /** Absolute path; `scriptsFolder` is relative to it. */
  readonly projectDirectory: string;
  /** Null where none was asked for, and another program's project has no stack `dev`. */
  readonly stack: string | null;
  /** The stack's file, relative to the project's folder: `Pulumi.dev.yaml`. */
  readonly source: string;
  /** Names of the encrypted variables of `secretEnvironment`, as far as they can be read, sorted. */
  readonly secretNames: readonly string[];
  /** Plain sentences for people, each one line. */
  readonly warnings: readonly string[];
}

/**
 * The command line's values over those of a stack. Arguments of the script are given one by one, so they go beside the
 * stack's; but those are its script's, and another script has none of them.
 *
 * @param below the values that these go over
 */
export function overStack(
  below: Readonly<Record<string, unknown>>,
  overrides: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const { script = below.script, scriptArguments: own } = overrides;
  if (script !== below.script) return { ...overrides, scriptArguments: own ?? {} };
  if (!isObject(own)) return overrides;
  const { value } = parseKey("scriptArguments", below.scriptArguments);
  // What is wrong there is told as it stands there.
  return { ...overrides, scriptArguments: isObject(value) ? { ...value, ...own } : undefined };
}

/** The stack where none is named. */
export const usualStack = "dev";

/** Settings that the `Pulumi.yaml` of this program declares, and hardly that of another one. */
const ownKeys: readonly SettingsKey[] = ["platform", "layout"];

/** What of another program's config a run on this machine can use. */
const usableKeys: readonly SettingsKey[] = [
  ...(["scriptsFolder", "script", "scriptArguments", "targetHost", "environment", "secretEnvironment"] as const),
  ...(["users", "spawnRate", "runTime", "arrivalRate", "arrivalSpacing", "thresholds", "workerReplicas"] as const),
  "httpClient",
];

/** What problems with the `overrides` of `readStack` name as their origin. */
export const commandLine = "the command line";

/**
 * Reads a stack's settings as `pulumi up` would: the defaults of `Pulumi.yaml`, over them the values of the stack's
 * file, over them those of the command line. A value takes the place of another as a whole.
 *
 * A project whose `Pulumi.yaml` does not declare `platform` and `layout` belongs to another program: it needs no stack
 * `dev`, and of its config only what a run on this machine can use is taken.
 *
 * @param options.directory the project's folder, or one in it
 * @param options.stack the stack's name, also with its organisation in front; defaults to `dev`
 * @param options.overrides values by key; undefined ones are not given
 * @param options.rules beside those of every stack
 * @throws StackFileError where there is no project or no such stack, or a file is not YAML
 * @throws SettingsError with everything that is wrong in the files and on the command line
 */
export function readStack(options: {
  readonly directory: string;
  readonly stack?: string | undefined;
  readonly overrides?: Readonly<Record<string, unknown>> | undefined;
  readonly rules?: readonly Rule[];
}): StackSettings {
  const { directory, rules = [] } = options;
  const place = findProject(directory);
  if (place === undefined) {
    throw new StackFileError(`There is no Pulumi.yaml in ${directory} or above it.`);
  }
  const project = readProject(place);
  const isAnothers = !isOwnProgram(place);
  const stack = options.stack ?? usualStack;
  const file = stackFile(place, project.stackDirectory, stack);
  const source = shownPath(file, place.directory);
  const isThere = existsSync(file);
  if (!isThere && !(isAnothers && options.stack === undefined)) throw noSuchStack(place, stack, source);
  const config = isThere ? readStackFile(file, place, project.name) : {};
  const { values, secretNames, problems, warnings } = withoutSecrets(isAnothers ? settingsOf(config) : config, source);
  const defaults = isAnothers ? settingsOf(project.defaults) : project.defaults;
  const overrides = overStack({ ...defaults, ...values }, options.overrides ?? {});

  const settings = parseLayers(
    [
      { source: basename(place.file), values: defaults },
      { source, values },
      { source: commandLine, values: overrides },
    ],
    source,
    // A key that does not exist is reported as such, and what the command line replaces is not used.
    problems.filter((problem) => isSettingsKey(keyOf(problem)) && overrides[keyOf(problem)] === undefined),
    // What another program makes of its config is not known.
    [...(isAnothers ? [oneValuePerVariable, correctedNeedsArrivals] : stackRules), ...rules],
  );
  const found = { projectDirectory: place.directory, stack: isThere ? stack : null, source };
  if (overrides.secretEnvironment !== undefined) return { ...found, settings, secretNames: [], warnings: [] };
  const readable = Object.entries(settings.secretEnvironment).filter(([name]) => !secretNames.includes(name));
  return {
    ...found,
    settings: { ...settings, secretEnvironment: Object.fromEntries(readable) },
    secretNames,
    warnings,
  };
}

/** Whether a project has this program, and not one that imports its components. */
export function isOwnProgram(project: ProjectPlace): boolean {
  const declared = Object.keys(readProject(project).defaults);
  return ownKeys.every((key) => declared.includes(key));
}

function noSuchStack(place: ProjectPlace, stack: string, file: string): StackFileError {
  const stacks = listStacks(place);
  const there = stacks.length === 0 ? "no stack has a file yet" : `there is ${stacks.join(", ")}`;
  return new StackFileError(`Stack ${stack} has no file ${file}; ${there}.`);
}

/** Settings in another program's config; a key of the same name may mean something else there. */
function settingsOf(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isUsable = (key: SettingsKey) =>
    key === "secretEnvironment" || parseKey(key, config[key]).problems.length === 0;
  return Object.fromEntries(usableKeys.filter(isUsable).map((key) => [key, config[key]]));
}
