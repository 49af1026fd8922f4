/** One thing that is wrong with the settings. */
export interface SettingsProblem {
  /** The stack config's key, with a path inside it where the value is a list or an object: `thresholds[1]`. */
  readonly key: string;
  /** The value as it was given; undefined for a key that is missing. Never a secret. */
  readonly value: unknown;
  /** What would be right: "an integer from 0 to 1000". */
  readonly allowed: string;
  /** For a key that does not exist: the nearest one that does. */
  readonly near?: string | undefined;
}

/** Everything that is wrong with the settings, at once: its message has a line a problem and needs no stack trace. */
export class SettingsError extends Error {
  constructor(
    readonly problems: readonly SettingsProblem[],
    /** Where the settings came from: `Pulumi.dev.yaml`, `the stack's config`. */
    readonly source: string,
  ) {
    const count = problems.length === 1 ? "1 setting is" : `${problems.length} settings are`;
    super([`${count} wrong (${source}):`, ...problems.map((problem) => `  ${describe(problem)}`)].join("\n"));
    this.name = "SettingsError";
  }
}

function describe({ key, value, allowed, near }: SettingsProblem): string {
  const given = value === undefined ? "is missing" : `is ${JSON.stringify(value)}`;
  return `${key} ${given}; ${allowed}${near === undefined ? "" : ` (did you mean ${near}?)`}`;
}
