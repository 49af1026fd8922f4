/** One script run by plain Locust and by the product, at the same time, with what both have measured. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parse } from "csv-parse/sync";
import { freePort } from "../../runner/places/network";
import { prepareLocust, startCommand } from "./cli";
import { type OddTarget, startOddTarget } from "./odd-target";
import { onlyRun, type Project, temporaryFolder } from "./project";

/** What one of the two ways has measured, in a form in which both can be compared. */
export interface Measured {
  /** By method and name: requests, failures, and the average of the answers' bytes. */
  readonly requests: Readonly<Record<string, string>>;
  /** How often each failure was, by method, name and text. */
  readonly failures: Readonly<Record<string, number>>;
  /** How often each exception was, by text and traceback. */
  readonly exceptions: Readonly<Record<string, number>>;
  /** The lines that the script has written with `say`, of the master and of all workers. */
  readonly said: readonly string[];
  /** What came to the target, by method and path. */
  readonly came: Readonly<Record<string, number>>;
}

export interface Way extends Measured {
  readonly code: number | NodeJS.Signals;
  /** All that was written, for a failure's message. */
  readonly output: string;
}

export interface SideBySideOptions {
  readonly project: Project;
  readonly script: string;
  /** Whether plain Locust has counted as many requests as it must. */
  readonly isWhole: (requests: number) => boolean;
  /** Length of the run; default 5. */
  readonly seconds?: number;
  /** The script names its hosts itself. */
  readonly ownHosts?: boolean;
}

const users = ["--users", "6", "--spawn-rate", "6"];

/** What Locust says when it hears nothing of a worker for 3 s, because the machine has no time for it. */
const silence = /failed to send heartbeat|was lost \d+ s into/;

/** How often a way is tried on a machine that is too busy for Locust itself. */
const attempts = 5;

/**
 * Runs a script both ways with six users on two workers, on a target each. A way is tried again when a worker went
 * silent; so is plain Locust, which waits half a second for the last numbers, when it has not all of them.
 */
export async function sideBySide(options: SideBySideOptions): Promise<{ plain: Way; product: Way }> {
  const [plain, product] = await Promise.all([
    again(
      () => onTarget(options, runPlain),
      (way) => options.isWhole(requestsOf(way)),
    ),
    again(
      () => onTarget(options, runProduct),
      () => true,
    ),
  ]);
  return { plain, product };
}

async function again(run: () => Promise<Way>, isWhole: (way: Way) => boolean): Promise<Way> {
  for (let attempt = 1; ; attempt++) {
    const way = await run();
    if (attempt === attempts || (isWhole(way) && !silence.test(way.output))) return way;
  }
}

/** How many requests there were, of a name or of all. */
export function requestsOf({ requests }: Measured, name?: string): number {
  const some = name === undefined ? Object.values(requests) : [requests[name] ?? "0"];
  return some.reduce((sum, text) => sum + Number.parseInt(text, 10), 0);
}

type Ran = Omit<Way, "came">;

async function onTarget(
  options: SideBySideOptions,
  run: (options: SideBySideOptions, target: OddTarget) => Promise<Ran>,
): Promise<Way> {
  const target = await startOddTarget();
  try {
    const ran = await run(options, target);
    const { requests, failures, exceptions } = ran;
    // The targets' ports are in the texts of many errors.
    const port = new RegExp(new URL(target.url).port, "g");
    const same = JSON.parse(JSON.stringify({ requests, failures, exceptions }).replace(port, "PORT")) as typeof ran;
    return { ...ran, ...same, came: { ...target.counts } };
  } finally {
    await target.close();
  }
}

function hostArgs({ ownHosts = false }: SideBySideOptions, { url }: OddTarget): string[] {
  return ownHosts ? [] : ["--host", url];
}

