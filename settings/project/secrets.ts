/** Encrypted values of a stack's file, which only Pulumi can read. */
import { hiddenSecret, type SettingsProblem } from "../errors";
import { isObject } from "../values/object";

/** A stack's values without the encrypted ones. */
export interface Readable {
  /** Values by key; an encrypted variable has a stand-in, so that its name is checked with the others. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Names of the variables of `secretEnvironment` that have a stand-in, sorted. */
  readonly secretNames: readonly string[];
  /** Encrypted values in places that are not for secrets. */
  readonly problems: readonly SettingsProblem[];
  /** Plain sentences for people. */
  readonly warnings: readonly string[];
}

/** The one key that holds secrets. */
const secretKey = "secretEnvironment";

/** What is wrong with a secret in any other key; also said of the program's config. */
export const onlySecretKey = `plain text, as only ${secretKey} may be encrypted`;

/**
 * Sorts out what can be read without Pulumi.
 *
 * @param config a stack's values by key, as its file has them
 * @param file the file's name, for the sentences
 */
export function withoutSecrets(config: Readonly<Record<string, unknown>>, file: string): Readable {
  const { [secretKey]: secrets, ...others } = config;
  const problems = Object.entries(others).flatMap(([key, value]) =>
    encryptedPaths(value, key).map((path) => ({ key: path, value: hiddenSecret, allowed: onlySecretKey })),
  );
  const variables = isObject(secrets) && !isEncrypted(secrets) ? secrets : {};
  const names = Object.keys(variables).sort();
  const secretNames = names.filter((name) => encryptedPaths(variables[name], name).length > 0);
  const plainNames = names.filter((name) => !secretNames.includes(name));

  const warnings: string[] = [];
  if (isEncrypted(secrets)) {
    warnings.push(`${secretKey} in ${file} is encrypted as a whole, so its variables are left out here.`);
  }
  if (secretNames.length > 0) {
    const are = secretNames.length === 1 ? "is encrypted, so it is" : "are encrypted, so they are";
    warnings.push(`${secretNames.join(", ")} of ${secretKey} in ${file} ${are} left out here.`);
  }
  if (plainNames.length > 0) {
    const are = plainNames.length === 1 ? "is" : "are";
    const how = `pulumi config set --secret --path ${secretKey}.${plainNames[0]}`;
    warnings.push(`${plainNames.join(", ")} of ${secretKey} in ${file} ${are} not encrypted; "${how}" does it.`);
  }

  const readable = {
    ...variables,
    ...Object.fromEntries(secretNames.map((name) => [name, hiddenSecret])),
  };
  const kept =
    isEncrypted(secrets) || secrets === undefined ? {} : { [secretKey]: isObject(secrets) ? readable : secrets };
  return { values: { ...others, ...kept }, secretNames, problems, warnings };
}

/** Pulumi writes every encrypted value as an object with the one key `secure`. */
function isEncrypted(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length === 1 && typeof value.secure === "string";
}

function encryptedPaths(value: unknown, path: string): string[] {
  if (isEncrypted(value)) return [path];
  if (Array.isArray(value)) return value.flatMap((item, index) => encryptedPaths(item, `${path}[${index}]`));
  if (isObject(value)) return Object.entries(value).flatMap(([key, item]) => encryptedPaths(item, `${path}.${key}`));
  return [];
}
