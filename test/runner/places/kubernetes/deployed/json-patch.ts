import { deepStrictEqual } from "node:assert";

interface PatchOperation {
  readonly op: string;
  readonly path: string;
  readonly value?: unknown;
}

/** Does to a copy of an object what the API server does with a JSON Patch; throws where a test fails. */
export function patched<T extends object>(object: T, operations: readonly PatchOperation[]): T {
  const copy = structuredClone(object);
  for (const { op, path, value } of operations) {
    const keys = path
      .slice(1)
      .split("/")
      .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    const last = keys.pop() ?? "";
    // biome-ignore lint/suspicious/noExplicitAny: any JSON
    const parent = keys.reduce((inner: any, key) => inner[key], copy);
    if (parent === undefined || (op !== "add" && !(last in parent))) throw new Error(`there is no ${path}`);
    if (op === "test") deepStrictEqual(parent[last], value);
    else if (op === "remove") delete parent[last];
    else parent[last] = value;
  }
  return copy;
}
