/** Commands of the command line as tools: what they take is derived from the command's own arguments and options. */
import type { Command, Option } from "commander";
import { z } from "zod";
import { isRepeatable } from "../options";
import { limitOptions, type Offer, offeredOptions, offers, placeOptions } from "./offers";

/** What `loadtest mcp` was given that holds for every command, by the options' attribute names. */
export type Fixed = Readonly<Record<string, unknown>>;

/** Arguments of a tool, by name. */
export type Input = Readonly<Record<string, unknown>>;

export interface Tool {
  readonly name: string;
  readonly offer: Offer;
  readonly summary: string;
  readonly description: string;
  readonly input: z.ZodObject;
  /** The command line of an input that `input` has taken, without the program. */
  readonly args: (input: Input) => readonly string[];
}

/** The tools of a program: those that change load only where they may. */
export function toolsOf(program: Command, fixed: Fixed, mayLoad: boolean): Tool[] {
  return program.commands.flatMap((command) => {
    const offer = Object.hasOwn(offers, command.name()) ? offers[command.name()] : undefined;
    return offer === undefined || (offer.kind === "load" && !mayLoad) ? [] : [toolOf(command, offer, fixed, mayLoad)];
  });
}

function toolOf(command: Command, offer: Offer, fixed: Fixed, mayLoad: boolean): Tool {
  const hasPlace = placeOptions.some((name) => fixed[name] !== undefined);
  const options = command.options.filter((option) => {
    const name = option.attributeName();
    if (hasPlace && placeOptions.some((one) => one === name)) return false;
    const isOffered = offeredOptions.has(name) || offer.narrows?.includes(name) === true;
    return isOffered && (mayLoad || offer.loadOptions?.includes(name) !== true);
  });
  const limits = offer.kind === "load" ? { ...fixed, users: fixed.maxUsers, workers: fixed.maxWorkers } : {};
  const most = Object.fromEntries(Object.entries(limits).filter(([key]) => offer.reckoned?.includes(key) !== true));
  const shape = {
    ...Object.fromEntries(
      command.registeredArguments.map((one) => {
        const isNeeded = one.required || (!mayLoad && offer.needed?.includes(one.name()) === true);
        const schema = valueSchema(one.name(), most).describe(one.description);
        return [one.name(), isNeeded ? schema : schema.optional()];
      }),
    ),
    ...Object.fromEntries(options.map((one) => [one.attributeName(), optionSchema(one, offer, most).optional()])),
  };
  return {
    name: command.name(),
    offer,
    summary: command.summary(),
    description: [command.description(), offer.note ?? ""].join(" ").trim(),
    input: z.strictObject(shape),
    args: (input) => argsOf(command, options, { ...offer.defaults, ...input }, fixed),
  };
}

/** Names of things that are there: no paths, and nothing that reads as an option. */
const plainName = /^[^./\\-][^/\\]*$/;
const names = new Set(["name", "file", "run", "a", "b", "pod"]);
const numbers = new Set(["n", "usd", "h", "r", "k", "workers"]);
/** Also taken as numbers: 90 for 90s, 500 for 500/s. */
const textsOrNumbers = new Set(["time", "share", "rate"]);

/** @param word what the help calls the value: `<n>` */
function valueSchema(word: string, most: Readonly<Record<string, unknown>>, key = word): z.ZodType {
  if (names.has(word)) return z.string().regex(plainName, "must be a name, not a path");
  if (numbers.has(word)) {
    const limit = most[key];
    return typeof limit === "number" ? z.number().max(limit, `must be at most ${limit}`) : z.number();
  }
  // Not a union, which not every client's model can be given.
  return textsOrNumbers.has(word) ? z.coerce.string() : z.string();
}

function optionSchema(option: Option, offer: Offer, most: Readonly<Record<string, unknown>>): z.ZodType {
  const key = option.attributeName();
  const value = offer.defaults?.[key] ?? option.defaultValueDescription ?? option.defaultValue;
  return withoutDefault(option, key, most).describe(
    value === undefined ? option.description : `${option.description} (default: ${value})`,
  );
}

function withoutDefault(option: Option, key: string, most: Readonly<Record<string, unknown>>): z.ZodType {
  const [, word] = /[<[](.+)[>\]]$/.exec(option.flags) ?? [];
  if (word === undefined) return z.boolean();
  if (option.argChoices !== undefined) return z.enum(option.argChoices);
  const schema = valueSchema(word, most, key);
  if (isRepeatable(option)) return z.array(z.string());
  return option.optional ? z.union([z.boolean(), schema]) : schema;
}

/** Every value stands behind its option's `=`, or behind `--`: none can be read as another option. */
function argsOf(command: Command, offered: readonly Option[], input: Input, fixed: Fixed): readonly string[] {
  const given = offered.filter((option) => input[option.attributeName()] !== undefined);
  const ownNames: readonly string[] = [...placeOptions, ...limitOptions, "results"];
  const own = command.options.filter((option) => {
    const name = option.attributeName();
    if (!ownNames.includes(name) || fixed[name] === undefined || given.includes(option)) return false;
    // Nothing that a run on this machine costs.
    if (name === "maxCost" && input.local === true) return false;
    return !given.some((one) => conflict(one, option) || conflict(option, one));
  });
  const values = command.registeredArguments.map((one) => input[one.name()]).filter((value) => value !== undefined);
  return [
    command.name(),
    "--json",
    ...given.flatMap((option) => optionArgs(option, input[option.attributeName()])),
    ...own.flatMap((option) => optionArgs(option, fixed[option.attributeName()])),
    ...(values.length > 0 ? ["--", ...values.map(String)] : []),
  ];
}

/** Commander declares no type for what `conflicts` was given. */
function conflict(one: Option, other: Option): boolean {
  const { conflictsWith } = one as Option & { readonly conflictsWith: readonly string[] };
  return conflictsWith.includes(other.attributeName());
}

function optionArgs(option: Option, value: unknown): readonly string[] {
  if (value === false) return [];
  if (value === true) return [`${option.long}`];
  if (isRepeatable(option) && Array.isArray(value)) return value.map((one) => `${option.long}=${one}`);
  return [`${option.long}=${value}`];
}
