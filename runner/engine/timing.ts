/** How often the engine looks, and how long it waits; all in ms. */
export interface Timing {
  /** Between two samples. */
  readonly sample: number;
  /**
   * Between two snapshots of the numbers: CSV files and thresholds. Longer where there are many names of requests: while
   * Locust's master writes them it does nothing else, so that is a tenth of its time at most.
   */
  readonly snapshot: number;
  /** Between two looks while waiting for workers, for the start and for the last reports. */
  readonly poll: number;
  /** How long workers may take to connect. */
  readonly ready: number;
  /** How long listeners of `test_start` may take to prepare a test. */
  readonly prepare: number;
  /** How long the master may take to begin a test that it accepted, and that is prepared. */
  readonly start: number;
  /** How long the master may stay silent in a run before it counts as lost. */
  readonly silence: number;
  /** How long past its time a run may go on before the engine stops it itself. */
  readonly overtime: number;
  /** How long users, and then the last reports of workers, may take after the stop. */
  readonly drain: number;
  /** How long a command that is killed waits for its stop to be sent. */
  readonly farewell: number;
}

export const defaultTiming: Timing = {
  sample: 1000,
  snapshot: 3000,
  poll: 100,
  ready: 60_000,
  prepare: 300_000,
  start: 5000,
  silence: 7000,
  overtime: 3000,
  drain: 90_000,
  farewell: 1000,
};

/** A signal that is never aborted. */
export const never: AbortSignal = new AbortController().signal;

/** Waits; ends early, without an error, when a signal is aborted. */
export function pause(ms: number, ...signals: readonly AbortSignal[]): Promise<void> {
  if (ms <= 0 || signals.some((signal) => signal.aborted)) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    for (const signal of signals) signal.addEventListener("abort", done, { once: true });
  });
}
