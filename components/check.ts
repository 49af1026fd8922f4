/** Checks what a component is given: names and types of all arguments, and values by the rules of the settings. */
import { type Input, Output, output } from "@pulumi/pulumi";
import { hiddenSecret, SettingsError, type SettingsProblem } from "../settings/errors";
import type { KeyKind } from "../settings/keys";
import { nearestName, parseKey } from "../settings/parse";
import { asRunError } from "../settings/pulumi-config";
import { describeSetting, type SettingsKey } from "../settings/schema";
import { isObject } from "../settings/values/object";
import { isLater } from "./inputs";

/** What a known value comes to, or what is wrong with it. */
interface Read {
  readonly value?: unknown;
  readonly problems: readonly SettingsProblem[];
}

/** One argument of a component. Every argument may be left out here; which must be given is for the component to say. */
export interface Argument {
  /** What is right, to be read after "must be". */
  readonly allowed: string;
  /** Which of it may be an Output: nothing, the items of a list that is known itself, or all. */
  readonly later: "no" | "items" | "yes";
  readonly read: (value: unknown, key: string) => Read;
}

export type Arguments<T> = { readonly [Key in keyof T]-?: Argument };

const types: Readonly<Record<KeyKind, (value: unknown) => boolean>> = {
  string: (value) => typeof value === "string",
  integer: (value) => typeof value === "number",
  number: (value) => typeof value === "number",
  boolean: (value) => typeof value === "boolean",
  list: Array.isArray,
  objects: Array.isArray,
  object: isObject,
};

/** An argument that is a setting of the stack too; its type must be right, as texts are not read here. */
export function setting(name: SettingsKey, later: Argument["later"] = "no"): Argument {
  const { kind, allowed, secret } = describeSetting(name);
  const read = (value: unknown, key: string): Read => {
    if (value !== undefined && !types[kind](value)) {
      return { problems: [{ key, value: secret ? hiddenSecret : value, allowed }] };
    }
    const { problems, ...found } = parseKey(name, value);
    return { ...found, problems: problems.map((one) => ({ ...one, key: key + one.key.slice(name.length) })) };
  };
  return { allowed, later, read };
}

/** Any other argument. */
export function argument(
  allowed: string,
  isRight: (value: unknown) => boolean,
  later: Argument["later"] = "no",
): Argument {
  const read = (value: unknown, key: string): Read =>
    value === undefined || isRight(value) ? { value, problems: [] } : { problems: [{ key, value, allowed }] };
  return { allowed, later, read };
}

export const text = (allowed = "a text") => argument(allowed, isText, "yes");
export const seconds = (min: number, max: number) =>
  argument(
    `a number of seconds from ${min} to ${max}`,
    (value) => typeof value === "number" && value >= min && value <= max,
  );
export const flag = argument("true or false", types.boolean);
export const texts = (what = "texts") =>
  argument(`an object of ${what}`, (value) => isObject(value) && Object.values(value).every(types.string), "yes");
export const listOfTexts = (allowed: string, min = 0, max = Number.POSITIVE_INFINITY) =>
  argument(
    allowed,
    (value) => Array.isArray(value) && value.length >= min && value.length <= max && value.every(isText),
    "yes",
  );

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** Everything that can be said at once: about names, types, and values that are known. */
export function checkArguments<T>(args: unknown, rules: Arguments<T>): SettingsProblem[] {
  if (!isObject(args) || isWhollyLater(args)) {
    return [{ key: "args", value: args, allowed: "an object of arguments" }];
  }
  const unknown = Object.keys(args).filter((key) => args[key] !== undefined && !Object.hasOwn(rules, key));
  return [
    ...unknown.map((key) => unknownArgument(key, Object.keys(rules))),
    ...Object.entries<Argument>(rules).flatMap(([key, rule]) => problemsNow(rule, args[key], key)),
  ];
}

/**
 * The value of an argument: at once, or as soon as it is known.
 *
 * @throws RunError, also when it is known, with the text that a wrong plain value would have
 */
export function readArgument<T>(source: string, { read }: Argument, value: unknown, key: string): Input<T> {
  const readKnown = (known: unknown) =>
    asRunError(() => {
      const found = read(known, key);
      if (found.problems.length > 0) throw new SettingsError(found.problems, source);
      return found.value as T;
    });
  return isLater(value) ? (output(value) as Output<unknown>).apply(readKnown) : readKnown(value);
}

/** What is wrong where a whole, such as a cluster, and its parts are not given in exactly one of the two ways. */
export function wholeOrParts<K extends string>(
  args: Readonly<Record<string, unknown>>,
  whole: string,
  parts: readonly K[],
  rules: Readonly<Record<K, Argument>>,
): SettingsProblem[] {
  return parts.flatMap((key) => {
    const isGiven = args[key] !== undefined && args[key] !== "";
    if (isGiven === (args[whole] === undefined)) return [];
    const allowed = isGiven ? `left out, as ${whole} is given` : `${rules[key].allowed}, or ${whole} given`;
    return [{ key, value: args[key], allowed }];
  });
}

/** What is known of a value: outputs in a list are left out, those in an object are empty texts. */
export function knownOf(value: unknown): unknown {
  if (!isLater(value)) return value;
  if (Array.isArray(value)) return value.filter((item) => !isLater(item));
  if (!isObject(value) || isWhollyLater(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, isLater(item) ? "" : item]));
}

function problemsNow({ allowed, later, read }: Argument, value: unknown, key: string): readonly SettingsProblem[] {
  if (!isLater(value)) return read(value, key).problems;
  if (later === "no" || (later === "items" && isWhollyLater(value))) {
    return [{ key, value, allowed: `${allowed}, known when the program runs` }];
  }
  if (!Array.isArray(value)) return read(knownOf(value), key).problems;
  // One by one: how many there are, and whether they differ, shows only when all are known.
  return value.flatMap((item, index) =>
    isLater(item)
      ? []
      : read([item], key)
          .problems.filter((problem) => problem.key !== key)
          .map((problem) => ({ ...problem, key: problem.key.replace("[0]", `[${index}]`) })),
  );
}

/** Whether it is an Output or a Promise itself. */
function isWhollyLater(value: unknown): boolean {
  return Output.isInstance(value) || value instanceof Promise;
}

function unknownArgument(key: string, names: readonly string[]): SettingsProblem {
  return { key, value: undefined, allowed: "an argument", unknown: true, near: nearestName(key, names) };
}
