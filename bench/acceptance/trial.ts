/** Takes one stack from nothing to nothing, step by step. */
import { rmSync } from "node:fs";
import { join, relative } from "node:path";
import { pause } from "../../runner/engine/timing";
import { messageOf } from "../../runner/errors";
import { freePort } from "../../runner/places/network";
import { type Commands, type Finished, Interrupted, lastError, lastLine, parseJson } from "./commands";
import { findLeftovers } from "./leftovers";
import { latestRequests, makeProject, results, root, writeScript } from "./project";
import type { Step, Trial } from "./record";
import { startTarget, stopTarget, targetUrl } from "./target";

const loadtest = join(root, "bin", "loadtest.js");

export interface TrialOptions {
  readonly commands: Commands;
  /** Whose settings the stack has: `dev`. */
  readonly stack: string;
  readonly region: string;
  /** Length of each run, as Locust writes it. */
  readonly runTime: string;
  /** What 2 workers are raised to. */
  readonly workers: number;
  /** Settings beside the stack's own: `workerCpu=0.25`. */
  readonly config: readonly string[];
  /** Folder of the copy of the project; it stays where something could not be destroyed. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** A step did not do what it should. */
class Failed extends Error {
  override readonly name = "Failed";
}

/** Goes through all steps until one fails or a signal comes; destroys in any case. */
export async function tryStack(options: TrialOptions): Promise<Trial> {
  return new StackTrial(options).run();
}

class StackTrial {
  private readonly steps: Step[] = [];
  private readonly name: string;
  private costUsd: number | null = null;

  constructor(private readonly options: TrialOptions) {
    this.name = `acceptance-${options.stack}`;
  }

  async run(): Promise<Trial> {
    const { stack, commands, say, folder, region } = this.options;
    makeProject(folder, stack, this.name, region);
    commands.begin();
    let [begun, made] = [false, false];
    let leftovers: readonly string[] = [];
    try {
      await this.step("stack", () => this.init());
      begun = true;
      await this.step("doctor", () => this.doctor());
      await this.step("preview", () => this.pulumi("preview"));
      made = true;
      await this.step("up", () => this.pulumi("up", "--yes", "--skip-preview"));
      await this.inCluster();
    } catch (error) {
      if (!(error instanceof Failed || error instanceof Interrupted)) throw error;
    } finally {
      commands.finish();
      const destroyed = !begun || (await this.destroy());
      if (made) leftovers = await this.look(region);
      if (destroyed) rmSync(folder, { recursive: true, force: true });
      else say(`The stack is still there: cd ${relative(".", folder)} && pulumi destroy --stack ${this.name}`);
    }
    return { stack, steps: this.steps, costUsd: this.costUsd, leftovers };
  }

  private async init(): Promise<string> {
    await this.pulumi("stack", "select", "--create", this.name);
    for (const one of this.options.config) {
      const [, key = one, value = ""] = /^([^=]*)=(.*)$/s.exec(one) ?? [];
      await this.pulumi("config", "set", key, value);
    }
    return this.name;
  }

  /** What a deployed test has to do. */
  private async inCluster(): Promise<void> {
    const kubeconfig = await this.output("kubeconfig");
    try {
      await this.step("target", async () => {
        await startTarget(kubeconfig);
        return targetUrl;
      });
      await this.runs();
    } finally {
      // It goes with the cluster in any case, but for one that only stands for EKS.
      await stopTarget(kubeconfig).catch((error: unknown) => this.options.say(messageOf(error)));
    }
  }

  private async runs(): Promise<void> {
    await this.step("run with thresholds", () => this.load("script1.py"));
    for (const workers of [this.options.workers, 2]) {
      await this.step(`up with ${workers} workers`, async () => {
        await this.pulumi("config", "set", "workerReplicas", `${workers}`);
        return this.pulumi("up", "--yes", "--skip-preview");
      });
      if (workers > 2) await this.step(`run with ${workers} workers`, () => this.load("script1.py"));
    }
    await this.step("another script", () => this.load("acceptance.py", "before"));
    await this.step("up with a changed script", () => {
      writeScript(this.options.folder, "after");
      return this.pulumi("up", "--yes", "--skip-preview");
    });
    await this.step("the changed script", () => this.load("acceptance.py", "after"));
    await this.step("dashboard", () => this.dashboard());
    await this.step("cost so far", () => this.cost());
  }

  /** @param work gives one line of what came out; throws Failed with one where it did not go well */
  private async step(name: string, work: () => Promise<string>): Promise<void> {
    const { say, stack } = this.options;
    say(`${stack}: ${name} …`);
    const start = performance.now();
    const done = (passed: boolean, result: string) => {
      const seconds = (performance.now() - start) / 1000;
      this.steps.push({ name, seconds, passed, result });
      say(`${stack}: ${name}: ${passed ? "passed" : "FAILED"} in ${seconds.toFixed(1)} s: ${result}`);
    };
    try {
      done(true, await work());
    } catch (error) {
      done(false, messageOf(error).split("\n")[0] ?? "");
      throw error instanceof Interrupted ? error : new Failed(name, { cause: error });
    }
  }

