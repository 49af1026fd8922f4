import { Deployment } from "@pulumi/kubernetes/apps/v1/deployment";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { Service } from "@pulumi/kubernetes/core/v1/service";
import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1/podDisruptionBudget";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword";
import { anyObject, kubernetesProvider } from "../kubernetes-provider";
import type { LocustDeploymentArgs } from "./args";
import { checkArgs, takeNamespace } from "./check";
import { makeContents } from "./contents";
import { type LoadTest, loadTestOutput } from "./load-test-output";
import { commonLabels, readyWithinSeconds, webPort } from "./pod";
import { warnOfProblems } from "./warnings";
import {
  controlName,
  deployment,
  describeTest,
  disruptionBudget,
  imageOf,
  podTemplates,
  restricted,
  service,
  workerName,
} from "./workload";

export { type LocustCluster, type LocustDeploymentArgs, type PodVolume, ScriptDelivery } from "./args";
export type { CostOfTest, LoadOfTest, LoadTest } from "./load-test-output";

const timeouts: pulumi.CustomTimeouts = {
  // Behind the Deployments' own deadline, so that they can say what they are waiting for.
  create: `${readyWithinSeconds + 60}s`,
  update: `${readyWithinSeconds + 60}s`,
  delete: "5m",
};

/**
 * Locust on any Kubernetes cluster: a master and its workers, ready for runs.
 *
 * It goes to the cluster of the option `provider`, or to that of the argument `cluster`. Export its output `loadtest`, and
 * all of the command line works with it.
 *
 * Makes a namespace with Pod Security level `restricted`; ConfigMaps with the scripts and with the plugin that guards
 * the master and counts exactly; Secrets with the token and with `secretEnvironment`; the Deployments `locust-control`
 * (the master) and `locust-worker`; the Service `locust-control`, inside the cluster only, with port 8089 for the web UI
 * and the API and port 5557 for workers; and a PodDisruptionBudget for each Deployment.
 *
 * A change of anything in the pods replaces their Deployment, and with the master's also the workers': pods end, new
 * ones start, and `pulumi up` waits until they are ready, for 6 minutes at most, and fails with their names where they
 * are not; their statuses, and `loadtest status`, have their last words. A run that is under way is lost, and its lock
 * goes with the master's Deployment. A change of `workerReplicas` keeps the pods that stay; a worker that goes reports
 * all its samples first.
 *
 * Disruptions: the master is not evicted, as the samples of the run are in its memory; to drain its node, delete the
 * pod. Where EKS has to patch Fargate, it tries to evict, announces the date, and then deletes the pod. Workers are
 * evicted one at a time, and the master gives their users to the others.
 *
 * `kubectl scale` may change the number of workers, and a patch of both Deployments the script that runs: it lasts
 * until `workerReplicas` or the pods change, or until `pulumi up --refresh`.
 *
 * @example
 * const test = new LocustDeployment("shop", {
 *   scriptsFolder: "load",
 *   script: "checkout.py",
 *   targetHost: "https://shop.example.com",
 *   workerReplicas: 4,
 *   secretEnvironment: { API_KEY: config.requireSecret("apiKey") },
 * }, { provider });
 * export const { loadtest, token } = test;
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
  /** Port of the Service with Locust's web UI and API. */
  public readonly webPort: pulumi.Output<number>;
  /** Name of the Secret with the token, below its key `token`. */
  public readonly tokenSecretName: pulumi.Output<string>;
  /** What requests that start, change or stop a run must carry: a secret. */
  public readonly token: pulumi.Output<string>;
  /** The script that runs. */
  public readonly script: pulumi.Output<string>;
  /** What a run would fail by, in words, as it is logged: limits on Fargate, and in previews a target that does not answer. */
  public readonly warnings: pulumi.Output<string[]>;
  /** What the command line asks a stack for, as its output of the same name. */
  public readonly loadtest: LoadTest;

  constructor(name: string, args: LocustDeploymentArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    // Before anything is registered.
    const plan = checkArgs(name, args);
    const { settings } = plan;
    // Without the arguments, as the state would show a token that is plain.
    super("serverless-load-testing:index:LocustDeployment", name, {}, opts);

    const clusterProvider =
      args.cluster === undefined ? undefined : kubernetesProvider(name, args.cluster, this, opts?.parent);
    const where = args.cluster ?? this.getProvider(anyObject);
    const namespaceName = takeNamespace(name, where, plan.namespace);
    const options = { parent: this, ...(clusterProvider === undefined ? {} : { provider: clusterProvider }) };
    const namespace =
      args.createNamespace === false
        ? undefined
        : new Namespace(
            `${name}-namespace`,
            { metadata: { name: namespaceName, labels: { ...commonLabels, ...restricted() } } },
            options,
          );
    // The name is known before the namespace is, and so a preview sees all; what needs it waits by dependsOn.
    const child = { ...options, ...(namespace === undefined ? {} : { dependsOn: [namespace] }) };
    const token = pulumi.secret(
      plan.token ?? new RandomPassword(`${name}-token`, { length: 32, special: false }, { parent: this }).result,
    );
    const contents = makeContents({ name, namespace: namespaceName, opts: child }, plan, token, args);
    const { controlPod, workerPod } = podTemplates(plan, contents, args);
    const description = describeTest(plan, args.image, contents);
    const slow = { ...child, customTimeouts: timeouts };
    // The provider takes an update of a Deployment that ends all its pods first for done before there is a new one
    // (kubernetes issue 115538): `up` would pass whatever becomes of them. A new Deployment is waited for, and its pods'
    // troubles are told. The name is taken until the old one is gone.
    const replaced = { ...slow, replaceOnChanges: ["spec.template"], deleteBeforeReplace: true };
    const control = new Deployment(
      `${name}-control`,
      deployment("control", namespaceName, 1, controlPod, description),
      replaced,
    );
    const worker = new Deployment(
      `${name}-worker`,
      deployment("worker", namespaceName, settings.workerReplicas, workerPod, description),
      replaced,
    );
    // It waits for the master to be ready; the Deployments must not wait for it.
    const masterService = new Service(`${name}-control`, service(namespaceName), slow);
    new PodDisruptionBudget(`${name}-control`, disruptionBudget("control", namespaceName), child);
    new PodDisruptionBudget(`${name}-worker`, disruptionBudget("worker", namespaceName), child);

    this.namespaceName = nameOf(namespace, namespaceName);
    this.controlDeployment = nameOf(control, controlName);
    this.workerDeployment = nameOf(worker, workerName);
    this.serviceName = nameOf(masterService, controlName);
    this.webPort = pulumi.output(webPort);
    this.tokenSecretName = contents.tokenSecret;
    this.token = token;
    this.script = pulumi.output(settings.script);
    this.warnings = warnOfProblems(this, args.cluster, plan, imageOf(plan, args));
    this.loadtest = loadTestOutput(args, plan, {
      namespace: this.namespaceName,
      controlDeployment: this.controlDeployment,
      workerDeployment: this.workerDeployment,
      service: this.serviceName,
      webPort: this.webPort,
      tokenSecret: this.tokenSecretName,
    });
    this.registerOutputs({
      namespaceName: this.namespaceName,
      controlDeployment: this.controlDeployment,
      workerDeployment: this.workerDeployment,
      serviceName: this.serviceName,
      webPort: this.webPort,
      tokenSecretName: this.tokenSecretName,
      token: this.token,
      script: this.script,
      warnings: this.warnings,
      loadtest: this.loadtest,
    });
  }
}

/** A name that previews know too, also on a cluster that is still to be made; what uses it waits for the object. */
function nameOf(object: pulumi.Resource | undefined, name: pulumi.Input<string>): pulumi.Output<string> {
  return object === undefined ? pulumi.output(name) : pulumi.all([name, object.urn]).apply(([known]) => known);
}
