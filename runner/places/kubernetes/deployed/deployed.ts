import { basename } from "node:path";
import type { V1ConfigMap, V1Container, V1Deployment } from "@kubernetes/client-node";
import { locustImage, pluginVariables } from "../../../../settings/locust";
import { configMapPath } from "../../../../settings/script-files";
import { RunnerError } from "../../../errors";
import { locustContainer, nameOf, notOurs } from "./container";
import type { OptionText } from "./options";
import { parseQuantity } from "./quantity";
import { argumentsBefore, argumentsNow, scriptBefore } from "./script-swap";

/** What the two Deployments say of the load test that is deployed. */
export interface DeployedTest {
  readonly namespace: string;
  /** The Deployments, to own other objects and to be changed. */
  readonly control: ObjectName;
  readonly worker: ObjectName;
  /** File name of the script that the master runs. */
  readonly script: string;
  /** File name of the workers' script. Another one where a command was killed between its two changes. */
  readonly workerScript: string;
  /** The script's own arguments by name, and those that were deployed where a command has changed them or the script. */
  readonly scriptArguments: Readonly<Record<string, string>>;
  readonly argumentsBefore: Readonly<Record<string, string>> | undefined;
  /** The script that was deployed, where a command has changed it since, in one of the Deployments or in both. */
  readonly scriptBefore: string | undefined;
  /** Users and users started a second that Locust's web UI proposes. Default to Locust's 1. */
  readonly users: number;
  readonly spawnRate: number;
  /** As Locust writes it; undefined where nothing limits a run. */
  readonly runTime: string | undefined;
  /** Undefined where the script has the target, or the run will. */
  readonly targetHost: string | undefined;
  /** Where the token is that changing requests must carry. */
  readonly tokenSecret: { readonly name: string; readonly key: string };
  /** Workers that are wanted. */
  readonly workerReplicas: number;
  /** Cores and MiB that a pod may use; undefined where nothing limits it. */
  readonly workerCpu: number | undefined;
  readonly workerMemory: number | undefined;
  readonly controlCpu: number | undefined;
  readonly controlMemory: number | undefined;
  /** Name of the ConfigMap that the script is in; undefined where it is in the image. */
  readonly scriptsConfigMap: string | undefined;
  /** Whether modules come from Locust's own image and that ConfigMap, and from nowhere else. */
  readonly knownModules: boolean;
  readonly createdAt: Date | undefined;
}

export interface ObjectName {
  readonly name: string;
  readonly uid: string;
}

/**
 * Reads what is deployed from the Deployments of the master and of the workers.
 *
 * @throws RunnerError in one line where they are not those of a LocustDeployment, nor near it
 */
export function readDeployed(control: V1Deployment, worker: V1Deployment): DeployedTest {
  const { container: master, options, scriptPath } = locustContainer(control);
  const { container: load, scriptPath: workerScriptPath } = locustContainer(worker);
  return {
    namespace: control.metadata?.namespace ?? "",
    control: objectName(control),
    worker: objectName(worker),
    script: basename(scriptPath),
    workerScript: basename(workerScriptPath),
    scriptBefore: scriptBefore(control) ?? scriptBefore(worker),
    scriptArguments: argumentsNow(control),
    argumentsBefore: argumentsBefore(control) ?? argumentsBefore(worker),
    users: numberOf(control, "--users", options.users) ?? 1,
    spawnRate: numberOf(control, "--spawn-rate", options.spawnRate) ?? 1,
    runTime: options.runTime?.value,
    targetHost: options.host?.value,
    tokenSecret: tokenSecretOf(control, master),
    // Kubernetes' own default.
    workerReplicas: worker.spec?.replicas ?? 1,
    workerCpu: limitOf(load, "cpu"),
    workerMemory: limitOf(load, "memory"),
    controlCpu: limitOf(master, "cpu"),
    controlMemory: limitOf(master, "memory"),
    scriptsConfigMap: configMapAt(control, master, scriptPath),
    knownModules: master.image === locustImage && !master.env?.some(({ name }) => name === "PYTHONPATH"),
    createdAt: control.metadata?.creationTimestamp,
  };
}

/** The files in a ConfigMap of scripts, by their paths; those that are no texts are empty. */
export function filesIn({ data = {}, binaryData = {} }: V1ConfigMap): Map<string, string> {
  const others = Object.keys(binaryData).map((key) => [key, ""] as const);
  return new Map([...Object.entries(data), ...others].map(([key, text]) => [configMapPath(key), text]));
}

/** The scripts of a folder, sorted: what `withScript` can be given. Modules in folders are helpers. */
export function scriptsIn(files: ReadonlyMap<string, string>): string[] {
  return [...files.keys()].filter((path) => path.endsWith(".py") && !path.includes("/")).sort();
}

function tokenSecretOf(deployment: V1Deployment, container: V1Container): { name: string; key: string } {
  const variable = container.env?.find(({ name }) => name === pluginVariables.token);
  const { name, key } = variable?.valueFrom?.secretKeyRef ?? {};
  if (name === undefined || key === undefined) {
    throw notOurs(deployment, `its variable ${pluginVariables.token} does not come from a Secret`);
  }
  return { name, key };
}

function numberOf(deployment: V1Deployment, name: string, option: OptionText | undefined): number | undefined {
  if (option === undefined) return undefined;
  const number = Number(option.value);
  if (option.value.trim() === "" || !Number.isFinite(number) || number < 0) {
    throw new RunnerError(`${nameOf(deployment)} has ${name} ${JSON.stringify(option.value)}: that is no number`);
  }
  return number;
}

/** Cores, or MiB. */
function limitOf({ resources }: V1Container, what: "cpu" | "memory"): number | undefined {
  const text = resources?.limits?.[what];
  const amount = text === undefined ? undefined : parseQuantity(text);
  return amount === undefined || what === "cpu" ? amount : amount / 2 ** 20;
}

/** The ConfigMap whose volume is mounted where the script is: the innermost mount counts. */
function configMapAt(deployment: V1Deployment, container: V1Container, path: string): string | undefined {
  const [mount] = (container.volumeMounts ?? [])
    .filter(({ mountPath }) => path.startsWith(`${mountPath.replace(/\/$/, "")}/`))
    .sort((a, b) => b.mountPath.length - a.mountPath.length);
  return deployment.spec?.template.spec?.volumes?.find(({ name }) => name === mount?.name)?.configMap?.name;
}

function objectName({ metadata }: V1Deployment): ObjectName {
  return { name: metadata?.name ?? "", uid: metadata?.uid ?? "" };
}
