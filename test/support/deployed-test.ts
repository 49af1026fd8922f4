import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import type { StatusReport } from "../../runner/cli/terminal/status";
import { type Command, type CommandEnd, startCommand } from "./cli";
import { kubectl, podsOf, until } from "./cluster";
import { PulumiProject } from "./pulumi";
import { startTarget, targetIn } from "./target";

/** A load test that a real `pulumi up` makes in the test cluster, with a target beside it, and its command line. */
export class DeployedTest {
  private project: PulumiProject | undefined;
  private secret: string | undefined;

  constructor(readonly namespace: string) {}

  /**
   * @param config keys of the stack's config that are to differ from Pulumi.local-cluster.yaml
   * @param files what is beside the samples in the scripts' folder, by path
   */
  up(config: Readonly<Record<string, string>> = {}, files: Readonly<Record<string, string>> = {}): void {
    this.project = new PulumiProject();
    try {
      this.make(config, files);
    } catch (error) {
      // What is left of it would take the node's room from other suites.
      this.down();
      throw error;
    }
  }

  private make(config: Readonly<Record<string, string>>, files: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.stack.folder, "locust", "scripts", name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    this.stack.mustRun("stack", "init", "local-cluster");
    // Two such tests have room on a node of two cores.
    const all = { namespace: this.namespace, targetHost: this.target, controlCpu: "0.2", ...config };
    const settings = Object.entries(all).flatMap(([key, value]) => ["--plaintext", `${key}=${value}`]);
    this.stack.mustRun("config", "set-all", ...settings);
    this.stack.up();
    startTarget(this.namespace);
  }

  /** Gives it new pods, as they are right after `up`. */
  renew(): void {
    kubectl(this.namespace, ["delete", "pods", "--selector", "app.kubernetes.io/name=locust", "--wait"]);
    for (const name of ["locust-control", "locust-worker"]) {
      kubectl(this.namespace, ["rollout", "status", `deployment/${name}`, "--timeout=60s"]);
    }
  }

  /** Takes down whatever is up. */
  down(): void {
    this.project?.run("destroy", "--yes", "--skip-preview");
    this.project?.remove();
    this.project = undefined;
  }

  get isUp(): boolean {
    return this.project !== undefined;
  }

  /** The project that it was made from. */
  get stack(): PulumiProject {
    if (this.project === undefined) throw new Error(`no test is up in namespace ${this.namespace}`);
    return this.project;
  }

  /** The target's address, as the workers know it. */
  get target(): string {
    return targetIn(this.namespace);
  }

  /** The token of the master's web UI. */
  get token(): string {
    this.secret ??= this.stack.mustRun("stack", "output", "token", "--show-secrets").trim();
    return this.secret;
  }

  /** Starts `loadtest …` in the project's folder. */
  start(...args: readonly string[]): Command {
    return startCommand(args, { cwd: this.stack.folder, env: this.stack.env });
  }

  run(...args: readonly string[]): Promise<CommandEnd> {
    return this.start(...args).ended;
  }

  /** Runs a command that prints JSON. */
  async json(...args: readonly string[]): Promise<{ code: CommandEnd["code"]; value: Record<string, unknown> }> {
    const { code, stdout, stderr } = await this.run(...args, "--json");
    try {
      return { code, value: JSON.parse(stdout) };
    } catch {
      throw new Error(`loadtest ${args.join(" ")} printed no JSON (${code}):\n${stdout}\n${stderr}`);
    }
  }

  async status(): Promise<StatusReport> {
    return (await this.json("status")).value as unknown as StatusReport;
  }

  get replicas(): number {
    return Number(
      kubectl(this.namespace, ["get", "deployment", "locust-worker", "--output", "jsonpath={.spec.replicas}"]),
    );
  }

  /** Waits until there are this many workers, and no others on their way out. */
  async untilWorkers(count: number): Promise<void> {
    await until(`${count} workers`, () => podsOf(this.namespace, "worker").length === count, 60);
  }

  /** Nothing but what was there before a command: two workers, and no lock. */
  async expectAsBefore(): Promise<void> {
    await until("2 workers", () => this.replicas === 2, 30);
    await this.untilWorkers(2);
    expect(kubectl(this.namespace, ["get", "leases", "--output", "name"])).to.equal("");
  }
}
