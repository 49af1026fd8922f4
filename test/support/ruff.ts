import { dirname, join } from "node:path";
import { toolsPython } from "./python";

/** The ruff of `locust/requirements-dev.txt`; installs it where it is missing. */
export async function testRuff(): Promise<string> {
  return join(dirname(await toolsPython()), "ruff");
}
