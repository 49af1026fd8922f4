/** Folders of files as ConfigMaps. */
import { isUtf8 } from "node:buffer";
import { readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { core } from "@pulumi/kubernetes/types/input";
import { InvalidValueError } from "../../settings/errors";
import { packageRoot } from "../../settings/package-root";
import type { Rule } from "../../settings/rules";
import { configMapKey, configMapPath, listFiles } from "../../settings/scripts/script-files";

/** What a ConfigMap holds, by key. The API server drops what is empty, so that is left out. */
export interface ConfigMapFiles {
  /** Texts. */
  readonly data?: Record<string, string>;
  /** Everything else, in base64. */
  readonly binaryData?: Record<string, string>;
}

/** The most bytes that Kubernetes takes in the values of one ConfigMap. */
export const configMapLimit = 1024 * 1024;

const viaImage = 'scriptDelivery "image" has no such limit';

/**
 * Reads the files of a folder and of the folders in it.
 *
 * @param given the folder as it was written, for the error
 * @throws InvalidValueError where the files are too large for a ConfigMap, or the path of one makes no key of it
 */
export function readFiles(folder: string, given: string = folder): ConfigMapFiles {
  const paths = listFiles(folder);
  const wrong = paths.find((path) => configMapKey(path) === undefined);
  if (wrong !== undefined) {
    const letters = 'of letters, digits, "-", "_" and single "." only, and paths of 253 characters at most';
    throw new InvalidValueError(given, `a folder of files with names ${letters}, unlike ${JSON.stringify(wrong)}`);
  }
  // Sizes first: a folder of recordings need not be read to be refused.
  const bytes = paths.reduce((sum, path) => sum + statSync(join(folder, path)).size, 0);
  if (bytes > configMapLimit) {
    const most = `a folder of at most ${configMapLimit} bytes (1 MiB), as a ConfigMap holds no more`;
    throw new InvalidValueError(given, `${most}, and these are ${bytes}: ${viaImage}`);
  }
  const texts: [string, string][] = [];
  const others: [string, string][] = [];
  for (const path of paths) {
    const content = readFileSync(join(folder, path));
    const key = configMapKey(path) ?? path;
    if (isUtf8(content)) texts.push([key, content.toString("utf8")]);
    else others.push([key, content.toString("base64")]);
  }
  return {
    ...(texts.length === 0 ? {} : { data: Object.fromEntries(texts) }),
    ...(others.length === 0 ? {} : { binaryData: Object.fromEntries(others) }),
  };
}

/** Where a volume has each file, in its folder; undefined where all are beside each other, under their keys. */
export function volumeItems({ data = {}, binaryData = {} }: ConfigMapFiles): core.v1.KeyToPath[] | undefined {
  const items = [...Object.keys(data), ...Object.keys(binaryData)].map((key) => ({ key, path: configMapPath(key) }));
  return items.some(({ key, path }) => key !== path) ? items : undefined;
}

/**
 * The rule that the scripts' folder can become a ConfigMap, where it is to be one; comes after `scriptExists`.
 *
 * @param directory what a relative folder is relative to
 */
export function filesFitConfigMap(directory: string): Rule {
  return ({ valid: { scriptDelivery, scriptsFolder } }) => {
    if (scriptDelivery !== "configmap" || scriptsFolder === undefined) return [];
    try {
      readFiles(resolve(directory, scriptsFolder), scriptsFolder);
      return [];
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error;
      return [{ key: "scriptsFolder", value: error.value, allowed: error.allowed }];
    }
  };
}

/** The plugin's files, which this package brings. */
export function readPlugin(): ConfigMapFiles {
  const { data = {} } = readFiles(join(packageRoot(), "locust", "plugin", "loadtest"));
  return { data: Object.fromEntries(Object.entries(data).filter(([name]) => /\.(py|json)$/.test(name))) };
}
