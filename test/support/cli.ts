import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureEnvironment } from "../../runner/places/local/environment";
import { type Found, killAll, markerName, newMarker, processesOf, requireRole, until } from "./processes";

export const root = join(__dirname, "../..");
const entry = join(root, "bin", "loadtest.js");
/** The virtual environment in it serves all tests. */
export const sharedCache = join(root, ".loadtest");

export interface CommandOptions {
  /** The project's folder. */
  readonly cwd: string;
  /** What to add to this process's environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What to start instead of Node; gets Node and the command's arguments after its own. */
  readonly through?: readonly string[];
}

export interface CommandEnd {
  /** Exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

const running = new Set<Command>();

/** A `loadtest` command that was started. */
export class Command {
  /** In the environment of all that it starts. */
  readonly marker = newMarker();
  readonly ended: Promise<CommandEnd>;
  stdout = "";
  stderr = "";
  private readonly child: ChildProcess;
  private exited = false;

  constructor(args: readonly string[], { cwd, env = {}, through = [] }: CommandOptions) {
    if (!existsSync(join(root, "dist"))) throw new Error("the command is not built: npm run build");
    const began = performance.now();
    const [program = "", ...rest] = [...through, process.execPath, entry, ...args];
    this.child = spawn(program, rest, {
      cwd,
      env: { ...process.env, LOADTEST_CACHE: sharedCache, ...env, [markerName]: this.marker },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    running.add(this);
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (code, signal) => {
        this.exited = true;
        const { stdout, stderr } = this;
        resolve({ code: signal ?? code ?? -1, stdout, stderr, seconds: (performance.now() - began) / 1000 });
      });
    });
    // Whoever waits for it is told; until then it must not end the tests.
    this.ended.catch(() => undefined);
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error("the command was not started");
    return this.child.pid;
  }

  /** Everything that the command started and that lives. */
  children(): Found[] {
    return processesOf(this.marker, this.pid);
  }

  /** Its master, once there is one. */
  async master(): Promise<Found> {
    await this.until(() => this.children().some(({ args }) => args.includes("--master")), "a master");
    const [master] = requireRole(this.children(), "master", 1);
    return master as Found;
  }

  /** Waits until something that matches was written, to standard output or error. */
  async waitFor(pattern: RegExp, limit = 30_000): Promise<RegExpExecArray> {
    return this.until(() => pattern.exec(this.stdout) ?? pattern.exec(this.stderr) ?? false, String(pattern), limit);
  }

  /** Polls until `probe` gives something; fails with what the command wrote, at once when it has ended. */
  async until<T>(probe: () => T | undefined | false, what: string, limit = 30_000): Promise<T> {
    const problem = () => new Error(`waited in vain for ${what}\n${this.stdout}\n${this.stderr}`);
    return until(() => {
      const found = probe();
      if ((found === undefined || found === false) && this.exited) throw problem();
      return found;
    }, limit).catch((error: Error) => {
      throw error.message.startsWith("waited in vain for ") ? problem() : error;
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async stop(): Promise<void> {
    if (!this.exited) this.child.kill("SIGKILL");
    await this.ended.catch(() => undefined);
    killAll(this.marker);
    running.delete(this);
  }
}

export function startCommand(args: readonly string[], options: CommandOptions): Command {
  return new Command(args, options);
}

/** Ends, by process id, what tests started and did not end. */
export async function stopCommands(): Promise<void> {
  await Promise.all([...running].map((command) => command.stop()));
}

/** Installs Locust where it is missing, so that no test's time limit has to pay for it; gives its Python. */
export function prepareLocust(): Promise<string> {
  return ensureEnvironment({
    directory: sharedCache,
    requirements: join(root, "locust", "requirements.txt"),
    constraints: join(root, "locust", "constraints.txt"),
    progress: () => undefined,
  });
}

/** Runs jobs with at most `most` at a time; their results in their order. */
export async function inTurns<T, R>(items: readonly T[], most: number, job: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < items.length; index = next++) results[index] = await job(items[index] as T);
  };
  await Promise.all(Array.from({ length: most }, lane));
  return results;
}
