import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LocustDeploymentArgs } from "../../components/locust/locust-deployment";
import { root } from "./pulumi-cli";
import { PulumiProgram } from "./pulumi-program";

const program = `
import { Config, type ResourceTransform } from "@pulumi/pulumi";
import { LocustDeployment, type LocustDeploymentArgs } from "./components";

const args = new Config().requireObject<LocustDeploymentArgs>("args");
// A test that expects a failure does not wait for minutes.
const within = new Config().get("within");
const hurry: ResourceTransform = ({ props, opts }) => ({
  props,
  opts: within === undefined ? opts : { ...opts, customTimeouts: { create: within, update: within, delete: "2m" } },
});
// Not as a whole: with a component among the outputs no saved plan holds.
const locust = new LocustDeployment("shop", args, { transforms: [hurry] });
export const { token, tokenSecretName } = locust;
`;

/** Small enough for a machine of two cores that runs the cluster too. */
const small = { workerCpu: 0.1, workerMemory: 256, controlCpu: 0.2, controlMemory: 256 };

/** A program with one LocustDeployment, of the scripts in its folder `load`, for the real Pulumi CLI. */
export class LocustProgram extends PulumiProgram {
  constructor(private readonly namespace: string) {
    super(program);
    cpSync(join(root, "locust", "plugin"), join(this.folder, "locust", "plugin"), { recursive: true });
  }

  /** A file below `load`. */
  writeFile(name: string, text: string): void {
    const path = join(this.folder, "load", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** @param within how long a Deployment may take to be ready: `15s`; the component's own minutes unless told */
  writeConfig(args: LocustDeploymentArgs, within?: string): void {
    const all = { namespace: this.namespace, scriptsFolder: "load", script: "visit.py", ...small, ...args };
    const config = { "program:args": all, ...(within === undefined ? {} : { "program:within": within }) };
    writeFileSync(join(this.folder, "Pulumi.test.yaml"), JSON.stringify({ config }));
  }

  /** Runs `pulumi up`; gives what it did, by kind: `{ updated: 1, unchanged: 12 }`. */
  upCounts(...options: string[]): Record<string, number> {
    const [, summary = ""] = /\nResources:\n([\s\S]*?)\n\n/.exec(this.up(...options)) ?? [];
    return Object.fromEntries([...summary.matchAll(/(\d+) ([a-z]+)/g)].map(([, count, word]) => [word, Number(count)]));
  }
}