  private command(command: string, args: readonly string[], echo = false): Promise<Finished> {
    const env = { PULUMI_SKIP_UPDATE_CHECK: "true" };
    return this.options.commands.run(command, args, { cwd: this.options.folder, env, echo });
  }

  private async pulumi(...args: readonly string[]): Promise<string> {
    const { code, output } = await this.command("pulumi", [...args, "--non-interactive"], true);
    if (code !== 0) throw new Failed(lastError(output) ?? `pulumi ${args[0]} ended with ${code}`);
    return (
      /^Resources:\n((?: {4}.*\n)+)/m
        .exec(output)?.[1]
        ?.trim()
        .replace(/\s*\n\s*/g, ", ") ?? "done"
    );
  }

  private async output(name: string): Promise<string> {
    const { stdout } = await this.command("pulumi", ["stack", "output", name, "--show-secrets", "--non-interactive"]);
    return stdout;
  }

  private loadtest(...args: readonly string[]): Promise<Finished> {
    return this.command(process.execPath, [loadtest, ...args, "--stack", this.name]);
  }

  private async doctor(): Promise<string> {
    const { code, output } = await this.loadtest("doctor");
    process.stderr.write(output);
    const problem = output.split("\n").find((line) => /^problem/.test(line));
    if (code !== 0) throw new Failed(problem ?? `loadtest doctor ended with ${code}`);
    return "no problems";
  }

  /** @param request name of a request that there must be */
  private async load(file: string, request?: string): Promise<string> {
    const thresholds = ["p95<1000", "fail_ratio<1%"].flatMap((one) => ["--threshold", one]);
    const load = ["--users", "20", "--spawn-rate", "10", "--run-time", this.options.runTime];
    const args = ["run", "--json", "--script", file, "--host", targetUrl, "--results", results, ...load, ...thresholds];
    const { code, stdout, output } = await this.loadtest(...args);
    const record = parseJson(stdout) as { verdict?: string; reasons?: readonly string[] } | undefined;
    if (code !== 0) throw new Failed(`${record?.verdict ?? "no verdict"}: ${record?.reasons?.[0] ?? lastLine(output)}`);
    if (request !== undefined && !latestRequests().includes(`,${request},`)) {
      throw new Failed(`the run has no request ${request}`);
    }
    return `${record?.verdict}`;
  }

  /** Locust's web UI on a port of this machine, as a browser would open it. */
  private async dashboard(): Promise<string> {
    const { commands, folder } = this.options;
    const port = await freePort();
    const args = [loadtest, "dashboard", "--no-open", "--stack", this.name, "--port", `${port}`];
    const child = commands.start(process.execPath, args, { cwd: folder });
    try {
      for (const end = Date.now() + 60_000; Date.now() < end; await pause(500)) {
        const url = new RegExp(`http://127\\.0\\.0\\.1:${port}/\\S*`).exec(child.said.output)?.[0];
        if (url === undefined) continue;
        const first = await fetch(url, { redirect: "manual" });
        const cookie = first.headers.get("set-cookie")?.split(";")[0] ?? "";
        const page = await fetch(new URL("/", url), { headers: { cookie } });
        if (page.status === 200 && /Locust/i.test(await page.text())) return "Locust's web UI answers";
        throw new Failed(`the web UI answers ${page.status}`);
      }
      throw new Failed(lastLine(child.said.output));
    } finally {
      child.kill("SIGINT");
    }
  }

  private async cost(): Promise<string> {
    const { stdout } = await this.loadtest("status", "--json");
    const { cost } = parseJson(stdout) as { cost?: { soFar: number; perHour: number } };
    if (cost === undefined) throw new Failed("loadtest status knows no cost");
    this.costUsd = cost.soFar;
    return `$${cost.soFar}, $${cost.perHour} an hour`;
  }

  /** Twice, as what AWS still works on may need another time. */
  private async destroy(): Promise<boolean> {
    for (const name of ["destroy", "destroy again"]) {
      try {
        await this.step(name, () => this.pulumi("destroy", "--yes", "--skip-preview"));
        await this.step("stack rm", () => this.pulumi("stack", "rm", this.name, "--yes"));
        return true;
      } catch (error) {
        if (!(error instanceof Failed)) throw error;
        // A command that was ended by a signal leaves its lock.
        const cancel = ["cancel", "--yes", "--stack", this.name, "--non-interactive"];
        await this.command("pulumi", cancel).catch(() => undefined);
      }
    }
    return false;
  }

  private async look(region: string): Promise<readonly string[]> {
    let left: readonly string[] = [];
    await this.step("look for leftovers", async () => {
      left = await findLeftovers(this.name, region);
      if (left.length > 0) throw new Failed(`left: ${left.join(", ")}`);
      return "nothing has the stack's tag";
    }).catch((error: unknown) => {
      if (!(error instanceof Failed)) throw error;
    });
    return left;
  }
}
