import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import { locustCommands, locustVersion } from "../settings/locust";
import type { LocustDeploymentArgs } from "./locust/args";
import { checkArgs, checkSecretEnvironment, checkToken } from "./locust/check";
import {
  commonLabels,
  masterPort,
  pluginFolder,
  podTemplate,
  type Role,
  readyWithinSeconds,
  scriptsFolder,
  selectorOf,
  tokenKey,
  webPort,
} from "./locust/pod";
import { readPlugin } from "./locust/scripts";

export { type LocustDeploymentArgs, ScriptDelivery } from "./locust/args";

/** Names in the namespace, known to whoever looks for the load test there. */
const controlName = "locust-control";
const workerName = "locust-worker";

const timeouts: pulumi.CustomTimeouts = {
  // Behind the Deployments' own deadline, so that they can say what they are waiting for.
  create: `${readyWithinSeconds + 60}s`,
  update: `${readyWithinSeconds + 60}s`,
  delete: "5m",
};

/**
 * Locust on any Kubernetes cluster: a master and its workers, ready for runs.
 *
 * Makes a namespace with Pod Security level `restricted`; ConfigMaps with the scripts and with the plugin that guards
 * the master and counts exactly; Secrets with the token and with `secretEnvironment`; the Deployments `locust-control`
 * (the master) and `locust-worker`; the Service `locust-control`, inside the cluster only, with port 8089 for the page
 * and the API and port 5557 for workers; and a PodDisruptionBudget for each Deployment.
 *
 * A change of scripts, token or variables ends all pods and starts new ones: a run that is under way is lost. A change
 * of `workerReplicas` keeps the pods that stay; a worker that goes reports all its samples first.
 *
 * Disruptions: the master is not evicted, as the samples of the run are in its memory; to drain its node, delete the
 * pod. Where EKS has to patch Fargate, it tries to evict, announces the date, and then deletes the pod. Workers are
 * evicted one at a time, and the master gives their users to the others.
 *
 * `kubectl scale` may change the number of workers: it lasts until `workerReplicas` or the workers' pods change, or
 * until `pulumi up --refresh`.
 *
 * @example
 * const test = new LocustDeployment("shop", {
 *   scriptsFolder: "load",
 *   script: "checkout.py",
 *   targetHost: "https://shop.example.com",
 *   workerReplicas: 4,
 *   secretEnvironment: { API_KEY: config.requireSecret("apiKey") },
 * }, { provider: cluster });
 * export const token = test.token;
 */
export class LocustDeployment extends pulumi.ComponentResource {
  /** Namespace of everything here. */
  public readonly namespaceName: pulumi.Output<string>;
  /** Name of the master's Deployment. */
  public readonly controlDeployment: pulumi.Output<string>;
  /** Name of the workers' Deployment. */
  public readonly workerDeployment: pulumi.Output<string>;
  /** Name of the master's Service. */
  public readonly serviceName: pulumi.Output<string>;
  /** Port of the Service with Locust's page and API. */
  public readonly webPort: pulumi.Output<number>;
  /** Name of the Secret with the token, below its key `token`. */
  public readonly tokenSecretName: pulumi.Output<string>;
  /** What requests that start, change or stop a run must carry: a secret. */
  public readonly token: pulumi.Output<string>;
  /** The script that runs. */
  public readonly script: pulumi.Output<string>;

