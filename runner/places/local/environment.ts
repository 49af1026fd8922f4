import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf, RunnerError } from "../../errors";
import { writerLives } from "../../results/unfinished";

const run = promisify(execFile);

/** Installs packages several times faster than pip; where it cannot be had, pip does it. */
const uvRequirement = "uv==0.13.9";

/** Set in every installer's environment, so that a broken network is an answer and not a wait. */
const impatience = { UV_HTTP_TIMEOUT: "20", PIP_DEFAULT_TIMEOUT: "20", PIP_RETRIES: "1", PIP_NO_INPUT: "1" };

export interface EnvironmentOptions {
  /** What is installed: Locust, and what the user's scripts need. */
  readonly requirements: string;
  /** What is installed beside that: `locust[otel]`. Defaults to nothing. */
  readonly packages?: readonly string[];
  /** Versions of everything under it; optional. */
  readonly constraints?: string | undefined;
  /** Folder that keeps environments: `.loadtest`. */
  readonly directory: string;
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Makes sure that a virtual environment with these requirements exists, and gives its Python. An environment is made
 * once for each content of the files; two commands at once make it twice and keep the first.
 */
export async function ensureEnvironment(options: EnvironmentOptions): Promise<string> {
  const target = join(options.directory, `python-${await fingerprint(options)}`);
  const python = join(target, "bin", "python");
  if (existsSync(python)) return python;
  const base = await findPython();
  options.progress(`Installing Locust into ${target} (once)`);
  const draft = `${target}.${process.pid}`;
  try {
    await mkdir(options.directory, { recursive: true });
    await install(base, draft, options);
    // A folder that carries the final name is whole: a killed installation leaves only a draft.
    await rename(draft, target).catch(async () => {
      // Another command was first, and its Locust may be running by now.
      if (existsSync(python)) return;
      await rm(target, { recursive: true, force: true });
      await rename(draft, target);
    });
    await removeDrafts(options.directory);
  } catch (error) {
    throw error instanceof RunnerError ? error : new RunnerError(`Locust cannot be installed: ${messageOf(error)}`);
  } finally {
    await rm(draft, { recursive: true, force: true, maxRetries: 3 });
  }
  return python;
}

async function install(base: string, draft: string, options: EnvironmentOptions): Promise<void> {
  const { requirements, packages: more = [], constraints, signal } = options;
  const env = { ...process.env, ...impatience };
  const call = (command: string, ...args: string[]) => runGroup(command, args, env, signal);
  const packages = ["-r", requirements, ...more, ...(constraints === undefined ? [] : ["-c", constraints])];
  const python = join(draft, "bin", "python");
  const fail = (what: string) => (error: unknown) => {
    throw new RunnerError(explainInstall(error, what), undefined, { cause: error });
  };
  await call(base, "-m", "venv", draft).catch(fail("the virtual environment cannot be made"));
  try {
    // pip brings uv; uv compiles to bytecode when told, or every first start would.
    await call(python, "-m", "pip", "install", "--quiet", uvRequirement);
    await call(join(draft, "bin", "uv"), "pip", "install", "--compile-bytecode", "--python", python, ...packages);
  } catch (error) {
    if (signal?.aborted === true || isOffline(outputOf(error))) fail("pip failed")(error);
    await call(python, "-m", "pip", "install", "--quiet", ...packages).catch(fail("pip failed"));
  }
}

/**
 * Runs an installer in a process group of its own, which `signal` ends as a whole: Python's venv has another process
 * install pip, which would go on to write after its end.
 */
function runGroup(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    };
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        output[name] = (output[name] + text).slice(-keptOutput);
      });
    }
    child.once("error", reject);
    child.once("close", (code, by) => {
      signal?.removeEventListener("abort", end);
      if (code === 0) resolve();
      else reject(Object.assign(new Error(`${command} ended with ${code ?? by}`), output));
    });
    if (signal?.aborted === true) end();
    else signal?.addEventListener("abort", end, { once: true });
  });
}

/** Characters of an installer's output: what is wrong is said at its end. */
const keptOutput = 1 << 20;

/** One line out of an installer's output. Exported for its tests. */
export function explainInstall(error: unknown, what: string): string {
  const output = outputOf(error);
  if (isOffline(output)) return "Locust cannot be installed: the package index cannot be reached. Is there a network?";
  if (/ensurepip is not available|No module named (venv|ensurepip)/.test(output)) {
    return "Locust cannot be installed: this Python has no venv module (on Debian and Ubuntu: apt install python3-venv)";
  }
  if (/No space left on device|ENOSPC/.test(output)) return "Locust cannot be installed: the disk is full";
  const line = output
    .split("\n")
    .map((text) => text.trim())
    .findLast((text) => /error/i.test(text));
  return `Locust cannot be installed: ${what}${line === undefined ? "" : `: ${line}`}`;
}

function isOffline(output: string): boolean {
  return /Failed to establish a new connection|Temporary failure in name resolution|Name or service not known|Network is unreachable|Connection refused|dns error|error sending request|ConnectTimeout|NewConnectionError|ProxyError|Failed to fetch|getaddrinfo|Max retries exceeded/i.test(
    output,
  );
}

function outputOf(error: unknown): string {
  const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
  return `${stdout}\n${stderr}\n${messageOf(error)}`;
}

async function fingerprint({ requirements, packages = [], constraints }: EnvironmentOptions): Promise<string> {
  const hash = createHash("sha256").update([uvRequirement, ...packages].join("\0"));
  for (const file of [requirements, ...(constraints === undefined ? [] : [constraints])]) {
    const content = await readFile(file).catch(() => undefined);
    if (content === undefined) throw new RunnerError(`${file} cannot be read`);
    hash.update("\0").update(content);
  }
  return hash.digest("hex").slice(0, 12);
}

/** Removes what killed installations left; a living one has its process id in the name. */
async function removeDrafts(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const pid = Number(/^python-[0-9a-f]{12}\.(\d+)$/.exec(name)?.[1]);
    if (pid > 0 && !writerLives({ pid, host: hostname(), start: null })) {
      await rm(join(directory, name), { recursive: true, force: true });
    }
  }
}

/** The oldest Python that the pinned Locust runs on. */
const oldestPython = [3, 11] as const;

/** Names that a Python may have on the PATH, the usual one first. */
const names = ["python3", "python3.13", "python3.12", "python3.11", "python3.14", "python"];

/**
 * Finds a Python that Locust runs on: `LOADTEST_PYTHON` when it is set, else the first on the PATH that is new enough.
 * The answer is a command; rejects with one line that says what was found instead.
 */
export async function findPython(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const wanted = env.LOADTEST_PYTHON;
  const found: string[] = [];
  for (const name of wanted ? [wanted] : names) {
    const version = await versionOf(name, env);
    if (version === undefined) continue;
    if (isNewEnough(version)) return name;
    found.push(`${name} is ${version}`);
  }
  const needed = `Locust needs Python ${oldestPython.join(".")} or newer`;
  if (found.length > 0) throw new RunnerError(`${needed}; ${found.join(", ")}. LOADTEST_PYTHON may name another one.`);
  if (wanted) throw new RunnerError(`${needed}, and LOADTEST_PYTHON=${wanted} does not run.`);
  throw new RunnerError(`${needed}, and there is no Python on the PATH. LOADTEST_PYTHON may name one.`);
}

function versionOf(command: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const program = "import sys; print('%d.%d.%d' % sys.version_info[:3])";
  return run(command, ["-c", program], { env, timeout: 10_000 }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldestPython[0] || (major === oldestPython[0] && minor >= oldestPython[1]);
}
