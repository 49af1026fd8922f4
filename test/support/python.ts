import { join } from "node:path";
import { ensureEnvironment } from "../../runner/places/local/environment";

const root = join(__dirname, "..", "..");

/** The folder that keeps Python environments for all tests: the same that `npm start` uses in this repository. */
export const cacheDirectory = join(root, ".loadtest");

/** The Python, with Locust, that a run on this machine uses; installs it where it is missing. */
export function testPython(): Promise<string> {
  return environment("requirements.txt", "constraints.txt");
}

/** A Python with the tools that check the scripts and the plugin. */
export function toolsPython(): Promise<string> {
  return environment("requirements-dev.txt");
}

function environment(requirements: string, constraints?: string): Promise<string> {
  return ensureEnvironment({
    directory: cacheDirectory,
    requirements: join(root, "locust", requirements),
    constraints: constraints === undefined ? undefined : join(root, "locust", constraints),
    progress: (text) => console.log(`      ${text}`),
  });
}
