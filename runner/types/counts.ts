/** What Locust has counted since the start of a run, for the steps of a search for the capacity. */

/** What was counted of one request, or of all; times in ms. */
export interface Counted {
  readonly requests: number;
  readonly failures: number;
  /** Of all answers together. */
  readonly time: number;
  /** How many answers took so long, as Locust rounds it. */
  readonly times: Readonly<Record<string, number>>;
}

/** What the plugin's `GET /loadtest/counts` answers: all that was counted since the start of the latest test. */
export interface Counts {
  readonly run: number;
  /** Workers of that test: when they reported last, in seconds since its start, and what they had counted by then. */
  readonly workers: readonly { readonly id: string; readonly at: number; readonly requests: number }[];
  readonly total: Counted;
  /** Empty where it was not asked for. */
  readonly requests: readonly (Counted & { readonly method: string; readonly name: string })[];
  /** With times from when iterations were due; nothing was counted in a test without an arrival rate. */
  readonly corrected?: Pick<Counts, "total" | "requests">;
}
