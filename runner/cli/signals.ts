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

/** Listens to the signals that end a command; `onFirst` tells the user what happens now. */
export function listenToSignals(onFirst: (signal: string) => void): Signals {
  const interrupt = new AbortController();
  const kill = new AbortController();
  const handler = (signal: string) => {
    if (interrupt.signal.aborted) kill.abort();
    interrupt.abort();
    if (!kill.signal.aborted) onFirst(signal);
  };
  // Output to a terminal that was closed fails; the run has to be ended and kept all the same.
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
