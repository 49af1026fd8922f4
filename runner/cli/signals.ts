import { closeSync } from "node:fs";
import { isatty } from "node:tty";
import { exitCodes } from "../types";

/** What the user's signals mean for a run. */
export interface Signals {
  /** Aborted by the first Ctrl-C, SIGTERM or closed terminal: end in good order. */
  readonly interrupt: AbortSignal;
  /** Aborted by the second: end now. */
  readonly kill: AbortSignal;
  /** Stops listening. */
  dispose(): void;
}

const names = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Files 0 to 2, as far as they are terminals when the command begins. */
const terminals = [0, 1, 2].filter((file) => isatty(file));

/** Set for a command that ends when its IPC channel is closed: whoever started it is gone then. */
export const endsWithChannel = "LOADTEST_ENDS_WITH_CHANNEL";

/** Has a signal end the process with the code that is documented, while no command listens and nothing has begun. */
export function endOnSignals(): void {
  for (const name of names) {
    process.on(name, () => {
      if (process.listenerCount(name) === 1) endProcess(exitCodes.aborted);
    });
  }
  // As if it were the terminal that is closed. Others have a channel, too, and close it for reasons of their own.
  if (process.env[endsWithChannel] !== undefined) process.once("disconnect", () => process.emit("SIGHUP", "SIGHUP"));
  // What the command starts has a channel of its own, or none.
  delete process.env[endsWithChannel];
}

/** Ends the process. Node gives terminals their modes back then, and crashes where one was closed. */
export function endProcess(code: number): never {
  for (const file of terminals) if (!isatty(file)) closeSync(file);
  process.exit(code);
}

/** Listens to the signals that end a command; `onFirst` tells the user what happens now. */
export function listenToSignals(onFirst: (signal: string) => void): Signals {
  const interrupt = new AbortController();
  const kill = new AbortController();
  const handler = (signal: string) => {
    // A closed terminal sends SIGHUP twice: from the system and from the shell.
    if (interrupt.signal.aborted && signal !== "SIGHUP") kill.abort();
    interrupt.abort();
    if (!kill.signal.aborted) onFirst(signal);
  };
  // Output to a closed terminal fails; the run has to be ended and saved all the same.
  const ignore = () => undefined;
  for (const name of names) process.on(name, handler);
  process.stdout.on("error", ignore);
  process.stderr.on("error", ignore);
  return {
    interrupt: interrupt.signal,
    kill: kill.signal,
    dispose() {
      for (const name of names) process.off(name, handler);
    },
  };
}
