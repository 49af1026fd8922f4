import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { poll } from "./poll";

/** What `promtool check metrics` finds wrong with an answer of `/metrics`; empty where nothing is. */
export function lint(text: string): string {
  const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  return status === 0 ? "" : `${stdout}${stderr}`;
}

/** A value of an answer of `/metrics`: the sum of a metric's samples whose labels include these. */
export function sumOf(text: string, name: string, labels = ""): number {
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines
    .filter((line) => line.includes(labels))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/** A series of an instant query. */
export interface Found {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A Prometheus on the loopback of this machine, with its data in a folder of its own. */
export class Prometheus {
  private constructor(
    private readonly server: ChildProcess,
    private readonly folder: string,
    readonly url: string,
  ) {}

  /**
   * @param targets `host:port` of what it scrapes at `/metrics`
   * @param seconds between two scrapes
   */
  static async start(targets: readonly string[], seconds: number, port: number): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), "prometheus-"));
    const config = {
      global: { scrape_interval: `${seconds}s`, scrape_timeout: `${seconds}s` },
      scrape_configs: [{ job_name: "locust", static_configs: [{ targets }] }],
    };
    writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
    const args = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`];
    const server = spawn("prometheus", [...args, `--web.listen-address=127.0.0.1:${port}`], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let log = "";
    server.stderr?.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
    const prometheus = new Prometheus(server, folder, `http://127.0.0.1:${port}`);
    const ready = () =>
      fetch(`${prometheus.url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await poll(ready, { limit: 20_000, every: 100, problem: () => `Prometheus is not ready:\n${log}` });
    return prometheus;
  }

  /** Its answer to an instant query. */
  async ask(query: string): Promise<readonly Found[]> {
    const response = await fetch(`${this.url}/api/v1/query?${new URLSearchParams({ query })}`);
    const answer = (await response.json()) as { status: string; error?: string; data?: { result: Found[] } };
    if (answer.data === undefined) throw new Error(`${query}: ${answer.error}`);
    return answer.data.result;
  }

  async stop(): Promise<void> {
    const ended = once(this.server, "exit");
    this.server.kill();
    await ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
