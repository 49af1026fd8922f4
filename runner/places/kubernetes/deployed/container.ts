/** The container of Locust in a Deployment, and the script that it runs. */
import { basename } from "node:path";
import type { V1Container, V1Deployment } from "@kubernetes/client-node";
import { RunnerError } from "../../../errors";
import { type LocustOptions, type OptionText, readOptions } from "./options";

/** The container of master and of a worker. */
export const containerName = "locust";

/** The plugin's entry, which Locust loads before the script. */
const pluginFile = "loadtest_plugin.py";

export interface LocustContainer {
  readonly container: V1Container;
  /** Where it is in the Deployment, as a JSON Pointer (RFC 6901). */
  readonly pointer: string;
  readonly options: LocustOptions;
  /** The text that names plugin and script. */
  readonly scripts: OptionText;
  /** Path of the one script beside the plugin, as Locust sees it: `/loadtest/scripts/script1.py`. */
  readonly scriptPath: string;
}

/**
 * Finds Locust in a Deployment.
 *
 * @throws RunnerError in one line where it is not a Deployment of LocustDeployment, nor near it
 */
export function locustContainer(deployment: V1Deployment): LocustContainer {
  const containers = deployment.spec?.template.spec?.containers ?? [];
  const index = containers.findIndex(({ name }) => name === containerName);
  const container = containers[index];
  if (container === undefined) throw notOurs(deployment, `it has no container ${containerName}`);
  const options = readOptions(container);
  const { scripts } = options;
  if (scripts === undefined) throw notOurs(deployment, "its Locust gets no script with -f");
  return {
    ...{ container, options, scripts },
    pointer: `/spec/template/spec/containers/${index}`,
    scriptPath: scriptOf(deployment, scripts.value),
  };
}

function scriptOf(deployment: V1Deployment, files: string): string {
  const paths = files.split(",").map((path) => path.trim());
  const scripts = paths.filter((path) => basename(path) !== pluginFile);
  if (scripts.length === paths.length) throw notOurs(deployment, `its Locust does not load ${pluginFile} with -f`);
  const [script, ...others] = scripts;
  if (script === undefined || others.length > 0) {
    throw notOurs(deployment, `its Locust gets ${scripts.length} scripts with -f beside ${pluginFile}, and not one`);
  }
  return script;
}

/** `Deployment locust-control in namespace load`. */
export function nameOf({ metadata }: V1Deployment): string {
  return `Deployment ${metadata?.name} in namespace ${metadata?.namespace}`;
}

export function notOurs(deployment: V1Deployment, why: string): RunnerError {
  return new RunnerError(`${nameOf(deployment)} is not one of LocustDeployment: ${why}`);
}
