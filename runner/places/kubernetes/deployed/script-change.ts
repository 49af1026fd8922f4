/** Lets a deployed test run another script of its folder, or with other arguments or another client, as changes of its two Deployments. */
import type { V1Deployment } from "@kubernetes/client-node";
import { containerName, type ScriptRun, testAnnotation } from "../../../../settings/deployed/deployed-test";
import { pluginVariables, scriptText } from "../../../../settings/locust";
import { settingsSchema } from "../../../../settings/schema";
import { RunnerError, UsageError } from "../../../errors";
import { descriptionOf, nameOf } from "./deployed";

/** One operation of a JSON Patch (RFC 6902). */
export interface PatchOperation {
  readonly op: "test" | "replace";
  /** A JSON Pointer. */
  readonly path: string;
  readonly value: string;
}

/**
 * The change that makes a Deployment's pods run another script of the same folder, or with other arguments, or
 * another client of HttpUser; the annotation keeps what was deployed, and asking for that restores it, letter by letter.
 * The API server refuses the change (422) where somebody else has made one meanwhile.
 *
 * @returns a JSON Patch; empty where the Deployment runs that already
 * @throws UsageError for a text that is no script's name
 * @throws RunnerError where the Deployment does not take its script from `LOADTEST_SCRIPT`
 */
export function withScript(deployment: V1Deployment, run: ScriptRun): PatchOperation[] {
  if (!settingsSchema.shape.script.safeParse(run.script).success) {
    throw new UsageError(`${JSON.stringify(run.script)} is no script: it must be the name of a file, and end in .py`);
  }
  const test = descriptionOf(deployment);
  const wanted = scriptText(run);
  if (wanted === scriptText(test)) return [];
  const { pointer, value } = scriptVariable(deployment);
  const before = test.before ?? { ...runOf(test), variable: value };
  const asDeployed = wanted === scriptText(before);
  const json = deployment.metadata?.annotations?.[testAnnotation] ?? "";
  const now = asDeployed ? { ...runOf(before), before: undefined } : { ...runOf(run), before };
  return [
    ...replace(
      `/metadata/annotations/${testAnnotation.replaceAll("/", "~1")}`,
      json,
      JSON.stringify({ ...JSON.parse(json), ...now }),
    ),
    ...replace(pointer, value, asDeployed ? before.variable : wanted),
  ];
}

/** With all its keys, so that what it has not takes the place of what another one has. */
function runOf({ script, scriptArguments, httpClient }: ScriptRun) {
  return { script, scriptArguments, httpClient };
}

/** The change that gives a Deployment the script back that was deployed; empty where no command has changed it. */
export function withScriptBefore(deployment: V1Deployment): PatchOperation[] {
  const { before } = descriptionOf(deployment);
  return before === undefined ? [] : withScript(deployment, before);
}

/** Where `LOADTEST_SCRIPT` is in a Deployment, as a JSON Pointer (RFC 6901), and its value. */
function scriptVariable(deployment: V1Deployment): { pointer: string; value: string } {
  const containers = deployment.spec?.template.spec?.containers ?? [];
  const container = containers.findIndex(({ name }) => name === containerName);
  const variables = containers[container]?.env ?? [];
  const variable = variables.findIndex(({ name }) => name === pluginVariables.script);
  const value = variables[variable]?.value;
  if (value === undefined) {
    throw new RunnerError(
      `${nameOf(deployment)} runs one script only: its container ${containerName} has no variable ${pluginVariables.script}`,
    );
  }
  return { pointer: `/spec/template/spec/containers/${container}/env/${variable}/value`, value };
}

function replace(path: string, from: string, to: string): PatchOperation[] {
  return [
    { op: "test", path, value: from },
    { op: "replace", path, value: to },
  ];
}
