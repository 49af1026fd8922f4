import * as z from "zod";
import { InvalidValueError } from "./errors";
import { locustOptions, locustVariables } from "./locust-names";
import { fargateCpus, largestMemory } from "./values/fargate";

/** What a key of the settings says about itself, beside its type and default. */
export interface KeyInfo {
  /** One line, for people. */
  readonly description: string;
  /** To be read after "must be": "an integer from 0 to 1000". */
  readonly allowed: string;
  /** The same for one item of a list, or one value of an object. */
  readonly items?: string;
  /** Its values are never shown. Defaults to false. */
  readonly secret?: boolean;
}

/** How a key's value is written; also the types that Pulumi knows, but for fractions and lists of objects. */
export type KeyKind = "string" | "integer" | "number" | "boolean" | "list" | "objects" | "object";

/** All there is to know about one key. */
export interface KeyDescription extends KeyInfo {
  readonly kind: KeyKind;
  /** As it would be written in a stack's file; undefined for a key that may be left out. */
  readonly default: unknown;
}

/** Puts what a key says about itself beside its type. */
export function key<T extends z.ZodType>(type: T, info: KeyInfo): T {
  return type.meta({ ...info });
}

/** Reads back what `key` and the type itself say. */
export function describeKey(type: z.ZodType): KeyDescription {
  const { description = "", allowed, items, secret } = (type.meta() ?? {}) as Partial<KeyInfo>;
  return {
    description,
    allowed: allowed ?? "",
    ...(items === undefined ? {} : { items }),
    ...(secret === undefined ? {} : { secret }),
    kind: kindOf(type),
    default: type instanceof z.ZodPrefault ? type.def.defaultValue : undefined,
  };
}

function kindOf(type: z.core.$ZodType): KeyKind {
  if (type instanceof z.ZodPrefault || type instanceof z.ZodOptional || type instanceof z.ZodReadonly) {
    return kindOf(type.def.innerType);
  }
  if (type instanceof z.ZodPipe) return kindOf(type.def.in);
  if (type instanceof z.ZodArray) return kindOf(type.element) === "object" ? "objects" : "list";
  if (type instanceof z.ZodRecord || type instanceof z.ZodObject) return "object";
  if (type instanceof z.ZodBoolean) return "boolean";
  if (type instanceof z.ZodLiteral) return [...type.values].every(Number.isInteger) ? "integer" : "number";
  if (type instanceof z.ZodNumber) return type.isInt ? "integer" : "number";
  return "string";
}

/** Rejects a value with a text of its own, to be read after "must be", instead of the key's. */
export function refuse(context: z.RefinementCtx, allowed: string, path: PropertyKey[] = []): void {
  context.addIssue({ code: "custom", params: { allowed }, path });
}

/** The text that `refuse` gave, also where it is about a name in an object; undefined for zod's own issues. */
export function refusal(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === "invalid_key") return issue.issues.map(refusal).find((allowed) => allowed !== undefined);
  const allowed: unknown = issue.code === "custom" ? issue.params?.allowed : undefined;
  return typeof allowed === "string" ? allowed : undefined;
}

/** A text that becomes what `read` makes of it; what `read` says in an InvalidValueError is what is allowed. */
export function readBy<T>(read: (text: string) => T) {
  return z.string().transform((text, context) => attempt(text, read, context) ?? z.NEVER);
}

/** A text that `read` understands, kept as it is. */
export function checkedBy(read: (text: string) => unknown) {
  return z.string().superRefine((text, context) => {
    attempt(text, read, context);
  });
}

function attempt<T>(text: string, read: (text: string) => T, context: z.RefinementCtx): T | undefined {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof InvalidValueError)) throw error;
    refuse(context, error.allowed);
    return undefined;
  }
}

/** A list of different items. */
export function listOf<T extends z.ZodType>(item: T, { min = 0, max = Number.POSITIVE_INFINITY } = {}) {
  return z
    .array(item)
    .superRefine((items, context) => {
      if (items.length < min || items.length > max) {
        context.addIssue({ code: "custom" });
      }
      items.forEach((one, index) => {
        if (items.indexOf(one) < index) refuse(context, "there once", [index]);
      });
    })
    .readonly();
}

const smallestMemory = 128;
const mostMemory = largestMemory(Math.max(...fargateCpus)) ?? 0;
const [smallestCpu, mostCpu] = [0.05, Math.max(...fargateCpus)];
// Any size on a cluster that exists; `rules.ts` holds Fargate to its own.
export const cpu = z.number().min(smallestCpu).max(mostCpu);
export const cpuAllowed = `a number from ${smallestCpu} to ${mostCpu}`;
export const memory = z.int().min(smallestMemory).max(mostMemory);
export const memoryAllowed = `an integer from ${smallestMemory} to ${mostMemory} (MiB)`;

export const subnets = (min: number) =>
  listOf(z.string().regex(/^subnet-([0-9a-f]{8}|[0-9a-f]{17})$/), { min }).optional();
export const subnetAllowed = 'a subnet\'s id, such as "subnet-0123456789abcdef0"';

export const vpcPattern = /^vpc-([0-9a-f]{8}|[0-9a-f]{17})$/;

/** `v1.12.4-eksbuild.1` */
export const addonVersion = /^v\d+\.\d+\.\d+-eksbuild\.\d+$/;

/** A DNS label, as Kubernetes takes it. */
export const labelPattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** CloudWatch's retention periods, in days (PutRetentionPolicy); "never expires" is left out on purpose. */
export const retentionDays = [
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545],
  ...[731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
];

/** A file that is also a key of a ConfigMap: letters, digits and `-_.`, no dash first as Locust would take an option. */
export const scriptName = /^(?!-)[-._A-Za-z0-9]{1,250}\.py$/;

const variableName = z.string().superRefine((name, context) => {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    refuse(context, "named with letters, digits and _, and no digit first");
  } else if (locustVariables.has(name)) {
    refuse(context, "no variable of Locust's own: its options are set by the load test");
  } else if (name.startsWith("LOADTEST_")) {
    refuse(context, "named without LOADTEST_ at the front: those are set by the load test");
  }
});

/** Environment variables by name; numbers and booleans become texts, as they would in a shell. */
export function environment() {
  return z.record(variableName, z.union([z.string(), z.number(), z.boolean()]).transform(String)).readonly();
}

/** Labels, annotations and the like. */
export function textsByName() {
  return z.record(z.string().min(1), z.string()).readonly();
}

/** What pods tolerate of nodes, as in Kubernetes. */
export function tolerations() {
  const one = z.strictObject({
    key: z.string().min(1).optional(),
    operator: z.enum(["Exists", "Equal"]).optional(),
    value: z.string().optional(),
    effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
    tolerationSeconds: z.int().min(0).optional(),
  });
  return z.array(one.readonly()).readonly();
}

const argumentName = z.string().superRefine((name, context) => {
  if (!/^[A-Za-z0-9][-\w]*$/.test(name)) {
    refuse(context, 'named as in the script, without "--" at the front: of letters, digits, "-" and "_"');
  } else if (locustOptions.has(name.replaceAll("_", "-"))) {
    refuse(context, "no option of Locust's own, which the load test sets");
  }
});

const plain = z.union([z.string(), z.number(), z.boolean()]);

/** A script's own arguments by name, as texts; a list is one in JSON. */
export function scriptArguments() {
  const list = z.array(plain.transform(String)).transform((items) => JSON.stringify(items));
  return z.record(argumentName, z.union([plain.transform(String), list])).readonly();
}
