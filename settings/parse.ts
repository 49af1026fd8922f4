import { closest, distance } from "fastest-levenshtein";
import { hiddenSecret, SettingsError, type SettingsProblem } from "./errors";
import { type KeyDescription, type KeyKind, refusal } from "./keys";
import { type Rule, stackRules } from "./rules";
import { describeSetting, type Settings, type SettingsKey, settingsKeys, settingsSchema } from "./schema";
import { memoryThatComesWith } from "./values/fargate";

/** Values of one origin, by key; a key whose value is undefined is not given. */
export interface Layer {
  /** What problems with these values name: `Pulumi.dev.yaml`, `the command line`. */
  readonly source: string;
  /** As YAML or JSON has them, or as the texts that `pulumi config set` writes. */
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Checks the values of one origin and fills in the defaults.
 *
 * Texts become what their key's type asks for: "8" a number, "true" a boolean, JSON a list or an object; and a number
 * becomes a text where the key is one, as Pulumi hands every plain value on as a text. An empty text or list leaves
 * out a key that may be left out: Pulumi requires every key that `Pulumi.yaml` declares without a default.
 *
 * @param raw values by key
 * @param source what the error names as the origin
 * @throws SettingsError with every problem: unknown keys, wrong values, and rules between keys
 */
export function parseSettings(raw: Readonly<Record<string, unknown>>, source: string): Settings {
  return parseLayers([{ source, values: raw }], source);
}

/**
 * Checks values of several origins, where a later layer's value takes the place of an earlier one's as a whole.
 *
 * @param layers from the defaults to what overrides all else
 * @param source the error's origin; problems from other layers name theirs
 * @param more problems that are known already, to be reported together with those found here; a key that has one
 *   is not looked at again
 * @param rules in the order in which their problems are told; a key that one refuses is wrong for those after it
 * @throws SettingsError as `parseSettings`
 */
export function parseLayers(
  layers: readonly Layer[],
  source: string,
  more: readonly SettingsProblem[] = [],
  rules: readonly Rule[] = stackRules,
): Settings {
  const given = new Map<string, { value: unknown; source: string }>();
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer.values)) {
      if (value !== undefined) given.set(key, { value, source: layer.source });
    }
  }
  const located = (problem: SettingsProblem): SettingsProblem => {
    const from = (given.get(problem.key) ?? given.get(keyOf(problem)))?.source;
    return from === undefined || from === source ? problem : { ...problem, source: from };
  };

  const unknown = [...given.keys()].filter((key) => !isSettingsKey(key)).map(unknownKey);
  const valid: Record<string, unknown> = {};
  const wrong = new Set<SettingsKey>();
  const problems: SettingsProblem[] = [];
  for (const key of settingsKeys) {
    if (more.some((known) => known.key === key)) {
      wrong.add(key);
      continue;
    }
    const found = parseKey(key, given.get(key)?.value);
    if (found.problems.length > 0) wrong.add(key);
    else if (found.value !== undefined) valid[key] = found.value;
    problems.push(...found.problems);
  }
  fillInMemory(valid, wrong);
  for (const rule of rules) {
    const found = rule({ valid, wrong });
    problems.push(...found);
    for (const key of found.map(keyOf).filter(isSettingsKey)) {
      wrong.add(key);
      delete valid[key];
    }
  }

  // What the caller has a problem with already is not said twice.
  const all = [...unknown, ...problems].map(located).filter(({ key }) => !more.some((known) => known.key === key));
  if (all.length + more.length > 0) {
    throw new SettingsError([...more, ...all], source, valid);
  }
  return valid as Settings;
}

/** Memory that is left out is what comes with the CPU, where that is right. */
function fillInMemory(valid: Record<string, unknown>, wrong: ReadonlySet<SettingsKey>): void {
  for (const role of ["worker", "control"] as const) {
    const [cpu, memory] = [`${role}Cpu`, `${role}Memory`] as const;
    if (valid[memory] === undefined && !wrong.has(memory) && typeof valid[cpu] === "number") {
      valid[memory] = memoryThatComesWith(valid[cpu]);
    }
  }
}

/** The key that a problem is about, without the path inside its value: `thresholds` of `thresholds[1]`. */
export function keyOf({ key }: SettingsProblem): string {
  return /^[^.[]*/.exec(key)?.[0] ?? "";
}

/** Whether a setting has this name. */
export function isSettingsKey(key: string): key is SettingsKey {
  return Object.hasOwn(settingsSchema.shape, key);
}

/** Checks the value of one key by itself; undefined stands for a key that is left out, and may be what comes back. */
export function parseKey(key: SettingsKey, raw: unknown): { value?: unknown; problems: SettingsProblem[] } {
  const about = describeSetting(key);
  const value = coerce(about.kind, raw);
  const empty = value === "" || (Array.isArray(value) && value.length === 0);
  const result = settingsSchema.shape[key].safeParse(empty && about.default === undefined ? undefined : value);
  if (result.success) {
    return { value: result.data, problems: [] };
  }
  const problems = result.error.issues.map((issue) => ({
    key: [key, ...issue.path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))].join(""),
    value: about.secret ? hiddenSecret : valueAt(issue.path.length === 0 ? raw : value, issue.path),
    allowed: refusal(issue) ?? allowedAt(about, issue.path),
  }));
  // One value may break several checks at once; one line says what it must be.
  return { problems: problems.filter((one, index) => problems.findIndex(({ key }) => key === one.key) === index) };
}

function allowedAt({ allowed, items }: KeyDescription, path: readonly PropertyKey[]): string {
  return path.length === 0 ? allowed : (items ?? allowed);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  // What is not there would read as missing; in a list or an object it can only be an empty entry.
  return path.reduce((inner, part) => (inner as Record<PropertyKey, unknown> | null)?.[part] ?? null, value);
}

/** Makes of a text what the key's type asks for, where it can be made; anything else is left for the schema to refuse. */
function coerce(kind: KeyKind, value: unknown): unknown {
  if (kind === "string") {
    return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
  }
  if (typeof value !== "string") return value;
  switch (kind) {
    case "integer":
    case "number":
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value) ? Number(value) : value;
    case "boolean":
      return value === "true" || (value === "false" ? false : value);
    default:
      return parseJson(value);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function unknownKey(key: string): SettingsProblem {
  const near = nearestName(key, settingsKeys);
  return { key, value: undefined, allowed: "a setting", unknown: true, ...(near === undefined ? {} : { near }) };
}

/** What other tools call it. */
const synonyms: Readonly<Record<string, string>> = {
  workers: "workerReplicas",
  replicas: "workerReplicas",
  host: "targetHost",
  target: "targetHost",
  env: "environment",
  secrets: "secretEnvironment",
  duration: "runTime",
  locustfile: "script",
};

/** The name that was probably meant by one that does not exist; undefined where none is near. */
export function nearestName(wrong: string, names: readonly string[]): string | undefined {
  const synonym = synonyms[wrong.toLowerCase()];
  if (synonym !== undefined && names.includes(synonym)) return synonym;
  // Other spellings of a name are nearest: worker-replicas, WorkerReplicas.
  const plain = (name: string) => name.toLowerCase().replace(/[-_]/g, "");
  const near = names[names.map(plain).indexOf(closest(plain(wrong), names.map(plain)))];
  const isNear = near !== undefined && distance(plain(wrong), plain(near)) <= Math.max(wrong.length, near.length) / 3;
  return isNear ? near : undefined;
}
