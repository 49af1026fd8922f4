import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readRun } from "../../runner/results/read";
import type { FinishedRecord } from "../../runner/results/run-record";
import { readSeries } from "../../runner/results/series";
import type { Sample } from "../../runner/types";
import { root } from "./cli";

const made = new Set<string>();

/** A project of its own in a temporary folder. */
export interface Project {
  readonly directory: string;
  /** Folder for results that need not be told apart. */
  readonly results: string;
}

/** Makes a project with these scripts beside `hello.py`, and a stack `dev` with these lines of settings. */
export function makeProject(scripts: Readonly<Record<string, string>> = {}, settings: readonly string[] = []): Project {
  const directory = temporaryFolder();
  cpSync(join(root, "Pulumi.yaml"), join(directory, "Pulumi.yaml"));
  const lines = ["scriptsFolder: scripts", "script: hello.py", ...settings].map(
    (line) => `  serverless-load-testing:${line}\n`,
  );
  writeFileSync(join(directory, "Pulumi.dev.yaml"), `config:\n${lines.join("")}`);
  mkdirSync(join(directory, "scripts"));
  for (const [name, text] of Object.entries({ "hello.py": hello, ...scripts })) {
    writeFileSync(join(directory, "scripts", name), text);
  }
  return { directory, results: join(directory, "results") };
}

export function temporaryFolder(): string {
  const directory = mkdtempSync(join(tmpdir(), "loadtest-"));
  made.add(directory);
  return directory;
}

/** Removes what this file made; TEST_KEEP=1 leaves it, to look at the logs of a failure. */
export function removeProjects(): void {
  if (process.env.TEST_KEEP === "1") return;
  for (const directory of made) rmSync(directory, { recursive: true, force: true });
  made.clear();
}

/** Each user asks for `/` once a second. */
export const hello = `from locust import HttpUser, constant, task


class HelloUser(HttpUser):
    wait_time = constant(1)

    @task
    def hello(self) -> None:
        self.client.get("/")
`;

/** The only folder of a run in a folder of results. */
export function onlyRun(results: string): string {
  const names = runsIn(results);
  if (names.length !== 1) throw new Error(`${names.length} runs in ${results}: ${names}`);
  return join(results, names[0] ?? "");
}

/** Names of the folders in a folder of results; none where it does not exist. */
export function runsIn(results: string): string[] {
  try {
    return readdirSync(results);
  } catch {
    return [];
  }
}

/** The record of a run that is over. */
export function finished(directory: string): FinishedRecord {
  const record = readRun(directory);
  if (record.status !== "finished") throw new Error(`${directory} is not finished`);
  return record;
}

export function seriesIn(directory: string): Sample[] {
  return readSeries(join(directory, "series.ndjson"));
}

export function textIn(directory: string, name: string): string {
  return readFileSync(join(directory, name), "utf8");
}

/** The series has a line for each second of load, whatever was cut, as the master has kept them. */
export function expectNoGap(results: string): void {
  const loaded = seriesIn(onlyRun(results)).filter(({ phase }) => phase !== "stop");
  expect(loaded.length).to.be.greaterThan(12);
  const times = loaded.map(({ t }) => t);
  const gaps = times.slice(1).map((t, index) => t - (times[index] ?? 0));
  expect(Math.min(...gaps), "order").to.be.greaterThan(0);
  expect(Math.max(...gaps), "largest gap").to.be.below(3);
}
