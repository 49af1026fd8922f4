/** What is around the pods of Locust's master and workers: plain arguments of Kubernetes' objects. */
import { createHash } from "node:crypto";
import type { DeploymentArgs } from "@pulumi/kubernetes/apps/v1/deployment";
import type { ServiceArgs } from "@pulumi/kubernetes/core/v1/service";
import type { PodDisruptionBudgetArgs } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget";
import type { core } from "@pulumi/kubernetes/types/input";
import { all, type Input, jsonStringify, type Output, output } from "@pulumi/pulumi";
import { testAnnotation } from "../../settings/deployed/deployed-test";
import { type LocustSettings, locustCommands, locustVersion, usualImage } from "../../settings/locust";
import { loadtestVersion } from "../../settings/package-root";
import { mapInput } from "../inputs";
import type { LocustDeploymentArgs } from "./args";
import type { LocustPlan } from "./check";
import type { PodContents } from "./contents";
import {
  commonLabels,
  masterPort,
  type PodCommand,
  pluginFolder,
  podTemplate,
  type Role,
  readyWithinSeconds,
  selectorOf,
  tokenKey,
  webPort,
} from "./pod";

/** Names in the namespace, known to whoever looks for the load test there. */
export const controlName = "locust-control";
export const workerName = "locust-worker";

/** The pods of master and workers. */
export function podTemplates(plan: LocustPlan, contents: PodContents, args: LocustDeploymentArgs) {
  const { settings } = plan;
  const { tokenSecret, ...common } = contents;
  const pod = {
    ...common,
    image: imageOf(plan, args),
    imagePullPolicy: args.imagePullPolicy ?? "IfNotPresent",
    args,
  };
  const controlPod = podTemplate({
    ...pod,
    role: "control",
    command: commandOf(plan, "master", args),
    cpu: settings.controlCpu,
    memory: settings.controlMemory,
    tokenSecret,
    master: undefined,
  });
  const workerPod = podTemplate({
    ...pod,
    role: "worker",
    command: commandOf(plan, "worker", args),
    cpu: settings.workerCpu,
    memory: settings.workerMemory,
    tokenSecret: undefined,
    // A master that ends takes its workers along: `up` is to wait for them too.
    master: jsonStringify(controlPod).apply((text) => createHash("sha256").update(text).digest("hex").slice(0, 16)),
  });
  return { controlPod, workerPod };
}

/** The reference of the pods' image. */
export function imageOf({ settings }: LocustPlan, { image, imageMirror }: LocustDeploymentArgs): Input<string> {
  return image ?? imageMirror ?? usualImage(settings);
}

/** Part by part, so that a preview shows all that it knows. */
function commandOf(
  { settings, targetHost, environment }: LocustPlan,
  part: "master" | "worker",
  { metricsLogSeconds }: LocustDeploymentArgs,
): PodCommand {
  const placement = {
    plugin: pluginFolder,
    script: settings.script,
    bindHost: "0.0.0.0",
    masterHost: controlName,
    masterPort,
    webPort,
  };
  const commandWith = (later: Partial<LocustSettings>) =>
    locustCommands({ ...settings, metricsLogSeconds, ...later }, placement)[part];
  return {
    python: commandWith({}).python,
    args: mapInput(targetHost, (known) => commandWith({ targetHost: known }).args),
    env: mapInput(environment, (known) => commandWith({ environment: known }).env),
  };
}

/**
 * What is deployed, as the command line reads it from an annotation of both Deployments.
 *
 * @param given the pods' image, Locust's own where none is given
 */
export function describeTest(
  { settings, targetHost, environment, scriptNames }: LocustPlan,
  given: Input<string> | undefined,
  { tokenSecret, scripts }: PodContents,
): Output<string> {
  const { script, scriptArguments, httpClient, users, spawnRate, runTime, arrivalRate, allowedHosts } = settings;
  const arrivalSpacing = arrivalRate && settings.arrivalSpacing;
  const { workerCpu, workerMemory, controlCpu, controlMemory } = settings;
  const isLocusts = output(given).apply((ref) => ref === undefined || ref === usualImage(settings));
  return jsonStringify({
    version: 1,
    ...{ script, scriptArguments, httpClient, users, spawnRate, runTime, arrivalRate, arrivalSpacing, targetHost },
    allowedHosts,
    ...{ workerCpu, workerMemory, controlCpu, controlMemory },
    versions: isLocusts.apply((own) => ({ loadtest: loadtestVersion(), ...(own ? { locust: locustVersion } : {}) })),
    tokenSecret: { name: tokenSecret, key: tokenKey },
    scripts: scripts && scriptNames,
    scriptsConfigMap: scripts?.name,
    knownModules: all([isLocusts, environment]).apply(
      ([own, variables]) => own && !("PYTHONPATH" in variables) && settings.otelEndpoint === undefined,
    ),
  });
}

/** The Deployment of the master, or of its workers. */
export function deployment(
  role: Role,
  namespace: Input<string>,
  replicas: number,
  template: core.v1.PodTemplateSpec,
  description: Input<string>,
): DeploymentArgs {
  return {
    metadata: {
      ...metadata(role, namespace),
      // Whoever scaled the workers, or had both run another script, owns those fields, and Pulumi would refuse to
      // change them.
      annotations: { "pulumi.com/patchForce": "true", [testAnnotation]: description },
    },
    spec: {
      replicas,
      selector: { matchLabels: selectorOf(role) },
      // Two masters would each take some of the workers; and workers of two scripts in one run would be no load at
      // all. Nor does Fargate's quota of vCPUs have to hold both sets.
      strategy: { type: "Recreate" },
      progressDeadlineSeconds: readyWithinSeconds,
      // Former pods could not come back: their ConfigMaps are gone.
      revisionHistoryLimit: 0,
      template,
    },
  };
}

/** The master's Service, inside the cluster only. */
export function service(namespace: Input<string>): ServiceArgs {
  return {
    metadata: metadata("control", namespace),
    spec: {
      type: "ClusterIP",
      selector: selectorOf("control"),
      ports: [
        { name: "web", port: webPort, targetPort: "web", protocol: "TCP" },
        { name: "workers", port: masterPort, targetPort: "workers", protocol: "TCP" },
      ],
    },
  };
}

/** How many pods of a role may be evicted at a time: workers one by one, the master not at all. */
export function disruptionBudget(role: Role, namespace: Input<string>): PodDisruptionBudgetArgs {
  return {
    metadata: metadata(role, namespace),
    spec: {
      maxUnavailable: role === "control" ? 0 : 1,
      selector: { matchLabels: selectorOf(role) },
      // A pod that does not work must not hold up a drain.
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    },
  };
}

/** Labels of a namespace in which pods that could harm others are refused, warned of and recorded. */
export function restricted(): Record<string, string> {
  return Object.fromEntries(
    ["enforce", "warn", "audit"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]),
  );
}

function metadata(role: Role, namespace: Input<string>) {
  const name = role === "control" ? controlName : workerName;
  return { namespace, name, labels: { ...commonLabels, ...selectorOf(role) } };
}
