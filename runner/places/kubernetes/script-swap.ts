/** Lets a deployed test run another script of its folder for a while, as changes of its two Deployments. */
import { basename } from "node:path/posix";
import type { V1Deployment } from "@kubernetes/client-node";
import { z } from "zod";
import { settingsSchema } from "../../../settings/schema";
import { UsageError } from "../../errors";
import { locustContainer } from "./container";

/** Where a changed Deployment keeps what was deployed, so that it is known also after a killed command. */
const annotation = "loadtest/script-before";

/** One operation of a JSON Patch (RFC 6902). */
export interface PatchOperation {
  readonly op: "test" | "add" | "replace" | "remove";
  /** A JSON Pointer. */
  readonly path: string;
  readonly value?: string | Readonly<Record<string, string>>;
}

const swapSchema = z.object({
  /** File name of the script that was deployed. */
  script: z.string(),
  /** The argument of `-f` as it was deployed, with all its escapes. */
  before: z.string(),
  /** What a command has put in its place. Where something else stands there, it was deployed anew since. */
  now: z.string(),
});

type Swap = z.infer<typeof swapSchema>;

/**
 * The change that makes a Deployment's pods run another script of the same folder: one argument, and the annotation.
 * With the name of the script that was deployed it restores that, letter by letter. The API server refuses it (422)
 * where somebody else has changed the argument meanwhile.
 *
 * @returns a JSON Patch; empty where the Deployment runs that script already
 * @throws UsageError for a text that is no script's name
 */
export function withScript(deployment: V1Deployment, script: string): PatchOperation[] {
  if (!settingsSchema.shape.script.safeParse(script).success) {
    throw new UsageError(`${JSON.stringify(script)} is no script: it must be the name of a file, and end in .py`);
  }
  const { scripts, scriptPath } = locustContainer(deployment);
  const swap = swapOf(deployment);
  const current = basename(scriptPath);
  if (script === current) return change(deployment, scripts.text, swap);
  if (script === swap?.script) return change(deployment, swap.before, undefined);
  const path = scriptPath.slice(0, -current.length) + script;
  const files = scripts.value.split(",").map((file) => (file.trim() === scriptPath ? path : file));
  const now = scripts.text.slice(0, scripts.skip) + files.join(",").replaceAll("$", "$$$$");
  return change(deployment, now, { script: swap?.script ?? current, before: swap?.before ?? scripts.text, now });
}

/** The change that gives a Deployment the script back that was deployed; empty where no command has changed it. */
export function withScriptBefore(deployment: V1Deployment): PatchOperation[] {
  return change(deployment, swapOf(deployment)?.before ?? locustContainer(deployment).scripts.text, undefined);
}

/** File name of the script that a Deployment's pods run. */
export function scriptNow(deployment: V1Deployment): string {
  return basename(locustContainer(deployment).scriptPath);
}

/** File name of the script that was deployed, where a command has changed it; else undefined. */
export function scriptBefore(deployment: V1Deployment): string | undefined {
  return swapOf(deployment)?.script;
}

/** What the annotation says; undefined where it is damaged, or the argument is not the one that it is about. */
function swapOf(deployment: V1Deployment): Swap | undefined {
  const text = deployment.metadata?.annotations?.[annotation];
  if (text === undefined) return undefined;
  try {
    const swap = swapSchema.parse(JSON.parse(text));
    return swap.now === locustContainer(deployment).scripts.text ? swap : undefined;
  } catch {
    return undefined;
  }
}

function change(deployment: V1Deployment, text: string, swap: Swap | undefined): PatchOperation[] {
  const { scripts, pointer } = locustContainer(deployment);
  const path = `${pointer}${scripts.pointer}`;
  const annotations = deployment.metadata?.annotations;
  const note = swap === undefined ? undefined : JSON.stringify(swap);
  return [
    ...(text === scripts.text
      ? []
      : [{ op: "test", path, value: scripts.text } as const, { op: "replace", path, value: text } as const]),
    ...noteChange(annotations, note),
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
