import type { Endpoint } from "../engine/client";
import type { Scale } from "../engine/plan";
import type { Timing } from "../engine/timing";

export interface OpenOptions {
  /** A line for each long step: "Installing Locust". */
  readonly progress: (text: string) => void;
  /** Gives up while things come up, and cleans up. */
  readonly signal: AbortSignal;
  /** Ends what was brought up without waiting for it, at any time. */
  readonly kill: AbortSignal;
}

/** A master and its workers, reachable from here: processes of this machine, or pods of a cluster. */
export interface Session {
  readonly endpoint: Endpoint;
  /** Workers that should connect. */
  readonly workers: number;
  /** Aborted when the master is seen to die, with an Error that says how. */
  readonly masterLost: AbortSignal;
  /** Aborted when the master or a worker ends, with a RunnerError that explains it; of use until the run starts. */
  readonly startFailed: AbortSignal;
  /** When the process of a worker has ended, by `performance.now()`; undefined where it lives, or nobody can see it. */
  readonly endedAt?: (name: string) => number | undefined;
  /** What ended a worker that is gone, to follow a colon; undefined where nobody knows. */
  readonly whyLost?: (name: string) => Promise<string | undefined>;
  /**
   * Ends the master in order, so that the script's `quitting` listeners run, and gives the exit code that they decide
   * on; missing where the master outlives a run.
   */
  readonly quit?: () => Promise<number>;
  /** How to get more workers while a run goes on. */
  readonly scale?: Scale | undefined;
  /** Where the way to the master is longer than on one machine. */
  readonly timing?: Partial<Timing>;
  /** Whether the master stays when the session is closed. Defaults to false. */
  readonly stays?: boolean;
  /** Ends what `open` brought up, or makes it as it was. Gives warnings on what is not as before. Safe to call twice. */
  close(): Promise<readonly string[]>;
}
