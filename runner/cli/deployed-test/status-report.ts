import type { LocustStatus } from "../../types";
import type { Cost } from "./cost";

/** What `status` shows; as JSON it is printed as it is. */
export interface StatusReport {
  readonly stack: string | null;
  readonly context: string;
  readonly namespace: string;
  readonly script: string;
  readonly pods: readonly PodLine[];
  readonly workers: { readonly wanted: number; readonly ready: number };
  /** Why pods are not ready. */
  readonly troubles: readonly string[];
  /** The master's latest run; null where there was none yet, or the master does not answer. */
  readonly run: RunLine | null;
  /** Why nothing is known of a run. */
  readonly problem: string | null;
  /**
   * The command that has the test, and how many seconds ago it has renewed its Lease, by the clocks of two machines; null
   * where there is none. It does so every 5 s: one that has not for long is gone.
   */
  readonly command: { readonly by: string; readonly since: string | null; readonly seen: number | null } | null;
  /** How many workers there are to be when a run that scaled them is over; null where nothing is to be restored. */
  readonly workersBefore: number | null;
  readonly cost: Cost | null;
}

export interface PodLine {
  readonly name: string;
  readonly part: "control" | "worker";
  readonly ready: boolean;
  readonly restarts: number;
  /** Seconds. */
  readonly age: number;
}

export interface RunLine
  extends Pick<
    LocustStatus,
    | "users"
    | "targetUsers"
    | "requests"
    | "failures"
    | "rps"
    | "p95"
    | "elapsed"
    | "runTime"
    | "kept"
    | "script"
    | "host"
  > {
  readonly going: boolean;
  /** `sam@laptop`; null for a run of Locust's web UI. */
  readonly startedBy: string | null;
}