  constructor(name: string, args: LocustDeploymentArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    // Before anything is registered.
    const { settings, scripts } = checkArgs(name, args);
    // Without the arguments, as the state would show a token that is plain.
    super("serverless-load-testing:index:LocustDeployment", name, {}, opts);

    const namespace =
      args.createNamespace === false
        ? undefined
        : new Namespace(
            `${name}-namespace`,
            { metadata: { name: settings.namespace, labels: { ...commonLabels, ...restricted() } } },
            { parent: this },
          );
    // The name is known before the namespace is, and so a preview sees all; what needs it waits by dependsOn.
    const child = { parent: this, ...(namespace === undefined ? {} : { dependsOn: [namespace] }) };
    const metadata = { namespace: settings.namespace, labels: commonLabels };

    // ConfigMaps and Secrets get names from Pulumi: a change makes a new one, and pods that name it are replaced.
    const configMaps = scripts && {
      plugin: new ConfigMap(`${name}-plugin`, { metadata, immutable: true, ...readPlugin() }, child).metadata.name,
      scripts: new ConfigMap(`${name}-scripts`, { metadata, immutable: true, ...scripts }, child).metadata.name,
    };
    const token = pulumi.secret(
      args.token === undefined
        ? new RandomPassword(`${name}-token`, { length: 32, special: false }, { parent: this }).result
        : checkToken(name, args.token),
    );
    const tokenSecret = new Secret(
      `${name}-token`,
      { metadata, immutable: true, stringData: { [tokenKey]: token } },
      child,
    ).metadata.name;
    const environmentSecret =
      args.secretEnvironment &&
      new Secret(
        `${name}-environment`,
        { metadata, immutable: true, stringData: pulumi.secret(checkSecretEnvironment(name, args)) },
        child,
      ).metadata.name;

    const commands = locustCommands(settings, {
      plugin: `${pluginFolder}/loadtest_plugin.py`,
      script: `${scriptsFolder}/${settings.script}`,
      bindHost: "0.0.0.0",
      masterHost: controlName,
      masterPort,
      webPort,
    });
    const pods = {
      image: args.image ?? `docker.io/locustio/locust:${locustVersion}`,
      imagePullPolicy: args.imagePullPolicy ?? "IfNotPresent",
      configMaps,
      environmentSecret,
    };
    const named = (objectName: string, role: Role, annotations?: Record<string, string>) => ({
      ...metadata,
      name: objectName,
      labels: { ...commonLabels, ...selectorOf(role) },
      ...(annotations === undefined ? {} : { annotations }),
    });
    const deployment = (role: Role, replicas: number, template: ReturnType<typeof podTemplate>) => ({
      replicas,
      selector: { matchLabels: selectorOf(role) },
      // Two masters would each take some of the workers; and workers of two scripts in one run would be no load at
      // all. Nor does Fargate's quota of vCPUs have to hold both sets.
      strategy: { type: "Recreate" },
      progressDeadlineSeconds: readyWithinSeconds,
      // Former pods could not come back: their ConfigMaps are gone.
      revisionHistoryLimit: 0,
      template,
    });
    const budget = (maxUnavailable: number, role: Role) => ({
      maxUnavailable,
      selector: { matchLabels: selectorOf(role) },
      // A pod that does not work must not hold up a drain.
      unhealthyPodEvictionPolicy: "AlwaysAllow",
    });

    const [controlPod, workerPod] = [
      podTemplate({
        ...pods,
        role: "control",
        command: commands.master,
        cpu: settings.controlCpu,
        memory: settings.controlMemory,
        tokenSecret,
      }),
      podTemplate({
        ...pods,
        role: "worker",
        command: commands.worker,
        cpu: settings.workerCpu,
        memory: settings.workerMemory,
      }),
    ];
    const slow = { ...child, customTimeouts: timeouts };
    const control = new Deployment(
      `${name}-control`,
      { metadata: named(controlName, "control"), spec: deployment("control", 1, controlPod) },
      slow,
    );
    const worker = new Deployment(
      `${name}-worker`,
      {
        // Whoever scaled the workers by hand owns the number of replicas, and Pulumi would refuse to change it.
        metadata: named(workerName, "worker", { "pulumi.com/patchForce": "true" }),
        spec: deployment("worker", settings.workerReplicas, workerPod),
      },
      slow,
    );
    // It waits for the master to be ready; the Deployments must not wait for it.
    const service = new Service(
      `${name}-control`,
      {
        metadata: named(controlName, "control"),
        spec: {
          type: "ClusterIP",
          selector: selectorOf("control"),
          ports: [
            { name: "web", port: webPort, targetPort: "web", protocol: "TCP" },
            { name: "workers", port: masterPort, targetPort: "workers", protocol: "TCP" },
          ],
        },
      },
      slow,
    );
    new PodDisruptionBudget(
      `${name}-control`,
      { metadata: named(controlName, "control"), spec: budget(0, "control") },
      child,
    );
    new PodDisruptionBudget(
      `${name}-worker`,
      { metadata: named(workerName, "worker"), spec: budget(1, "worker") },
      child,
    );

    this.namespaceName = nameOf(namespace, settings.namespace);
    this.controlDeployment = nameOf(control, controlName);
    this.workerDeployment = nameOf(worker, workerName);
    this.serviceName = nameOf(service, controlName);
    this.webPort = pulumi.output(webPort);
    this.tokenSecretName = tokenSecret;
    this.token = token;
    this.script = pulumi.output(settings.script);
    this.registerOutputs({
      namespaceName: this.namespaceName,
      controlDeployment: this.controlDeployment,
      workerDeployment: this.workerDeployment,
      serviceName: this.serviceName,
      webPort: this.webPort,
      tokenSecretName: this.tokenSecretName,
      token: this.token,
      script: this.script,
    });
  }
}

/** A name that previews know too, also on a cluster that is still to be made; what uses it waits for the object. */
function nameOf(object: pulumi.Resource | undefined, name: string): pulumi.Output<string> {
  return object === undefined ? pulumi.output(name) : object.urn.apply(() => name);
}

/** Pods that could harm others are refused, warned of and recorded. */
function restricted(): Record<string, string> {
  return Object.fromEntries(
    ["enforce", "warn", "audit"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]),
  );
}
