import { setTimeout as pause } from "node:timers/promises";

/** What is looked at until it gives something. */
export type Probe<T> = () => T | undefined | false | Promise<T | undefined | false>;

export interface PollOptions {
  /** Time in ms after which it fails. */
  readonly limit: number;
  /** Time in ms from one look to the next. */
  readonly every: number;
  /** What it then fails with. */
  readonly problem: () => string;
}

/** Looks until a probe gives something. */
export async function poll<T>(probe: Probe<T>, { limit, every, problem }: PollOptions): Promise<T> {
  const deadline = performance.now() + limit;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(problem());
    await pause(every);
  }
}
