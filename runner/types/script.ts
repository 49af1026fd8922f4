/** What Locust reports of what the script's own code did. */

/** A line of the script, or of a module beside it; nulls where no line of the user's took part. */
export interface Place {
  readonly file: string | null;
  readonly line: number | null;
}

/** What the script's code did again and again: errors by type, line and message, or users that left by how they did. */
export interface Tally {
  readonly count: number;
  /** The most frequent ones first; not all where there are many. Messages of a line beyond the first ten are one kind. */
  readonly kinds: readonly (Place & { readonly type: string; readonly message: string; readonly count: number })[];
}

/** What the script's own code did in the latest test. */
export interface ScriptReport {
  /** In tasks, `on_start` and the like, listeners, and greenlets of its own. */
  readonly exceptions: Tally;
  /** Users that ended and were not told to: `StopUser`, `stop()`, or the error that ended them. */
  readonly left: Tally;
  /** Classes of which users found no tasks; missing in older plugins. */
  readonly idle?: readonly string[];
  /** The users that the script's classes allow, where these are fewer than asked. */
  readonly most: number | null;
  /** Who ended the test; `data`: the rows of a file, which is its place, have run out, or are not what they were. */
  readonly ended:
    | (Place & {
        readonly by: "script" | "data" | "page" | "time" | "shape" | "workers" | "locust";
        /** What is wrong with the rows, to be followed by a full stop. */
        readonly problem?: string;
      })
    | null;
  /** `environment.process_exit_code` of the master. */
  readonly exitCode: number | null;
  /** Listeners of `quitting` may set it, which run only where the master ends after a run. */
  readonly decidesAtQuit: boolean;
}
