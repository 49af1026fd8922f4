/** Checks the arguments of a LocustDeployment. */
import { resolve } from "node:path";
import { type Input, type Output, output, runtime } from "@pulumi/pulumi";
import { hiddenSecret, SettingsError, type SettingsProblem } from "../../settings/errors";
import { parseLayers } from "../../settings/parse";
import { asRunError } from "../../settings/pulumi-config";
import { correctedNeedsArrivals, fargateSizes, oneValuePerVariable, targetIsAllowed } from "../../settings/rules";
import type { Settings } from "../../settings/schema";
import { listScripts, scriptExists } from "../../settings/scripts/script";
import { packagesAreThere } from "../../settings/scripts/script-packages";
import { isObject } from "../../settings/values/object";
import {
  type Argument,
  type Arguments,
  argument,
  checkArguments,
  flag,
  knownOf,
  listOfTexts,
  readArgument,
  seconds,
  setting,
  text,
  texts,
} from "../check";
import { mapInput, partOf } from "../inputs";
import type { LocustCluster, LocustDeploymentArgs } from "./args";
import { type ConfigMapFiles, filesFitConfigMap, readFiles } from "./scripts";

/** The arguments that are settings too, and which of them may be known later. */
const shared = {
  ...settingsOf("scriptDelivery", "scriptsFolder", "script", "scriptArguments"),
  ...settingsOf("allowedHosts", "users", "spawnRate", "runTime", "arrivalRate", "arrivalSpacing", "thresholds"),
  ...settingsOf("httpClient", "natErrors", "autostart"),
  ...settingsOf("workerReplicas", "workerCpu", "workerMemory", "controlCpu", "controlMemory", "otelEndpoint"),
  ...settingsOf("prometheusScrape"),
  namespace: setting("namespace", "yes"),
  targetHost: setting("targetHost", "yes"),
  environment: setting("environment", "yes"),
  secretEnvironment: setting("secretEnvironment", "yes"),
};

/** Names that the pods' own volumes have. */
const ownVolumes = ["plugin", "scripts", "home", "tmp"];

const reference = argument(
  "the reference of an image",
  (value) => typeof value === "string" && /^\S+$/.test(value),
  "yes",
);

const rules: Arguments<LocustDeploymentArgs> = {
  ...shared,
  metricsLogSeconds: seconds(1, 86_400),
  cluster: argument(
    "a FargateCluster, or an object with kubeconfig and clusterName",
    (value) => isObject(value) && value.kubeconfig !== undefined && value.clusterName !== undefined,
    "yes",
  ),
  kubeContext: setting("kubeContext", "yes"),
  createNamespace: flag,
  image: reference,
  imageMirror: reference,
  imagePullPolicy: argument('"Always", "IfNotPresent" or "Never"', (value) =>
    ["Always", "IfNotPresent", "Never"].includes(value as string),
  ),
  imagePullSecrets: listOfTexts("a list of names of Secrets"),
  token: { allowed: "a text", later: "yes", read: readToken },
  serviceAccountName: text("the name of a service account"),
  serviceAccountRoleArn: argument(
    'the ARN of an IAM role, such as "arn:aws:iam::123456789012:role/shop"',
    (value) => typeof value === "string" && /^arn:[^:]+:iam::\d*:role\/\S+$/.test(value),
    "yes",
  ),
  nodeSelector: texts("labels"),
  tolerations: setting("tolerations", "yes"),
  affinity: argument("an affinity as in Kubernetes", isObject, "yes"),
  podAnnotations: texts("annotations"),
  podLabels: texts("labels"),
  volumes: argument(
    `a list of volumes with names other than ${ownVolumes.join(", ")}`,
    (value) => isListOfObjects(value) && !value.some(({ name }) => ownVolumes.includes(name as string)),
    "yes",
  ),
  volumeMounts: argument("a list of volume mounts", isListOfObjects, "yes"),
  workerResources: argument("an object of requests and limits", isObject, "yes"),
  controlResources: argument("an object of requests and limits", isObject, "yes"),
};

/** What is right, or is checked as soon as it is known. */
export interface LocustPlan {
  /** With the defaults for what is known later only. */
  readonly settings: Settings;
  readonly namespace: Input<string>;
  readonly targetHost: Input<string> | undefined;
  readonly environment: Input<Readonly<Record<string, string>>>;
  readonly secretEnvironment: Output<Record<string, string>> | undefined;
  readonly token: Output<string> | undefined;
  /** Undefined where the scripts are in the image. */
  readonly scripts: ConfigMapFiles | undefined;
  /** File names of the scripts that there are, as far as this machine knows. */
  readonly scriptNames: readonly string[];
}

/**
 * Checks every argument, and reads the scripts.
 *
 * @param name the component's
 * @throws RunError, which Pulumi shows without a stack trace, with a line for every wrong argument
 */
export function checkArgs(name: string, args: LocustDeploymentArgs): LocustPlan {
  const source = `LocustDeployment ${name}`;
  const here = process.cwd();
  const settings = asRunError(() => checkNow(name, source, args, here));
  const read = <T>(key: keyof typeof shared) => readArgument<T>(source, rules[key], args[key], key);
  const namespace = read<string>("namespace");
  if (args.cluster !== undefined) checkNamespaceOnFargate(source, args.cluster, namespace);
  const inImage = settings.scriptDelivery === "image";
  const { environment = {}, secretEnvironment } = args;
  return {
    settings,
    namespace,
    targetHost: args.targetHost === undefined ? undefined : allowed(source, settings, read<string>("targetHost")),
    environment: read("environment"),
    // Together with the others, as a variable is a secret or it is not.
    secretEnvironment:
      secretEnvironment &&
      output({ environment, secretEnvironment }).apply((values) =>
        asRunError(() => ({
          ...parseLayers([{ source, values }], source, [], [oneValuePerVariable]).secretEnvironment,
        })),
      ),
    token:
      args.token === undefined ? undefined : output(readArgument<string>(source, rules.token, args.token, "token")),
    scripts: inImage ? undefined : readFiles(resolve(here, settings.scriptsFolder)),
    scriptNames:
      inImage && scriptExists(here)({ valid: settings, wrong: new Set() }).length > 0
        ? [settings.script]
        : listScripts(settings, here),
  };
}

