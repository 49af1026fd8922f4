/** What `Pulumi.yaml` must say about the settings. */
import type { KeyKind } from "../keys";
import { describeSetting, settingsKeys } from "../schema";

/** A key in the `config:` of `Pulumi.yaml`. */
export interface ConfigDeclaration {
  /**
   * Left out for fractions and lists of objects, which Pulumi has no type for, for secrets, whose type would make them
   * required, and for numbers that may be left out.
   */
  readonly type?: "string" | "integer" | "boolean" | "array" | "object";
  readonly items?: { readonly type: "string" };
  readonly secret?: true;
  /** Pulumi requires a key without a default: one that may be left out has an empty text or list. */
  readonly default: unknown;
  readonly description: string;
}

const types: Readonly<Record<KeyKind, ConfigDeclaration["type"]>> = {
  string: "string",
  integer: "integer",
  number: undefined,
  boolean: "boolean",
  list: "array",
  objects: undefined,
  object: "object",
};

/** The `config:` of `Pulumi.yaml`, made from the schema. */
export function configDeclarations(): Record<string, ConfigDeclaration> {
  return Object.fromEntries(settingsKeys.map((key) => [key, declare(key)]));
}

function declare(key: (typeof settingsKeys)[number]): ConfigDeclaration {
  const about = describeSetting(key);
  // The empty text that leaves a number out is no number.
  const anyType = about.secret || (about.kind === "integer" && about.default === undefined);
  const type = anyType ? undefined : types[about.kind];
  return {
    ...(type === undefined ? {} : { type }),
    ...(type === "array" ? { items: { type: "string" } as const } : {}),
    ...(about.secret ? { secret: true as const } : {}),
    default: about.default ?? (about.kind === "list" ? [] : ""),
    description: about.description,
  };
}
