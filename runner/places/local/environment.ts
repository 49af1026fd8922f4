import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf, RunnerError } from "../../errors";
import { findPython } from "./python";

const run = promisify(execFile);

/** Installs packages several times faster than pip; where it cannot be had, pip does it. */
const uvRequirement = "uv==0.13.9";

/** Set in every installer's environment, so that a broken network is an answer and not a wait. */
const impatience = { UV_HTTP_TIMEOUT: "20", PIP_DEFAULT_TIMEOUT: "20", PIP_RETRIES: "1", PIP_NO_INPUT: "1" };

export interface EnvironmentFiles {
  /** What is installed: Locust, and what the user's scripts need. */
  readonly requirements: string;
  /** Versions of everything under it; optional. */
  readonly constraints?: string | undefined;
}

export interface EnvironmentOptions extends EnvironmentFiles {
  /** Folder that keeps environments: `.loadtest`. */
  readonly directory: string;
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Makes sure that a virtual environment with these requirements exists, and gives its Python. An environment is made
 * once for each content of the files; two commands at once make it twice and keep the first.
 */
export async function ensureEnvironment(options: EnvironmentOptions): Promise<string> {
  const target = join(options.directory, `python-${await fingerprint(options)}`);
  const python = join(target, "bin", "python");
  if (await exists(python)) return python;
  const base = await findPython(options.env);
  options.progress(`Installing Locust into ${target} (once)`);
  const draft = `${target}.${process.pid}`;
  try {
    await mkdir(options.directory, { recursive: true });
    await install(base, draft, options);
    // A folder that carries the final name is whole: a killed installation leaves only a draft.
    await rename(draft, target).catch(async () => {
      // Another command was first, and its Locust may be running by now.
      if (await exists(python)) return;
      await rm(target, { recursive: true, force: true });
      await rename(draft, target);
    });
    await removeDrafts(options.directory);
  } catch (error) {
    throw error instanceof RunnerError ? error : new RunnerError(`Locust cannot be installed: ${messageOf(error)}`);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return python;
}

async function install(base: string, draft: string, options: EnvironmentOptions): Promise<void> {
  const env = { ...(options.env ?? process.env), ...impatience };
  const call = (command: string, args: readonly string[]) =>
    run(command, [...args], { env, maxBuffer: 16 << 20, ...(options.signal ? { signal: options.signal } : {}) });
  const packages = [
    ...["-r", options.requirements],
    ...(options.constraints === undefined ? [] : ["-c", options.constraints]),
  ];
  const python = join(draft, "bin", "python");
  try {
    await call(base, ["-m", "venv", draft]);
  } catch (error) {
    throw new RunnerError(explainInstall(error, "the virtual environment cannot be made"), undefined, { cause: error });
  }
  try {
    // pip brings uv; uv compiles to bytecode when told, or every first start would.
    await call(python, ["-m", "pip", "install", "--quiet", uvRequirement]);
    await call(join(draft, "bin", "uv"), ["pip", "install", "--compile-bytecode", "--python", python, ...packages]);
  } catch (error) {
    if (options.signal?.aborted === true || isOffline(outputOf(error))) {
      throw new RunnerError(explainInstall(error, "pip failed"), undefined, { cause: error });
    }
    try {
      await call(python, ["-m", "pip", "install", "--quiet", ...packages]);
    } catch (second) {
      throw new RunnerError(explainInstall(second, "pip failed"), undefined, { cause: second });
    }
  }
}

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

async function fingerprint({ requirements, constraints }: EnvironmentFiles): Promise<string> {
  const hash = createHash("sha256").update(uvRequirement);
  for (const file of [requirements, ...(constraints === undefined ? [] : [constraints])]) {
    hash.update("\0").update(await readFile(file).catch(() => fail(file)));
  }
  return hash.digest("hex").slice(0, 12);
}

function fail(file: string): never {
  throw new RunnerError(`${file} cannot be read`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Removes what killed installations left; a living one has its process id in the name. */
async function removeDrafts(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const pid = /^python-[0-9a-f]{12}\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(directory, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
