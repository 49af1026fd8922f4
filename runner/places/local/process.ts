import { type ChildProcess, spawn } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { pluginVariables } from "../../../settings/locust";
import { messageOf, RunnerError } from "../../errors";

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** File that gets the process's output. It is written by the process itself, so it outlives this one. */
  readonly log: string;
}

export interface Exit {
  /** `exit code 1`, or the signal that ended it. */
  readonly how: string;
  /** Null where a signal ended it, or it could not start. */
  readonly code: number | null;
  /** When, by `performance.now()`. */
  readonly at: number;
}

/** Number of the descriptor that tells a child that this process is gone. */
const lifelineDescriptor = 3;

/** A child process that does not outlive this one: it holds the end of a pipe that breaks when this process dies. */
export class ManagedProcess {
  /** Resolves when the process has ended; never rejects. */
  readonly exited: Promise<Exit>;
  private exit: Exit | undefined;

  private constructor(
    readonly name: string,
    readonly log: string,
    private readonly child: ChildProcess,
  ) {
    this.exited = new Promise((resolve) => {
      const end = (how: string, code: number | null) => {
        this.exit ??= { how, code, at: performance.now() };
        resolve(this.exit);
      };
      child.once("exit", (code, signal) => end(signal ?? `exit code ${code}`, code));
      child.once("error", (error) => end(messageOf(error), null));
    });
  }

  static async start(options: ProcessOptions): Promise<ManagedProcess> {
    const log = await open(options.log, "w").catch((error: unknown) => {
      throw new RunnerError(`${options.log} cannot be written: ${messageOf(error)}`, undefined, { cause: error });
    });
    try {
      const child = spawn(options.command, options.args, {
        cwd: options.cwd,
        env: { ...options.env, [pluginVariables.lifeline]: String(lifelineDescriptor) },
        stdio: ["ignore", log.fd, log.fd, "pipe"],
        // A group of its own: Ctrl-C in the terminal reaches only us, and we decide how the run ends.
        detached: true,
      });
      child.stdio[lifelineDescriptor]?.on("error", () => undefined);
      return new ManagedProcess(options.name, options.log, child);
    } finally {
      await log.close();
    }
  }

  get alive(): boolean {
    return this.exit === undefined;
  }

  /** When it has ended, by `performance.now()`; undefined while it lives. */
  get endedAt(): number | undefined {
    return this.exit?.at;
  }

  /** Asks the process to end, and ends it and all it started when it does not within `grace` ms. */
  async stop(grace: number): Promise<Exit> {
    if (this.alive) this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), grace);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  /** Ends the process and all it started, now. */
  kill(): void {
    if (this.alive) this.signal("SIGKILL");
  }

  async output(): Promise<string> {
    return readFile(this.log, "utf8").catch(() => "");
  }

  private signal(signal: "SIGTERM" | "SIGKILL"): void {
    const pid = this.child.pid;
    if (pid === undefined) return;
    try {
      process.kill(signal === "SIGKILL" ? -pid : pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}
