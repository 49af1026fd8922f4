import type { StatusReport } from "../../runner/cli/cluster/status-report";
import { type Command, type CommandEnd, startCommand } from "./cli";
import { kubectl, podsOf, until } from "./cluster";
import { PulumiProject } from "./pulumi";
import { startTarget } from "./target";

/** A load test that a real `pulumi up` has made in the test cluster, with a target beside it, and its command line. */
export class DeployedTest {
  readonly stack = new PulumiProject();
  target = "";

  constructor(readonly namespace: string) {}

  /** @param config keys of the stack's config that are to differ from Pulumi.local-cluster.yaml */
  up(config: Readonly<Record<string, string>> = {}): void {
    this.stack.mustRun("stack", "init", "local-cluster");
    this.target = `http://target.${this.namespace}.svc.cluster.local:8000`;
    for (const [key, value] of Object.entries({ namespace: this.namespace, targetHost: this.target, ...config })) {
      this.stack.mustRun("config", "set", key, value);
    }
    this.stack.up();
    startTarget(this.namespace);
  }

  down(): void {
    this.stack.run("destroy", "--yes", "--skip-preview");
    this.stack.remove();
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
}

let shared: DeployedTest | undefined;

/**
 * The one test that the suites with the command line use in turn, as it takes a minute to deploy: two workers, no run
 * on its master yet. Whoever changes it makes it as it was.
 */
export function sharedTest(): DeployedTest {
  if (shared === undefined) {
    shared = new DeployedTest("operate");
    shared.up();
    return shared;
  }
  kubectl(shared.namespace, ["delete", "pods", "--selector", "app.kubernetes.io/name=locust", "--wait"]);
  for (const name of ["locust-control", "locust-worker"]) {
    kubectl(shared.namespace, ["rollout", "status", `deployment/${name}`, "--timeout=60s"]);
  }
  return shared;
}

// Behind all suites.
after(function () {
  this.timeout(120_000);
  shared?.down();
});
