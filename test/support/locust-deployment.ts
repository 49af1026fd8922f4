import type { core } from "@pulumi/kubernetes/types/output";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import type { LocustDeploymentArgs } from "../../components/locust/locust-deployment";
import { known, type MockEngine, mockEngine, type Registered, refusedBy } from "./mock-engine";

export const kinds = {
  namespace: "kubernetes:core/v1:Namespace",
  configMap: "kubernetes:core/v1:ConfigMap",
  secret: "kubernetes:core/v1:Secret",
  deployment: "kubernetes:apps/v1:Deployment",
  service: "kubernetes:core/v1:Service",
  budget: "kubernetes:policy/v1:PodDisruptionBudget",
  password: "random:index/randomPassword:RandomPassword",
};

/** What the provider adds: a name where there is none. */
function outputsOf({ type, name, inputs }: Registered): Record<string, unknown> {
  if (type === kinds.password) return { result: "random-token" };
  return inputs.metadata ? { metadata: { name: `${name}-1a2b3c4d`, ...inputs.metadata } } : {};
}

export async function make(
  args?: LocustDeploymentArgs,
  preview = false,
  options: pulumi.ComponentResourceOptions = {},
) {
  const engine = await mockEngine(preview ? () => ({}) : outputsOf, preview);
  const { LocustDeployment } = await import("../../components/locust/locust-deployment.js");
  const locust = new LocustDeployment("test", args, options);
  await known(locust.urn);
  await pulumi.runtime.disconnect();
  return { locust, engine };
}

export function named(engine: MockEngine, type: string, name: string): Registered {
  const found = engine.registered.find((resource) => resource.type === type && resource.name === name);
  if (found === undefined) throw new Error(`There is no ${type} ${name}.`);
  return found;
}

export interface Workload {
  readonly deployment: Registered["inputs"];
  readonly pod: core.v1.PodSpec;
  readonly container: core.v1.Container;
}

export function workload(engine: MockEngine, role: string): Workload {
  const { inputs } = named(engine, kinds.deployment, `test-${role}`);
  const pod = inputs.spec.template.spec;
  return { deployment: inputs, pod, container: pod.containers[0] };
}

export async function workloads(args?: LocustDeploymentArgs): Promise<{ control: Workload; worker: Workload }> {
  const { engine } = await make(args);
  return { control: workload(engine, "control"), worker: workload(engine, "worker") };
}

export function environmentOf({ container }: Workload): Record<string, unknown> {
  return Object.fromEntries(container.env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));
}

/** The value that follows an option. */
export function option({ container: { args } }: Workload, name: string): string | undefined {
  const index = args.indexOf(name);
  return index < 0 ? undefined : args[index + 1];
}

/** A secret's value, as it is on its way to the engine. */
export function revealed(secret: unknown): unknown {
  expect(secret, "a secret").to.be.an("object").that.includes.keys("value");
  return (secret as { value: unknown }).value;
}

/** The message that some arguments end with, before anything is registered. */
export async function refused(args: LocustDeploymentArgs, name = "test"): Promise<string> {
  const engine = await mockEngine(outputsOf);
  const { LocustDeployment } = await import("../../components/locust/locust-deployment.js");
  return refusedBy(engine, () => new LocustDeployment(name, args));
}
