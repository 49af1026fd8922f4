/** Types of arguments that all components have, and values that are known later. */
import * as pulumi from "@pulumi/pulumi";
import { isObject } from "../settings/values/object";

/** A list that is only read. It is called Array, as Pulumi's schema analyser knows lists by that name alone. */
interface Array<T> extends ReadonlyArray<T> {}

export type { Array as List };

/** Texts by name, such as tags, labels or variables; each may be an output, and so may all of them together. */
export type Texts = pulumi.Input<{ readonly [name: string]: pulumi.Input<string> }>;

/** Whether a value, or something in it, is an Output or a Promise. */
export function isLater(value: unknown): boolean {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return true;
  if (globalThis.Array.isArray(value)) return value.some(isLater);
  return isObject(value) && !pulumi.Resource.isInstance(value) && Object.values(value).some(isLater);
}

/** What `work` makes of a value: at once where all of it is known. */
export function mapInput<T, U>(value: pulumi.Input<T>, work: (known: T) => U): pulumi.Input<U> {
  return isLater(value)
    ? pulumi.output(value).apply((known) => pulumi.output(work(known as T)) as pulumi.Output<U>)
    : work(value as T);
}

/** One part of an object that may be known later. */
export function partOf<T extends object, K extends keyof T>(
  whole: pulumi.Input<T>,
  key: K,
): T[K] | pulumi.Output<pulumi.Unwrap<T[K]>> {
  const isKnown = !(pulumi.Output.isInstance(whole) || whole instanceof Promise);
  if (isKnown) return (whole as T)[key];
  return pulumi.output(whole).apply((known) => (known as T)[key]) as pulumi.Output<pulumi.Unwrap<T[K]>>;
}
