import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** This repository. */
export const root = join(__dirname, "..", "..");

/** Whether the real Pulumi CLI is on the PATH. */
export function hasPulumi(): boolean {
  return spawnSync("pulumi", ["version"]).status === 0;
}

/** A resource as a stack's state has it. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly parent?: string;
  readonly provider?: string;
  readonly dependencies?: readonly string[];
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** A folder with a Pulumi project and a state of its own, for the real Pulumi CLI. */
export class PulumiFolder {
  readonly folder: string;

  /** Whether Pulumi checks the program's types before it runs it: half of the time that a preview takes. */
  private readonly checkTypes: boolean;

  /**
   * @param options.linkModules false for a folder whose `node_modules` are made in another way
   * @param options.folder one that is there; by default, a new one
   */
  constructor({
    linkModules = true,
    checkTypes = true,
    folder = mkdtempSync(join(tmpdir(), "loadtest-pulumi-")),
  } = {}) {
    this.folder = folder;
    this.checkTypes = checkTypes;
    if (linkModules) symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
    mkdirSync(join(this.folder, ".state"), { recursive: true });
  }

  /** What Pulumi needs in its environment to find the state. */
  get env(): Readonly<Record<string, string>> {
    return {
      PULUMI_BACKEND_URL: `file://${this.folder}/.state`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      ...(this.checkTypes ? {} : { PULUMI_NODEJS_TRANSPILE_ONLY: "true" }),
    };
  }

  /** Runs `pulumi …`; gives its exit code and all it printed. */
  run(...args: readonly string[]): { code: number | null; output: string } {
    const env = { ...process.env, ...this.env };
    const { status, stdout, stderr } = spawnSync("pulumi", [...args, "--non-interactive"], {
      cwd: this.folder,
      env,
      encoding: "utf8",
      timeout: 180_000,
      // A state has the plugin's files, as they were asked for and as they are.
      maxBuffer: 64 << 20,
    });
    return { code: status, output: `${stdout}${stderr}` };
  }

  /** The same, for what must succeed; gives what was printed. */
  mustRun(...args: readonly string[]): string {
    const { code, output } = this.run(...args);
    if (code !== 0) throw new Error(`pulumi ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  }

  up(...args: readonly string[]): string {
    return this.mustRun("up", "--yes", "--skip-preview", ...args);
  }

  /** What the state holds, providers and the stack itself left out. */
  resources(): StateResource[] {
    const exported = JSON.parse(this.mustRun("stack", "export")) as { deployment: { resources?: StateResource[] } };
    return (exported.deployment.resources ?? []).filter(({ type }) => !type.startsWith("pulumi:"));
  }

  outputs(): Record<string, unknown> {
    return JSON.parse(this.mustRun("stack", "output", "--json"));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
