/** Runs commands one after the other; a signal ends the one that runs, in order, and the next ones are not begun. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** What a command came to. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  /** Both streams, as they came. */
  readonly output: string;
}

export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export class Commands {
  private child: ChildProcess | undefined;
  private last = false;
  interrupted = false;

  /** @param say tells people what goes on */
  constructor(private readonly say: (line: string) => void) {
    for (const signal of signals) process.on(signal, () => this.interrupt());
    // A terminal that was closed must not keep anything from being destroyed.
    for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  }

  /** A signal interrupts what comes now. */
  begin(): void {
    this.last = false;
  }

  /** From now on a signal interrupts nothing: what is left is to take all away again. */
  finish(): void {
    this.last = true;
  }

  /** Runs a command in a folder; rejects with Interrupted where a signal came before its end. */
  async run(command: string, args: readonly string[], options: RunOptions): Promise<Finished> {
    if (this.interrupted && !this.last) throw new Interrupted();
    const child = this.start(command, args, options);
    this.child = child;
    const [code] = (await once(child, "close")) as [number | null];
    this.child = undefined;
    if (this.interrupted && !this.last) throw new Interrupted();
    return { code, stdout: child.said.stdout, output: child.said.output };
  }

  /** Starts a command that goes on until it is ended. */
  start(command: string, args: readonly string[], { cwd, env = {}, echo = false }: RunOptions): Started {
    // A process group of its own: the terminal's Ctrl-C is for this program alone, which hands it on.
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { stdout: "", output: "" };
    child.stdout.on("data", (data: Buffer) => {
      said.stdout += data;
      said.output += data;
      if (echo) process.stderr.write(data);
    });
    child.stderr.on("data", (data: Buffer) => {
      said.output += data;
      if (echo) process.stderr.write(data);
    });
    return Object.assign(child, { said });
  }

  private interrupt(): void {
    const again = this.interrupted;
    this.interrupted = true;
    if (this.last || again) {
      this.say("What was made is being taken away; this ends by itself.");
      return;
    }
    this.say("Interrupted: what was made is taken away now.");
    // Once: a second signal would make Pulumi forget what it is just making.
    this.child?.kill("SIGINT");
  }
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether people see what it prints as it comes. Defaults to false. */
  readonly echo?: boolean;
}

export type Started = ChildProcess & { readonly said: { stdout: string; output: string } };

/** What a command has printed with `--json`; undefined for any other text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The last line that Pulumi calls an error. */
export function lastError(output: string): string | undefined {
  return output
    .split("\n")
    .findLast((line) => /^\s*error:/.test(line))
    ?.trim();
}

export function lastLine(output: string): string {
  return output.trim().split("\n").at(-1) ?? "";
}
