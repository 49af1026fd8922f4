/** Programs that a test needs, and their versions. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { codeOf } from "../../../errors";
import { findPython } from "../../../places/local/environment";
import { type Check, failed, ok, problem, warning } from "../check";

const run = promisify(execFile);

/** The oldest Node that this program runs on, and that Pulumi's SDK and that of AWS ask for. */
const oldestNode = [20, 19] as const;
const wantedNode = 22;

/** @param version of Node, as `process.versions.node` has it */
export function nodeCheck(withPulumi: boolean, version = process.versions.node): Check {
  return {
    name: "Node",
    look() {
      const [major = 0, minor = 0] = version.split(".").map(Number);
      const todo = `Install Node ${wantedNode} or newer`;
      if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
        return problem(`${version}; ${oldestNode.join(".")} is the least`, todo);
      }
      if (withPulumi && major < wantedNode) {
        return warning(`${version} will do, but Pulumi and AWS' SDK ask for ${wantedNode}`, todo);
      }
      return ok(version);
    },
  };
}

/** Python runs a test on this machine; one in a cluster goes without. */
export function pythonCheck(local: boolean): Check {
  return {
    name: "Python",
    async look(signal) {
      try {
        const command = await findPython();
        const { stdout } = await run(command, ["--version"], { signal });
        return ok(`${stdout.trim().replace(/^Python /, "")} (${command})`);
      } catch (error) {
        const { text } = failed(error);
        return local ? problem(text) : warning(text, "Only runs with --local need it");
      }
    },
  };
}

export function pulumiCheck(): Check {
  const todo = "Install it: https://www.pulumi.com/docs/install";
  return program("Pulumi", "pulumi", ["version"], (text) => text, problem("pulumi is not on the PATH", todo));
}

/** The cluster's kubeconfig calls it. */
export function awsCliCheck(): Check {
  const todo = "Install it: https://docs.aws.amazon.com/cli; the cluster's kubeconfig calls aws eks get-token";
  const version = (text: string) => /aws-cli\/(\S+)/.exec(text)?.[1] ?? text;
  return program("AWS CLI", "aws", ["--version"], version, problem("aws is not on the PATH", todo));
}

/** `up` builds an image with it; another BuildKit builder may take its place. */
export function dockerCheck(): Check {
  const todo = "Start or install Docker: pulumi up builds the image with it, or with another BuildKit builder";
  const missing = warning("docker does not answer", todo);
  return program("Docker", "docker", ["version", "--format", "{{.Server.Version}}"], (text) => text, missing);
}

function program(
  name: string,
  command: string,
  args: readonly string[],
  version: (output: string) => string,
  missing: ReturnType<typeof problem>,
): Check {
  return {
    name,
    async look(signal) {
      const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
      try {
        const { stdout } = await run(command, [...args], { env, signal });
        return ok(version(stdout.trim()));
      } catch (error) {
        if (codeOf(error) === "ENOENT" || missing.state === "warning") return missing;
        return warning(`${command} ${args[0]} fails`, `Look at what it says: ${command} ${args.join(" ")}`);
      }
    },
  };
}