async function runPlain(options: SideBySideOptions, target: OddTarget): Promise<Ran> {
  const python = await prepareLocust();
  const folder = temporaryFolder();
  const port = String(await freePort());
  const gone = new AbortController();
  const locust = (...args: string[]) => {
    const all = ["-P", "-m", "locust", "-f", options.script, ...hostArgs(options, target), ...args];
    const cwd = join(options.project.directory, "scripts");
    return output(python, all, { cwd, env: { TARGET: target.url }, signal: gone.signal });
  };
  const processes = [
    locust(
      ...["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port],
      ...["--headless", "--expect-workers", "2", "--stop-timeout", "10", ...users],
      ...["--run-time", `${options.seconds ?? 5}s`],
      ...["--csv", join(folder, "plain"), "--json-file", join(folder, "plain")],
    ),
    ...[1, 2].map(() => locust("--worker", "--master-host", "127.0.0.1", "--master-port", port)),
  ];
  // A worker that its master has lost sight of stays for a minute.
  void processes[0]?.then(() => pause(10_000)).then(() => gone.abort());
  const ended = await Promise.all(processes);
  const text = ended.map(({ text }) => text).join("\n");
  // The CSV file of the requests is up to a second old; this one is written at the very end.
  const stats = JSON.parse(readFileSync(join(folder, "plain.json"), "utf8")) as PlainEntry[];
  return {
    requests: Object.fromEntries(
      stats.map(({ method, name, num_requests, num_failures, total_content_length }) => [
        `${method ?? ""} ${name}`,
        counted(num_requests, num_failures, num_requests === 0 ? 0 : total_content_length / num_requests),
      ]),
    ),
    ...troubles(folder, "plain_failures.csv", "plain_exceptions.csv"),
    said: saidIn(text),
    code: ended[0]?.code ?? -1,
    output: text,
  };
}

interface PlainEntry {
  readonly method: string | null;
  readonly name: string;
  readonly num_requests: number;
  readonly num_failures: number;
  readonly total_content_length: number;
}

async function runProduct(options: SideBySideOptions, target: OddTarget): Promise<Ran> {
  const results = temporaryFolder();
  const args = ["run", "--local", "--script", options.script, ...hostArgs(options, target), ...users, "--results"];
  const command = startCommand(
    [...args, results, "--workers", "2", "--run-time", `${options.seconds ?? 5}s`, "--threshold", "fail_ratio<=1"],
    { cwd: options.project.directory, env: { TARGET: target.url } },
  );
  const { code, stdout, stderr } = await command.ended;
  const folder = onlyRun(results);
  const { text, ...measured } = measuredIn(folder);
  return { ...measured, code, output: [stdout, stderr, text].join("\n") };
}

/** What a run of the product has measured, by the folder of its results; and all that its processes have written. */
export function measuredIn(folder: string): Omit<Measured, "came"> & { readonly text: string } {
  const logs = join(folder, "logs");
  const text = readdirSync(logs)
    .map((name) => readFileSync(join(logs, name), "utf8"))
    .join("\n");
  const rows = table(folder, "requests.csv").filter(({ Name }) => Name !== "Aggregated");
  return {
    requests: Object.fromEntries(
      rows.map((row) => [
        `${row.Type} ${row.Name}`,
        counted(Number(row["Request Count"]), Number(row["Failure Count"]), Number(row["Average Content Size"])),
      ]),
    ),
    ...troubles(folder, "failures.csv", "exceptions.csv"),
    said: saidIn(text),
    text,
  };
}

/** Calls of the plugin on the way to what has raised. */
const ofThePlugin = / {2}File ".*\/plugin\/loadtest\/\w+\.py", .*\n(?: {4}.*\n)*/g;

function counted(requests: number, failures: number, bytes: number): string {
  return `${requests} requests, ${failures} failures, ${bytes.toFixed(3)} bytes each`;
}

function troubles(folder: string, failures: string, exceptions: string): Pick<Measured, "failures" | "exceptions"> {
  return {
    failures: Object.fromEntries(
      table(folder, failures).map((row) => [`${row.Method} ${row.Name}: ${row.Error}`, Number(row.Occurrences)]),
    ),
    exceptions: Object.fromEntries(
      table(folder, exceptions).map(({ Count, Message, Traceback = "" }) => [
        `${Message}\n${Traceback.replace(ofThePlugin, "")}`,
        Number(Count),
      ]),
    ),
  };
}

function table(folder: string, name: string): Record<string, string>[] {
  return parse(readFileSync(join(folder, name), "utf8"), { columns: true });
}

function saidIn(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith(">> "))
    .sort();
}

/** Runs a command until it ends, or the signal ends it. */
function output(
  command: string,
  args: readonly string[],
  { cwd, env, signal }: { cwd: string; env: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<{ code: number | NodeJS.Signals; text: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...{ cwd, env: { ...process.env, PYTHONUNBUFFERED: "1", ...env }, stdio: ["ignore", "pipe", "pipe"] },
    });
    const end = () => child.kill("SIGKILL");
    signal.addEventListener("abort", end, { once: true });
    process.once("exit", end);
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
    }
    child.once("error", reject);
    child.once("close", (code, killed) => {
      process.off("exit", end);
      resolve({ code: killed ?? code ?? -1, text });
    });
  });
}
