import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { packageRoot } from "../../../settings/package-root";
import { RunnerError } from "../../errors";
import { endsWithChannel } from "../signals";

/** How a command ended. */
export interface CommandEnd {
  /** Its exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  /** Lines of standard error, the last of them. */
  readonly lines: readonly string[];
}

export interface ChildrenOptions {
  /** Folder that commands run in. */
  readonly directory: string;
  /** The command line's entry; defaults to this package's own. */
  readonly entry?: string;
  /** How long a command may take to end in good order, and then at once, in ms each. */
  readonly patience?: number;
}

/** Commands at a time, so that a client in a loop does not take the machine. */
const most = 8;
/** Lines of standard error that are kept. */
const keptLines = 20;
/** Characters of standard output that are kept. */
const keptOutput = 32 * 1024 * 1024;

/** The commands that this process has started; it ends no others. */
export class Children {
  private readonly running = new Set<Promise<unknown>>();
  private readonly closing = new AbortController();

  constructor(private readonly options: ChildrenOptions) {}

  /**
   * Runs a command to its end.
   *
   * @param stop ends it in good order, as Ctrl-C does
   * @param onLine called with each line of standard error
   * @throws RunnerError where it cannot be started
   */
  async run(args: readonly string[], stop: AbortSignal, onLine: (line: string) => void): Promise<CommandEnd> {
    if (this.closing.signal.aborted) throw new RunnerError("the server ends");
    if (stop.aborted) throw new RunnerError("it was cancelled before it began");
    if (this.running.size >= most) throw new RunnerError(`${most} commands are going on: wait until one has ended`);
    const ended = this.start(args, AbortSignal.any([stop, this.closing.signal]), onLine);
    this.running.add(ended);
    try {
      return await ended;
    } finally {
      this.running.delete(ended);
    }
  }

  /** Ends all of them in good order, and waits for that. */
  async close(): Promise<void> {
    this.closing.abort();
    await Promise.allSettled(this.running);
  }

  private start(args: readonly string[], stop: AbortSignal, onLine: (line: string) => void): Promise<CommandEnd> {
    const { directory, entry = join(packageRoot(), "bin", "loadtest.js"), patience = 60_000 } = this.options;
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [entry, ...args], {
        cwd: directory,
        // The channel tells a command that the server is gone, however it went.
        env: { ...process.env, [endsWithChannel]: "1" },
        // A terminal's Ctrl-C is for the server, which passes it on once.
        detached: true,
        stdio: ["ignore", "pipe", "pipe", "ipc"],
      });
      const timers: NodeJS.Timeout[] = [];
      const end = () => {
        child.kill("SIGINT");
        timers.push(setTimeout(() => child.kill("SIGINT"), patience));
        timers.push(setTimeout(() => child.kill("SIGKILL"), patience * 2));
      };
      let stdout = "";
      const lines: string[] = [];
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        if (stdout.length < keptOutput) stdout += text;
      });
      if (child.stderr !== null) {
        createInterface({ input: child.stderr }).on("line", (line) => {
          lines.push(line);
          if (lines.length > keptLines) lines.shift();
          onLine(line);
        });
      }
      child.once("error", (error) => reject(new RunnerError(`the command cannot be started: ${error.message}`)));
      child.once("close", (code, signal) => {
        for (const timer of timers) clearTimeout(timer);
        stop.removeEventListener("abort", end);
        resolve({ code: signal ?? code ?? -1, stdout, lines });
      });
      if (stop.aborted) end();
      else stop.addEventListener("abort", end, { once: true });
    });
  }
}
