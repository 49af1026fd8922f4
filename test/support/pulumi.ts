import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(__dirname, "..", "..");

/** Whether the real Pulumi CLI is on the PATH. */
export function hasPulumi(): boolean {
  return spawnSync("pulumi", ["version"]).status === 0;
}

/** A copy of the project with a state of its own, for the real Pulumi CLI. */
export class PulumiProject {
  readonly folder = mkdtempSync(join(tmpdir(), "loadtest-pulumi-"));
  private readonly env: NodeJS.ProcessEnv;

  constructor() {
    const parts = ["Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.single-az.yaml", "index.ts", "settings", "locust"];
    for (const part of [...parts, "package.json", "tsconfig.json"]) {
      cpSync(join(root, part), join(this.folder, part), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
    this.env = {
      ...process.env,
      PULUMI_BACKEND_URL: `file://${this.folder}/.state`,
      PULUMI_CONFIG_PASSPHRASE: "test",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    };
    mkdirSync(join(this.folder, ".state"));
  }

  /** Runs `pulumi …`; gives its exit code and all it printed. */
  run(...args: readonly string[]): { code: number | null; output: string } {
    const options = { cwd: this.folder, env: this.env, encoding: "utf8", timeout: 120_000 } as const;
    const { status, stdout, stderr } = spawnSync("pulumi", [...args, "--non-interactive"], options);
    return { code: status, output: `${stdout}${stderr}` };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
