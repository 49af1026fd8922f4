/** Finding and reading `Pulumi.yaml` and the stacks' files, by Pulumi's own rules. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { LineCounter, parseDocument } from "yaml";
import { StackFileError } from "../errors";
import { isObject } from "../values/object";

/** Where a Pulumi project is. */
export interface ProjectPlace {
  /** Absolute path of the project's folder. */
  readonly directory: string;
  /** Absolute path of its `Pulumi.yaml`. */
  readonly file: string;
}

/** What a project's file says about settings. */
export interface ProjectFile {
  readonly name: string;
  /** Values for stacks that do not set a key themselves, by key; keys of other namespaces are left out. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** Absolute path of the folder of the stacks' files. */
  readonly stackDirectory: string;
}

/** The names that Pulumi takes for a project's file, in the order in which it finds them. */
const projectFiles = ["Pulumi.json", "Pulumi.yaml", "Pulumi.yml"];

/** Finds the project that a folder belongs to: the nearest one with a `Pulumi.yaml`, upwards. */
export function findProject(fromDirectory: string): ProjectPlace | undefined {
  const directory = resolve(fromDirectory);
  const file = projectFiles.map((name) => join(directory, name)).find(isFile);
  if (file !== undefined) return { directory, file };
  return dirname(directory) === directory ? undefined : findProject(dirname(directory));
}

/**
 * The names of the stacks that have a file, sorted.
 *
 * @throws StackFileError where the project's file cannot be read
 */
export function listStacks(project: ProjectPlace): string[] {
  const { stackDirectory } = readProject(project);
  const [start, end] = ["Pulumi.", extname(project.file)];
  return filesIn(stackDirectory)
    .filter((name) => name.startsWith(start) && name.endsWith(end) && name.length > start.length + end.length)
    .map((name) => name.slice(start.length, -end.length))
    .sort();
}

/**
 * Reads a project's file.
 *
 * @throws StackFileError where there is none, or it is not YAML, or has no name
 */
export function readProject({ directory, file }: ProjectPlace): ProjectFile {
  const content = readYaml(file, directory);
  if (typeof content.name !== "string" || content.name === "") {
    throw new StackFileError(`${basename(file)} has no name for the project.`);
  }
  // An older form: a text under "config" is what "stackConfigDir" is now.
  const folder = content.stackConfigDir ?? (typeof content.config === "string" ? content.config : ".");
  return {
    name: content.name,
    defaults: typeof content.config === "string" ? {} : readDefaults(content, file, directory),
    stackDirectory: resolve(directory, String(folder)),
  };
}

/** A stack's file, whether it exists or not; a stack of an organisation is known by the last part of its name. */
export function stackFile(project: ProjectPlace, stackDirectory: string, stack: string): string {
  return join(stackDirectory, `Pulumi.${stack.slice(stack.lastIndexOf("/") + 1)}${extname(project.file)}`);
}

/**
 * Reads the `config:` of a stack's file: its values by key, without the project's name in front.
 * Keys of other namespaces (`aws:region`) are left out; keys without one are the project's.
 *
 * @throws StackFileError
 */
export function readStackFile(file: string, project: ProjectPlace, name: string): Record<string, unknown> {
  return ofProject(configOf(readYaml(file, project.directory), file, project.directory), name);
}

/**
 * Reads what a stack says to Pulumi's provider of AWS (`aws:region`, `aws:profile`): its file, else the project's.
 *
 * @throws StackFileError
 */
export function readAwsConfig(project: ProjectPlace, stack: string): { region?: string; profile?: string } {
  const { directory, file } = project;
  const ofStack = stackFile(project, readProject(project).stackDirectory, stack);
  const files = [file, ...(isFile(ofStack) ? [ofStack] : [])];
  const configs = files.map((one) => {
    const content = readYaml(one, directory);
    // An older form of what is "stackConfigDir" now.
    return typeof content.config === "string" ? {} : configOf(content, one, directory);
  });
  const read = (name: string) => {
    const values = configs.map((config) => {
      const entry = config[`aws:${name}`] ?? config[`aws:config:${name}`];
      return isObject(entry) ? entry.value : entry;
    });
    const value = values.findLast((one) => typeof one === "string" && one !== "");
    return typeof value === "string" ? { [name]: value } : {};
  };
  return { ...read("region"), ...read("profile") };
}

/** A path as people should see it: relative to the project's folder. */
export function shownPath(file: string, directory: string): string {
  return relative(directory, file) || basename(file);
}

function readDefaults(content: Record<string, unknown>, file: string, directory: string): Record<string, unknown> {
  const declared = ofProject(configOf(content, file, directory), String(content.name));
  // A declaration is an object ({type, default, value, …}); anything else is the value itself.
  return Object.fromEntries(
    Object.entries(declared).map(([key, entry]) => [key, isObject(entry) ? (entry.value ?? entry.default) : entry]),
  );
}

function configOf(content: Record<string, unknown>, file: string, directory: string): Record<string, unknown> {
  const config = content.config ?? {};
  if (!isObject(config)) {
    throw new StackFileError(`${shownPath(file, directory)} must have keys and values under "config".`);
  }
  return config;
}

/** Pulumi's keys are `<namespace>:<name>`, in an older form `<namespace>:config:<name>`, or a name of the project's. */
function ofProject(config: Record<string, unknown>, name: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(config).flatMap(([full, value]) => {
      const parts = full.split(":");
      const key = parts.at(-1) ?? full;
      const isOurs =
        parts.length === 1 ||
        (parts[0] === name && (parts.length === 2 || (parts.length === 3 && parts[1] === "config")));
      return isOurs ? [[key, value] as const] : [];
    }),
  );
}

function readYaml(file: string, directory: string): Record<string, unknown> {
  const shown = shownPath(file, directory);
  const lines = new LineCounter();
  const document = parseDocument(readText(file, shown), { lineCounter: lines, prettyErrors: false, merge: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new StackFileError(`${shown}:${line}:${col}: ${firstLine(error.message)}`);
  }
  const content: unknown = toPlain(() => document.toJS(), shown) ?? {};
  if (!isObject(content)) {
    throw new StackFileError(`${shown} must have keys and values.`);
  }
  return content;
}

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readText(file: string, shown: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new StackFileError(`${shown} cannot be read: ${(error as NodeJS.ErrnoException).code ?? "unknown reason"}.`, {
      cause: error,
    });
  }
}

/** Aliases are resolved late: one that is missing, or that multiplies without end, shows only here. */
function toPlain(read: () => unknown, shown: string): unknown {
  try {
    return read();
  } catch (error) {
    throw new StackFileError(`${shown}: ${firstLine(error instanceof Error ? error.message : String(error))}`);
  }
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

/** What may not be looked at is not there, as for Pulumi: a folder above the project need not be readable. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
