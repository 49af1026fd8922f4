import { join, resolve } from "node:path";
import { packageRoot } from "../../settings/package-root";
import { findProject, readStack } from "../../settings/project/stack-files";
import type { Settings } from "../../settings/schema";
import { scriptExists } from "../../settings/scripts/script";
import { commonHosts } from "../../settings/values/target";
import { UsageError } from "../errors";
import { type LimitOptions, limitRule } from "./limits";

/** Options of the commands that need settings, as the command line gives them. */
export interface SettingsOptions extends LimitOptions {
  readonly stack?: string;
  /** Relative to the folder that the command runs in. */
  readonly scriptsFolder?: string;
  readonly script?: string;
  /** `name=value` each. */
  readonly scriptArg?: readonly string[];
  readonly host?: string;
  readonly users?: string;
  readonly spawnRate?: string;
  readonly runTime?: string;
  readonly arrivalRate?: string;
  readonly arrivalSpacing?: string;
  readonly httpClient?: string;
  readonly workers?: string;
  readonly threshold?: readonly string[];
}

/** Checked settings, and where the things that they name are. */
export interface CommandSettings {
  readonly settings: Settings;
  /** Null in another program's project that has no stack `dev`. */
  readonly stack: string | null;
  readonly warnings: readonly string[];
  readonly projectDirectory: string;
  /** Absolute paths. */
  readonly script: string;
  readonly plugin: string;
  readonly requirements: string;
  readonly constraints: string;
}

/** What a test in a cluster cannot be given. */
export function requireLocal({ scriptsFolder }: Pick<SettingsOptions, "scriptsFolder">): void {
  if (scriptsFolder === undefined) return;
  throw new UsageError("--scripts-folder is for --local: in a cluster, pulumi up brings the files of scriptsFolder");
}

/** Reads the stack's settings and puts the command line's over them. Throws a SettingsError with everything wrong. */
export function readCommandSettings(options: SettingsOptions, directory = process.cwd()): CommandSettings {
  const project = findProject(directory)?.directory ?? packageRoot();
  const overrides = { ...overridesOf(options), ...folderOf(options, directory) };
  const rules = [scriptExists(project), limitRule(options)];
  const stack = readStack({ directory: project, stack: options.stack, overrides, rules });
  const { projectDirectory } = stack;
  const allowedHosts = commonHosts(stack.settings.allowedHosts, options.allowedHosts);
  const settings = { ...stack.settings, ...(allowedHosts && { allowedHosts }) };
  const locust = join(packageRoot(), "locust");
  return {
    settings,
    stack: stack.stack,
    warnings: stack.warnings,
    projectDirectory,
    script: resolve(projectDirectory, settings.scriptsFolder, settings.script),
    plugin: join(locust, "plugin", "loadtest"),
    requirements: join(locust, "requirements.txt"),
    constraints: join(locust, "constraints.txt"),
  };
}

/** The settings of a folder of scripts on this machine, which is in no image; none where none is named. */
export function folderOf({ scriptsFolder }: SettingsOptions, directory: string): Record<string, unknown> {
  if (scriptsFolder === undefined) return {};
  return { scriptsFolder: resolve(directory, scriptsFolder), scriptDelivery: "configmap" };
}

/** The settings that the command line gives, by their keys. */
export function overridesOf(options: Omit<SettingsOptions, "stack">): Record<string, unknown> {
  const overrides: Record<string, unknown> = {
    script: options.script,
    scriptArguments: options.scriptArg && argumentsOf(options.scriptArg),
    targetHost: options.host,
    users: options.users,
    spawnRate: options.spawnRate,
    runTime: options.runTime,
    arrivalRate: options.arrivalRate,
    arrivalSpacing: options.arrivalSpacing,
    httpClient: options.httpClient,
    workerReplicas: options.workers,
    thresholds: options.threshold,
  };
  return Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
}

/** A name alone is a flag; a name that is given several times has a list. */
function argumentsOf(given: readonly string[]): Record<string, string | string[]> {
  const values = new Map<string, string[]>();
  for (const text of given) {
    const [, name = text, value = "true"] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return Object.fromEntries(Array.from(values, ([name, all]) => [name, all.length === 1 ? (all[0] ?? "") : all]));
}