/** The same target, once it is sure that load may be aimed at it. */
function allowed(source: string, { allowedHosts }: Settings, targetHost: Input<string>): Input<string> {
  return mapInput(targetHost, (known) =>
    asRunError(() => {
      const problems = targetIsAllowed({ valid: { targetHost: known, allowedHosts }, wrong: new Set() });
      if (problems.length > 0) throw new SettingsError(problems, source);
      return known;
    }),
  );
}

/** Everything that can be said before anything is registered. */
function checkNow(name: string, source: string, args: LocustDeploymentArgs, here: string): Settings {
  const problems = [...checkArguments(args, rules), ...(isObject(args) ? checkTogether(args) : [])];
  // A longer one leaves no room for the endings in the names of the objects.
  if (!/^[a-z0-9]([-a-z0-9]{0,198}[a-z0-9])?$/.test(name)) {
    const allowed = 'of small letters, digits and "-", as objects are named after it';
    problems.unshift({ key: "name", value: name, allowed });
  }
  if (!isObject(args)) throw new SettingsError(problems, source);
  const values = Object.fromEntries(Object.keys(shared).map((key) => [key, knownOf(args[key as keyof typeof shared])]));
  // Of another image than Locust's own nothing is known.
  const packages = args.image === undefined ? [packagesAreThere(here)] : [];
  const files = args.scriptDelivery === "image" ? [] : [scriptExists(here), filesFitConfigMap(here), ...packages];
  const sizes = args.cluster === undefined ? [] : [fargateSizes];
  return parseLayers([{ source, values }], source, problems, [
    ...[oneValuePerVariable, targetIsAllowed, correctedNeedsArrivals],
    ...[...sizes, ...files],
  ]);
}

/** Rules between arguments that are no settings. */
function checkTogether({ cluster, image, scriptDelivery, ...args }: LocustDeploymentArgs): SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  if (image !== undefined && args.imageMirror !== undefined) {
    const allowed = "left out with image, which says where pods pull from";
    problems.push({ key: "imageMirror", value: args.imageMirror, allowed });
  }
  if (image === undefined && scriptDelivery === "image") {
    const allowed = 'given, as scriptDelivery is "image": Locust\'s own has no scripts';
    problems.push({ key: "image", value: image, allowed });
  }
  for (const key of ["workerResources", "controlResources"] as const) {
    if (cluster === undefined || args[key] === undefined) continue;
    const allowed = "left out on Fargate, which runs no pod whose requests and limits differ";
    problems.push({ key, value: args[key], allowed });
  }
  return problems;
}

/**
 * Refuses a namespace whose pods would wait for a node for ever.
 *
 * @throws RunError, which Pulumi shows also where it is thrown later
 */
function checkNamespaceOnFargate(source: string, cluster: Input<LocustCluster>, namespace: Input<string>): void {
  mapInput<[string, readonly string[] | undefined], void>(
    [namespace, partOf(cluster, "namespaces")] as Input<[string, readonly string[] | undefined]>,
    ([known, namespaces]) => {
      if (namespaces === undefined || namespaces.includes(known)) return;
      const allowed = `one of those whose pods run on Fargate, the cluster's namespaces: ${namespaces.join(", ")}`;
      asRunError(() => {
        throw new SettingsError([{ key: "namespace", value: known, allowed }], source);
      });
    },
  );
}

/** Which namespaces of which clusters have a load test, by program: one process may run several, one after the other. */
const taken = new WeakMap<object, Map<unknown, Map<string, string>>>();

/**
 * Gives the namespace back, once it is sure that no other LocustDeployment of the program is in it.
 *
 * @param where stands for the cluster: the same object for the same one
 * @throws RunError, also when the namespace is known
 */
export function takeNamespace(name: string, where: unknown, namespace: Input<string>): Input<string> {
  const program = runtime.getMonitor() as object;
  return mapInput(namespace, (known) => {
    const clusters = taken.get(program) ?? new Map<unknown, Map<string, string>>();
    taken.set(program, clusters);
    const names = clusters.get(where) ?? new Map<string, string>();
    clusters.set(where, names);
    const other = names.get(known);
    names.set(known, name);
    return asRunError(() => {
      if (other === undefined) return known;
      const allowed = `a namespace of its own: LocustDeployment ${other} is in this one`;
      throw new SettingsError([{ key: "namespace", value: known, allowed }], `LocustDeployment ${name}`);
    });
  });
}

function settingsOf<Key extends keyof Settings>(...keys: readonly Key[]): { readonly [K in Key]: Argument } {
  return Object.fromEntries(keys.map((key) => [key, setting(key)])) as { [K in Key]: Argument };
}

/** It travels in a header, a cookie and an address; without one, the guard would not start. */
function readToken(token: unknown, key: string) {
  const isRight = token === undefined || (typeof token === "string" && /^[-._~A-Za-z0-9]{8,}$/.test(token));
  const allowed = '8 or more letters, digits, "-", ".", "_" and "~"';
  return isRight ? { value: token, problems: [] } : { problems: [{ key, value: hiddenSecret, allowed }] };
}

function isListOfObjects(value: unknown): value is Record<string, unknown>[] {
  return Array.isArray(value) && value.every(isObject);
}
