import { spawnSync } from "node:child_process";
import { hasCluster } from "./cluster";
import { hasPulumi } from "./pulumi-cli";

/** What a suite may need, and why this machine does not have it; undefined where it does. */
const lacks = {
  pulumi: () => (hasPulumi() ? undefined : "the Pulumi CLI is not on the PATH"),
  cluster: () => {
    if (process.env.KUBECONFIG === undefined) return "KUBECONFIG is not set";
    return hasCluster() ? undefined : "KUBECONFIG names no cluster that answers";
  },
  prometheus: () =>
    ["prometheus", "promtool"].every((tool) => spawnSync(tool, ["--version"]).status === 0)
      ? undefined
      : "prometheus and promtool are not on the PATH",
  jq: () => (spawnSync("jq", ["--version"]).status === 0 ? undefined : "jq is not on the PATH"),
} satisfies Record<string, () => string | undefined>;

/** Skips the suite around it, and says why, where this machine lacks one of these. Hooks after it are not run then. */
export function needs(...all: readonly (keyof typeof lacks)[]): void {
  before(function () {
    for (const need of all) {
      const reason = lacks[need]();
      if (reason !== undefined) skip(this, reason);
    }
  });
}

/** Skips the test, or what the hook is for, and says why. */
export function skip(context: Mocha.Context, reason: string): never {
  console.log(`      skipped: ${reason}`);
  return context.skip();
}

/**
 * Each test of the suite around it goes on from the one before: after one that failed, the others are skipped. Mocha's
 * own `bail` leaves them out, and says nothing, also where a test of another suite failed.
 */
export function inSteps(): void {
  let hasFailed = false;
  afterEach(function () {
    hasFailed ||= this.currentTest?.state === "failed";
  });
  beforeEach(function () {
    if (hasFailed) skip(this, "a step before it failed");
  });
}

/** Mounts a file system in memory on a folder, with these options of `mount`; skips where that cannot be done. */
export function mountOrSkip(context: Mocha.Context, folder: string, options: string): void {
  const args = ["-t", "tmpfs", "-o", options, "tmpfs", folder];
  const { status, stderr, error } = spawnSync("mount", args, { encoding: "utf8" });
  if (status !== 0) skip(context, `nothing can be mounted here: ${error?.message ?? stderr.trim()}`);
}
