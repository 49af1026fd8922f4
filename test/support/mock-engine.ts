import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";

/** A resource that a program registered under mocks. */
export type Registered = pulumi.runtime.MockResourceArgs;

/** What Pulumi does not declare of its stand-in for the engine. */
interface MockMonitor {
  getRegisteredResources(): ReadonlyMap<string, { readonly state: { toJavaScript?: () => Record<string, unknown> } }>;
}

/** Keeps what a program registers. Complete after `pulumi.runtime.disconnect()`. */
export class MockEngine {
  /** In the order of their registration. */
  readonly registered: Registered[] = [];

  /** The only resource of a type. */
  one(type: string): Registered {
    const [resource, ...others] = this.registered.filter((registered) => registered.type === type);
    if (resource === undefined || others.length > 0) throw new Error(`There is not just one ${type}.`);
    return resource;
  }

  /** Outputs by URN, as they are registered; of a component only if it does so itself. */
  get states(): ReadonlyMap<string, Record<string, unknown>> {
    const monitor = pulumi.runtime.getMonitor() as unknown as MockMonitor;
    const registered = [...monitor.getRegisteredResources()];
    return new Map(registered.map(([urn, { state }]) => [urn, state.toJavaScript?.() ?? { ...state }]));
  }
}

/**
 * Answers for Pulumi's engine. Components of other packages are one resource, as their insides are made in a plugin.
 *
 * @param outputs what a resource has beside its inputs, and a component altogether
 * @param preview ids, and outputs that `outputs` does not give, are unknown, as in a preview
 * @param answer what a provider's function gives back; defaults to its arguments
 */
export async function mockEngine(
  outputs: (resource: Registered) => Record<string, unknown>,
  preview = false,
  answer: (call: pulumi.runtime.MockCallArgs) => Record<string, unknown> = ({ inputs }) => inputs,
): Promise<MockEngine> {
  const engine = new MockEngine();
  const mocks: pulumi.runtime.Mocks = {
    call: answer,
    newResource: (resource) => {
      engine.registered.push(resource);
      // A component's inputs are not among its outputs, even where they have the same name.
      const state = resource.custom ? { ...resource.inputs, ...outputs(resource) } : outputs(resource);
      return { id: preview ? undefined : `${resource.name}-id`, state };
    },
  };
  await pulumi.runtime.setMocks(mocks, "serverless-load-testing", "test", preview);
  return engine;
}

/** The value of an output; throws where it is unknown, as in a preview. */
export async function known<T>(output: pulumi.Output<T>): Promise<T> {
  if (!(await isKnown(output))) throw new Error("This output is not known.");
  return new Promise((resolve) => output.apply((value) => resolve(value as T)));
}

/** Whether an output has a value yet. */
export function isKnown(output: pulumi.Output<unknown>): Promise<boolean> {
  return (output as unknown as { isKnown: Promise<boolean> }).isKnown;
}

/** The message that making a component ends with, before anything is registered. */
export async function refusedBy(engine: MockEngine, make: () => unknown): Promise<string> {
  try {
    make();
  } catch (error) {
    await pulumi.runtime.disconnect();
    expect(engine.registered, "nothing is registered").to.deep.equal([]);
    expect(error, "shown without a stack trace").to.be.instanceOf(pulumi.RunError);
    return (error as Error).message;
  }
  throw new Error("These arguments are right.");
}
