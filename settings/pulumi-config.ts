/** The Pulumi program's reader of settings. */
import { Config, type Output, RunError, runtime, secret } from "@pulumi/pulumi";
import { hiddenSecret, SettingsError } from "./errors";
import { isSettingsKey, parseLayers } from "./parse";
import { onlySecretKey } from "./project/secrets";
import { type Rule, stackRules } from "./rules";
import type { Settings } from "./schema";

/** Settings as a Pulumi program has them: secrets stay secret, all else is plain. */
export type ProgramSettings = Omit<Settings, "secretEnvironment"> & {
  /** Variables of the scripts by name: a secret. Undefined without any. */
  readonly secretEnvironment: Output<Record<string, string>> | undefined;
};

/**
 * Reads and checks the stack's config.
 *
 * @param rules beside those of every stack
 * @param config defaults to the project's own
 * @throws RunError, which Pulumi shows without a stack trace, with the text of the SettingsError that is its cause
 */
export function readConfig(rules: readonly Rule[] = [], config: Config = new Config()): ProgramSettings {
  const start = `${config.name}:`;
  const values = Object.fromEntries(
    Object.entries(runtime.allConfig())
      .filter(([key]) => key.startsWith(start))
      .map(([key, value]) => [key.slice(start.length), value]),
  );
  // Any other secret would be written into objects and outputs that everybody may read.
  const misplaced = Object.keys(values)
    .filter((key) => key !== "secretEnvironment" && isSettingsKey(key) && isSecret(start + key))
    .map((key) => ({ key, value: hiddenSecret, allowed: onlySecretKey }));

  const source = "the stack's config";
  const { secretEnvironment, ...plain } = asRunError(() =>
    parseLayers([{ source, values }], source, misplaced, [...stackRules, ...rules]),
  );
  const none = Object.keys(secretEnvironment).length === 0;
  return { ...plain, secretEnvironment: none ? undefined : secret({ ...secretEnvironment }) };
}

/** Does some work; a SettingsError of it becomes a RunError, which Pulumi shows without a stack trace. */
export function asRunError<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw Object.assign(new RunError(error.message), { cause: error });
  }
}

/** Pulumi knows which keys are encrypted, but does not declare the function that tells. */
function isSecret(key: string): boolean {
  return (runtime as { isConfigSecret?: (key: string) => boolean }).isConfigSecret?.(key) ?? false;
}
