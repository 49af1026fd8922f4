/**
 * `npm run bench:capacity`: how well `loadtest capacity` finds what a target takes that is known: a queue with c servers
 * that each take 50 ms, on this machine. Prints a row for each run, and how many were within 5 % of `c / 0.05` a second.
 * Exits with 1 where fewer than 95 % of them were.
 *
 * Options: `--runs 20`, `--by users|arrivals|both`, `--step-time 3s`, `--show` for what each command prints, too.
 */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { FinishedRecord } from "../runner/results/run-record";
import { startQueueTarget } from "../test/support/queue-target";
import { printMachine } from "./measure";

const script = `from locust import FastHttpUser, task


class Visitor(FastHttpUser):
    @task
    def visit(self) -> None:
        self.client.get("/")
`;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "20" },
    by: { type: "string", default: "both" },
    "step-time": { type: "string", default: "3s" },
    show: { type: "boolean", default: false },
  },
});
const serviceMs = 50;
const allowed = 0.05;
const wanted = 0.95;
const entry = join(__dirname, "..", "bin", "loadtest.js");

/** 6 to 30 servers, in an order that has no levels in it that a search meets by chance. */
const serversOf = (run: number) => 6 + ((run * 11) % 25);

async function capacityOf(folder: string, url: string, by: string): Promise<FinishedRecord> {
  const results = mkdtempSync(join(folder, "results-"));
  const args = ["capacity", "--local", "--script", "visit.py", "--scripts-folder", "scripts", "--host", url];
  const search = ["--by", by, "--threshold", "p95<200", "--step-time", values["step-time"], "--workers", "1"];
  await new Promise<void>((resolve) => {
    execFile(
      process.execPath,
      [entry, ...args, ...search, "--results", results],
      { cwd: folder },
      (_, stdout, stderr) => {
        if (values.show) console.log(`${stderr}\n${stdout}`);
        resolve();
      },
    );
  });
  const [name = ""] = readdirSync(results);
  return JSON.parse(readFileSync(join(results, name, "run.json"), "utf8"));
}

async function main(): Promise<void> {
  printMachine(Number(values.runs));
  const folder = mkdtempSync(join(tmpdir(), "loadtest-bench-"));
  mkdirSync(join(folder, "scripts"));
  writeFileSync(join(folder, "scripts", "visit.py"), script);
  let [within, all] = [0, 0];
  try {
    for (let run = 0; run < Number(values.runs); run += 1) {
      const by = values.by === "both" ? (["users", "arrivals"] as const)[run % 2] : values.by;
      const servers = serversOf(run);
      const target = await startQueueTarget({ servers, serviceMs });
      const known = (servers / serviceMs) * 1000;
      const { capacity, verdict, durationSeconds } = await capacityOf(folder, target.url, by ?? "users");
      await target.close();
      const off = (capacity?.rps ?? 0) / known - 1;
      const { low = 0, high = 0 } = capacity?.interval ?? {};
      all += 1;
      within += Math.abs(off) <= allowed && verdict === "passed" ? 1 : 0;
      console.log(
        `${String(run + 1).padStart(2)}  ${by}  known ${known}/s  found ${capacity?.rps}/s (${low} to ${high})  ` +
          `${(off * 100).toFixed(1)} %  ${capacity?.steps.length} steps in ${Math.round(durationSeconds)} s  ` +
          `${verdict}  load average ${loadavg()[0]?.toFixed(1)}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`${within} of ${all} runs were within ${allowed * 100} %`);
  process.exitCode = within >= wanted * all ? 0 : 1;
}

void main();
