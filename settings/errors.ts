/** One thing that is wrong with the settings. */
export interface SettingsProblem {
  /** The stack config's key, with a path inside it where the value is a list or an object: `thresholds[1]`. */
  readonly key: string;
  /** The value as it was given; undefined for a key that is missing. Never a secret: those are `[secret]`. */
  readonly value: unknown;
  /** What would be right, to be read after "must be": "an integer from 0 to 1000". */
  readonly allowed: string;
  /** There is no such key; `allowed` then says what it is not: "a setting", "an argument". Defaults to false. */
  readonly unknown?: boolean | undefined;
  /** For a key that does not exist: the nearest one that does. */
  readonly near?: string | undefined;
  /** Where the value came from, where that is not the error's own source: `the command line`. */
  readonly source?: string | undefined;
}

/** Stands for a secret's value wherever one would be shown. */
export const hiddenSecret = "[secret]";

/** Everything that is wrong with the settings, at once: its message has a line a problem and needs no stack trace. */
export class SettingsError extends Error {
  constructor(
    readonly problems: readonly SettingsProblem[],
    /** Where the settings came from: `Pulumi.dev.yaml`, `the stack's config`. */
    readonly source: string,
    /** The settings that are right, by key, defaults filled in. */
    readonly valid: Readonly<Record<string, unknown>> = {},
  ) {
    const count = problems.length === 1 ? "1 setting is" : `${problems.length} settings are`;
    super([`${count} wrong (${source}):`, ...problems.map((problem) => `  ${describeProblem(problem)}`)].join("\n"));
    this.name = "SettingsError";
  }
}

/** A project or stack file that cannot be found or read. Its message is one plain line and needs no stack trace. */
export class StackFileError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StackFileError";
  }
}

/** A text that a reader of values (`parseDuration`, `parseThreshold`) does not understand. */
export class InvalidValueError extends Error {
  constructor(
    readonly value: unknown,
    /** What would be right, to be read after "must be". */
    readonly allowed: string,
  ) {
    super(`${show(value)} is wrong: must be ${allowed}`);
    this.name = "InvalidValueError";
  }
}

/** One line: `users is 0: must be an integer above 0`. */
export function describeProblem({ key, value, allowed, unknown, near, source }: SettingsProblem): string {
  const from = source === undefined ? "" : `, from ${source}`;
  if (unknown) {
    return `${key} is not ${allowed}${near === undefined ? "" : ` (did you mean ${near}?)`}${from}`;
  }
  return `${key} is ${value === undefined ? "missing" : show(value)}${from}: must be ${allowed}`;
}

/** Longer values are cut: a problem is one line. */
const longestValue = 120;

function show(value: unknown): string {
  const later = typeOfLater(value);
  if (later !== undefined) return later;
  const all = typeof value === "number" ? String(value) : (JSON.stringify(value, hideLater) ?? String(value));
  // Messages end in the logs of pipelines, and a password in an address is none of theirs.
  const text = all.replace(/:\/\/[^\s/"@]*:[^\s/"]*@/g, "://…@");
  return text.length <= longestValue ? text : `${text.slice(0, longestValue)}…`;
}

/** What a value is called that is not known yet; undefined for all others. An Output has no text: it throws, or explains. */
function typeOfLater(value: unknown): string | undefined {
  if (value instanceof Promise) return "a Promise";
  return (value as { __pulumiOutput?: unknown } | null | undefined)?.__pulumiOutput === true ? "an Output" : undefined;
}

/** For JSON.stringify, which hands over what an Output says of itself. */
function hideLater(this: Record<string, unknown>, key: string, value: unknown): unknown {
  return typeOfLater(this[key]) ?? value;
}
