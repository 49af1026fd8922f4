/** Checks the arguments of a LocustDeployment. */
import { resolve } from "node:path";
import { type Input, Output, output } from "@pulumi/pulumi";
import { hiddenSecret, SettingsError, type SettingsProblem } from "../../settings/errors";
import { parseLayers } from "../../settings/parse";
import { asRunError } from "../../settings/pulumi-config";
import { oneValuePerVariable, type Rule } from "../../settings/rules";
import type { Settings } from "../../settings/schema";
import { scriptExists } from "../../settings/script";
import { packagesAreThere } from "../../settings/script-packages";
import type { LocustDeploymentArgs } from "./args";
import { type ConfigMapFiles, filesFitConfigMap, readFiles } from "./scripts";

/** The arguments that are settings too, and are checked as such. */
const shared = [
  ...(["namespace", "scriptDelivery", "scriptsFolder", "script"] as const),
  ...(["targetHost", "users", "spawnRate", "runTime", "autostart"] as const),
  ...(["workerReplicas", "workerCpu", "workerMemory", "controlCpu", "controlMemory"] as const),
  ...(["environment", "scriptArguments"] as const),
];

export interface CheckedArgs {
  readonly settings: Settings;
  /** Undefined where the scripts are in the image. */
  readonly scripts: ConfigMapFiles | undefined;
}

/**
 * Checks every argument that is plain, and reads the scripts.
 *
 * @param name the component's
 * @throws RunError, which Pulumi shows without a stack trace, with a line for every wrong argument
 */
export function checkArgs(name: string, args: LocustDeploymentArgs): CheckedArgs {
  const values: Record<string, unknown> = Object.fromEntries(shared.map((key) => [key, args[key]]));
  // The names only: the values may be Outputs, and are secrets.
  if (isPlain(args.secretEnvironment)) values.secretEnvironment = namesOf(args.secretEnvironment);
  const inImage = args.scriptDelivery === "image";
  const here = process.cwd();
  // Of another image than Locust's own nothing is known.
  const packages = args.image === undefined ? [packagesAreThere(here)] : [];
  const rules = inImage ? [] : [scriptExists(here), filesFitConfigMap(here), ...packages];
  const settings = asRunError(() => parse(values, sourceOf(name), ownProblems(name, args), rules));
  return { settings, scripts: inImage ? undefined : readFiles(resolve(here, settings.scriptsFolder)) };
}

/** Checks variables whose names may be known later only; their values become texts. */
export function checkSecretEnvironment(
  name: string,
  { environment = {}, secretEnvironment = {} }: Pick<LocustDeploymentArgs, "environment" | "secretEnvironment">,
): Output<Record<string, string>> {
  return output(secretEnvironment).apply((values) =>
    asRunError(() => ({ ...parse({ environment, secretEnvironment: values }, sourceOf(name)).secretEnvironment })),
  );
}

/** Checks a token that may be known later only. */
export function checkToken(name: string, token: Input<string>): Output<string> {
  return output(token).apply((value) =>
    asRunError(() => {
      const problem = tokenProblem(value);
      if (problem !== undefined) throw new SettingsError([problem], sourceOf(name));
      return value;
    }),
  );
}

/** The other rules are about the cluster and its network, which are not this component's. */
function parse(
  values: Record<string, unknown>,
  source: string,
  problems: readonly SettingsProblem[] = [],
  rules: readonly Rule[] = [],
): Settings {
  return parseLayers([{ source, values }], source, problems, [oneValuePerVariable, ...rules]);
}

function ownProblems(name: string, args: LocustDeploymentArgs): SettingsProblem[] {
  const { image, imagePullPolicy, createNamespace, token } = args;
  const problems: (SettingsProblem | undefined)[] = [
    // A longer one leaves no room for the endings in the names of the objects.
    /^[a-z0-9]([-a-z0-9]{0,198}[a-z0-9])?$/.test(name)
      ? undefined
      : { key: "name", value: name, allowed: 'of small letters, digits and "-", as objects are named after it' },
    isPlain(image) && !/^\S+$/.test(image)
      ? { key: "image", value: image, allowed: "the reference of an image" }
      : undefined,
    image === undefined && args.scriptDelivery === "image"
      ? { key: "image", value: image, allowed: 'given, as scriptDelivery is "image": Locust\'s own has no scripts' }
      : undefined,
    ["Always", "IfNotPresent", "Never", undefined].includes(imagePullPolicy)
      ? undefined
      : { key: "imagePullPolicy", value: imagePullPolicy, allowed: '"Always", "IfNotPresent" or "Never"' },
    ["boolean", "undefined"].includes(typeof createNamespace)
      ? undefined
      : { key: "createNamespace", value: createNamespace, allowed: "true or false" },
    isPlain(token) ? tokenProblem(token) : undefined,
  ];
  return problems.filter((problem) => problem !== undefined);
}

/** It travels in a header, a cookie and an address; without one, the guard would not start. */
function tokenProblem(token: unknown): SettingsProblem | undefined {
  return typeof token === "string" && /^[-._~A-Za-z0-9]{8,}$/.test(token)
    ? undefined
    : { key: "token", value: hiddenSecret, allowed: '8 or more letters, digits, "-", ".", "_" and "~"' };
}

function namesOf(variables: object): Record<string, string> {
  return Object.fromEntries(Object.keys(variables).map((name) => [name, ""]));
}

function isPlain<T>(value: Input<T> | undefined): value is T {
  return value !== undefined && !Output.isInstance(value) && !(value instanceof Promise);
}

function sourceOf(name: string): string {
  return `LocustDeployment ${name}`;
}
