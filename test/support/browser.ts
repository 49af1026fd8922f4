import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import type { LocustStatus } from "../../runner/types";
import { type Command, startCommand } from "./cli";
import { skip } from "./needs";
import { poll } from "./poll";
import { until } from "./processes";
import { makeProject, type Project } from "./project";

const names = ["chromium", "chromium-browser", "google-chrome"];

/** The Chromium of this machine: what `CHROMIUM` names, or the first on the PATH. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.CHROMIUM) return isProgram(env.CHROMIUM) ? env.CHROMIUM : undefined;
  const folders = [...(env.PATH ?? "").split(delimiter).filter((folder) => folder !== ""), "/usr/bin"];
  return folders.flatMap((folder) => names.map((name) => join(folder, name))).find(isProgram);
}

/** Chromium with an empty profile; skips the tests, and says why, where there is none. */
export async function openBrowser(test: Mocha.Context, extra: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    return skip(test, `no Chromium (${names.join(", ")}) on the PATH or in CHROMIUM`);
  }
  const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"].concat([
    "--disable-background-networking",
    "--disable-component-update",
  ]);
  return chromium.launch({ executablePath, args: [...flags, ...extra] });
}

/**
 * Waits until an expression is true in a page. Playwright's own `waitForFunction` evaluates again from within the page,
 * which the page's Content-Security-Policy forbids.
 */
export async function becomesTrue(page: Page, expression: string): Promise<void> {
  await poll(async () => (await page.evaluate(expression)) === true, {
    limit: 10_000,
    every: 50,
    problem: () => `never true in the page: ${expression}`,
  });
}

/** `loadtest dashboard --local --demo`, as it was built, with two workers. */
export class Dashboard {
  private constructor(
    readonly command: Command,
    readonly project: Project,
    /** What it printed, with the token. */
    readonly address: string,
  ) {}

  static async open(port: number): Promise<Dashboard> {
    const project = makeProject({}, ["users: 4", "workerReplicas: 2", "runTime: 10m", "thresholds: [p95<2000]"]);
    const args = ["dashboard", "--local", "--demo", "--no-open", "--port", `${port}`, "--results", project.results];
    const command = startCommand(args, { cwd: project.directory });
    const [, address = ""] = await command.waitFor(/^Locust's web UI: (http:\S+)$/m);
    const dashboard = new Dashboard(command, project, address);
    await dashboard.idle();
    return dashboard;
  }

  get origin(): string {
    return new URL(this.address).origin;
  }

  get token(): string {
    return new URL(this.address).searchParams.get("token") ?? "";
  }

  async status(): Promise<LocustStatus> {
    return (await (await fetch(`${this.origin}/loadtest/status`)).json()) as LocustStatus;
  }

  /** Waits for a status that is as asked. */
  async until(probe: (status: LocustStatus) => boolean, limit = 20_000): Promise<LocustStatus> {
    return until(async () => {
      const status = await this.status();
      return probe(status) && status;
    }, limit);
  }

  /** Waits until a test can be started: just after a stop, Locust does nothing when it is asked to start. */
  async idle(): Promise<LocustStatus> {
    return this.until(
      ({ state, workers }) =>
        (state === "ready" || state === "stopped") && workers.filter((worker) => worker.state === "ready").length === 2,
    );
  }

  /** POST with the token, as a program does it. */
  async post(path: string, form: Readonly<Record<string, string>> = {}): Promise<void> {
    const headers = { authorization: `Bearer ${this.token}` };
    const response = await fetch(this.origin + path, { method: "POST", headers, body: new URLSearchParams(form) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
