/** Lets a deployed test run another script of its folder, or with other arguments, for a while, as changes of its two Deployments. */
import { basename } from "node:path/posix";
import type { V1Container, V1Deployment } from "@kubernetes/client-node";
import { z } from "zod";
import { argumentsText, pluginVariables } from "../../../../settings/locust";
import { settingsSchema } from "../../../../settings/schema";
import { RunnerError, UsageError } from "../../../errors";
import { locustContainer, nameOf } from "./container";
import { type OptionText, readVariable } from "./options";

/** Where a changed Deployment keeps what was deployed, so that it is known also after a killed command. */
const annotation = "loadtest/script-before";

/** One operation of a JSON Patch (RFC 6902). */
export interface PatchOperation {
  readonly op: "test" | "add" | "replace" | "remove";
  /** A JSON Pointer. */
  readonly path: string;
  readonly value?: string | Readonly<Record<string, string>>;
}

/** What a pod runs: a script of the folder, with arguments of its own by name; none by default. */
export interface ScriptRun {
  readonly script: string;
  readonly scriptArguments?: Readonly<Record<string, string>>;
}

const changeSchema = z.object({
  /** The text as it was deployed, with all its escapes. */
  before: z.string(),
  /** What a command has put in its place. Where something else stands there, it was deployed anew since. */
  now: z.string(),
});

const swapSchema = changeSchema.extend({
  /** File name of the script that was deployed; `before` and `now` are of the argument of `-f`. */
  script: z.string(),
  /** Missing where a former version has made the change. */
  arguments: changeSchema.optional(),
});

type Swap = z.infer<typeof swapSchema>;

/**
 * The change that makes a Deployment's pods run another script of the same folder, or with other arguments: two texts,
 * and the annotation. With what was deployed it restores that, letter by letter. The API server refuses it (422) where
 * somebody else has changed a text meanwhile.
 *
 * @returns a JSON Patch; empty where the Deployment runs that already
 * @throws UsageError for a text that is no script's name
 * @throws RunnerError for arguments where the Deployment has no place for them
 */
export function withScript(deployment: V1Deployment, { script, scriptArguments = {} }: ScriptRun): PatchOperation[] {
  if (!settingsSchema.shape.script.safeParse(script).success) {
    throw new UsageError(`${JSON.stringify(script)} is no script: it must be the name of a file, and end in .py`);
  }
  const { scripts, scriptPath, container } = locustContainer(deployment);
  const swap = swapOf(deployment);
  const current = basename(scriptPath);
  const before = swap?.before ?? scripts.text;
  const now = () => {
    if (script === current) return scripts.text;
    if (script === swap?.script) return swap.before;
    const path = scriptPath.slice(0, -current.length) + script;
    const files = scripts.value.split(",").map((file) => (file.trim() === scriptPath ? path : file));
    return scripts.text.slice(0, scripts.skip) + escaped(files.join(","));
  };
  const change = { script: swap?.script ?? current, before, now: now() };
  const text = argumentsText(scriptArguments);
  const present = argumentsIn(container);
  if (present === undefined) {
    if (text === argumentsText({})) return changed(deployment, change);
    throw new RunnerError(`${nameOf(deployment)} was deployed by another version, without arguments: pulumi up`);
  }
  const argumentsBefore = swap?.arguments?.before ?? present.text;
  const same = [argumentsBefore, present.text].find((one) => argumentsText(read(one)) === text);
  return changed(deployment, { ...change, arguments: { before: argumentsBefore, now: same ?? escaped(text) } });
}

/** The change that gives a Deployment the script back that was deployed; empty where no command has changed it. */
export function withScriptBefore(deployment: V1Deployment): PatchOperation[] {
  const swap = swapOf(deployment);
  if (swap === undefined) return noteChange(deployment.metadata?.annotations, undefined);
  const texts = swap.arguments && { arguments: { ...swap.arguments, now: swap.arguments.before } };
  return changed(deployment, { ...swap, now: swap.before, ...texts });
}

/** File name of the script that a Deployment's pods run. */
export function scriptNow(deployment: V1Deployment): string {
  return basename(locustContainer(deployment).scriptPath);
}

/** File name of the script that was deployed, where a command has changed it; else undefined. */
export function scriptBefore(deployment: V1Deployment): string | undefined {
  return swapOf(deployment)?.script;
}

/** The script's own arguments that a Deployment's pods have. */
export function argumentsNow(deployment: V1Deployment): Readonly<Record<string, string>> {
  return read(argumentsIn(locustContainer(deployment).container)?.text);
}

/** Those that were deployed, where a command has changed them; else undefined. */
export function argumentsBefore(deployment: V1Deployment): Readonly<Record<string, string>> | undefined {
  const text = swapOf(deployment)?.arguments?.before;
  return text === undefined ? undefined : read(text);
}

function argumentsIn(container: V1Container): OptionText | undefined {
  return readVariable(container, pluginVariables.scriptArguments);
}

/** None where somebody has written something else there. */
function read(text = "{}"): Readonly<Record<string, string>> {
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(text.replaceAll("$$", "$")));
  } catch {
    return {};
  }
}

/** Kubernetes takes `$$` for `$`, and `$(NAME)` for a variable. */
function escaped(text: string): string {
  return text.replaceAll("$", "$$$$");
}

/** What the annotation says; undefined where it is damaged, or the texts are not those that it is about. */
function swapOf(deployment: V1Deployment): Swap | undefined {
  const text = deployment.metadata?.annotations?.[annotation];
  if (text === undefined) return undefined;
  const { scripts, container } = locustContainer(deployment);
  try {
    const swap = swapSchema.parse(JSON.parse(text));
    const same = swap.arguments === undefined || swap.arguments.now === argumentsIn(container)?.text;
    return same && swap.now === scripts.text ? swap : undefined;
  } catch {
    return undefined;
  }
}

/** The texts as the swap has them now, and its annotation, which goes where they are as they were deployed. */
function changed(deployment: V1Deployment, swap: Swap): PatchOperation[] {
  const { scripts, container, pointer } = locustContainer(deployment);
  const replace = (found: OptionText | undefined, text: string | undefined): PatchOperation[] => {
    if (found === undefined || text === undefined || text === found.text) return [];
    const path = `${pointer}${found.pointer}`;
    return [
      { op: "test", path, value: found.text },
      { op: "replace", path, value: text },
    ];
  };
  const asDeployed = swap.now === swap.before && swap.arguments?.now === swap.arguments?.before;
  return [
    ...replace(scripts, swap.now),
    ...replace(argumentsIn(container), swap.arguments?.now),
    ...noteChange(deployment.metadata?.annotations, asDeployed ? undefined : JSON.stringify(swap)),
  ];
}

function noteChange(
  annotations: Readonly<Record<string, string>> | undefined,
  note: string | undefined,
): PatchOperation[] {
  if (note === annotations?.[annotation]) return [];
  if (annotations === undefined)
    return [{ op: "add", path: "/metadata/annotations", value: { [annotation]: note ?? "" } }];
  const path = `/metadata/annotations/${annotation.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return [note === undefined ? { op: "remove", path } : { op: "add", path, value: note }];
}
