import type { AskedArrivals } from "../../settings/values/arrivals";
import type { Threshold } from "../../settings/values/threshold";
import type { EndedBy, FailureKind, LocustStatus, Phase, RequestStats, Sample } from "../types";
import type { Place, ScriptReport } from "../types/script";
import type { CapacityAsked, CapacityReport, CapacityStep } from "../verdict/capacity/report";
import type { IntegrityReport } from "../verdict/integrity";
import type { Unanswered } from "../verdict/requests";
import type { ThresholdResult } from "../verdict/thresholds";
import type { CsvName, LocustClient } from "./client";
import type { Timing } from "./timing";

/** The load that is asked for. */
export interface RunPlan {
  readonly users: number;
  /** Users a second. */
  readonly spawnRate: number;
  /**
   * Seconds from the start, with the ramp; undefined for a run that is followed, whose end is not ours to know.
   * A load shape in the script takes the place of users, rate and time.
   */
  readonly runTime: number | undefined;
  /** How many iterations start when, with `users` as the most under way; undefined: users wait as the script says. */
  readonly arrivals?: AskedArrivals | undefined;
  readonly workers: number;
  readonly host?: string | undefined;
  readonly thresholds: readonly Threshold[];
  /** Ends the run when a threshold has been breached for this many seconds of the hold; undefined: never. */
  readonly abortAfter?: number | undefined;
  /** The load is raised in steps to find what the target takes: instead of `users` for the run time. */
  readonly search?: SearchPlan | undefined;
}

/** How the capacity of a target is searched for. */
export interface SearchPlan {
  readonly asked: CapacityAsked;
  /** Users started a second; undefined: as many as get to each level in three seconds. */
  readonly spawnRate?: number | undefined;
  readonly timing?: Partial<SearchTiming>;
}

/** How long what belongs to a step takes, beside the time that it is measured; in ms. */
export interface SearchTiming {
  /** To a level, where no spawn rate says otherwise. */
  readonly ramp: number;
  /** At a level, before it is measured; longer, up to the second, while requests of the level before are under way. */
  readonly settle: number;
  readonly settleMost: number;
  /** Between two looks whether a level breaks. */
  readonly watch: number;
  /** Without an answer, until a level counts as broken. */
  readonly silence: number;
  /** For which a target that a level broke gets less, until it answers as it should. */
  readonly recover: number;
}

/** The numbers of a run so far. */
export interface Snapshot {
  readonly csv: Readonly<Partial<Record<CsvName, string>>>;
  readonly rows: readonly RequestStats[];
  /** With times from when each iteration was due; empty without an arrival rate. */
  readonly corrected: readonly RequestStats[];
  /** The most frequent first, and not all of many. */
  readonly failures: readonly FailureKind[];
  /** Undefined where the master does not tell. */
  readonly code: ScriptReport | undefined;
  readonly thresholds: readonly ThresholdResult[];
  readonly integrity: IntegrityReport;
}

/** Shows or saves a run. A rejected promise ends the run as `results-unwritable`. */
export interface RunObserver {
  /** Workers are being waited for. */
  waiting?(status: LocustStatus): void;
  /** For so many seconds listeners of `test_start` prepare the run, or these workers do not answer. */
  preparing?(seconds: number, silent: readonly string[]): void;
  /** The load of the run has begun, the master's `run`th. */
  started?(status: LocustStatus, at: Date, run: number): Promise<void> | void;
  phase?(phase: Phase): void;
  /** `late`: it was missed at its time, and comes from the master's own record. */
  sample?(sample: Sample, late: boolean): Promise<void> | void;
  snapshot?(snapshot: Snapshot): Promise<void> | void;
  /** A step of a search is over, with what the search has found so far. */
  step?(step: CapacityStep, found: CapacityReport): void;
  /** What a search does beside its steps, in a line. */
  said?(text: string): void;
  /** Locust's HTML report, at the end. */
  report?(html: string): Promise<void> | void;
  warning?(text: string): void;
}

export interface RunOptions {
  readonly client: LocustClient;
  readonly plan: RunPlan;
  readonly observer?: RunObserver;
  /** Called once all workers are there; what it throws ends the run before it starts. */
  readonly beforeStart?: (status: LocustStatus) => Promise<void> | void;
  /** Ends the run in good order: users finish, last reports are waited for. */
  readonly interrupt?: AbortSignal;
  /** Ends everything at once, with the numbers of the last snapshot. */
  readonly kill?: AbortSignal;
  /** Aborted, with an Error as its reason, by whoever sees the master die. */
  readonly masterLost?: AbortSignal;
  /** Whether the master stays when this command ends, as a cluster's does. Defaults to false. */
  readonly masterStays?: boolean | undefined;
  /** When the process of a worker has ended, by `performance.now()`; undefined where it lives, or nobody can see it. */
  readonly endedAt?: ((name: string) => number | undefined) | undefined;
  /** What ended a worker that is gone, by its name; undefined where nobody knows. */
  readonly whyLost?: ((name: string) => Promise<string | undefined>) | undefined;
  /** Aborted when master or workers cannot come up; its reason is thrown while workers are waited for. */
  readonly startFailed?: AbortSignal;
  readonly timing?: Partial<Timing>;
  /** Brings up so many workers in all, for a search that needs more; gives what that costs in words, where it is known. */
  readonly scale?: Scale | undefined;
}

/** How the number of workers is changed while a run goes on. */
export interface Scale {
  /** What so many workers more cost, to end a sentence; undefined where nobody knows, or nothing. */
  cost?(more: number): string | undefined;
  /** @param workers in all; resolves when they are up, and may not have connected yet */
  to(workers: number): Promise<void>;
}

export interface RunOutcome {
  readonly endedBy: EndedBy;
  /** What went wrong, for the ends that are errors. */
  readonly error?: string | undefined;
  /** Undefined where the run never started. */
  readonly startedAt?: Date | undefined;
  readonly endedAt: Date;
  /** Seconds of load, from the start to the stop. */
  readonly duration: number;
  /** Seconds that were asked for; undefined where the script or the web UI decides. */
  readonly runTime?: number | undefined;
  /** The line of the script that ended the run. */
  readonly scriptEnd?: Place | undefined;
  /** What is wrong with rows that ended the run. */
  readonly dataProblem?: string | undefined;
  /** The exit code that the script has set for itself; null or undefined where it has not. */
  readonly scriptExit?: number | null | undefined;
  /** Seconds until all users ran; null when they never did. */
  readonly ramp: number | null;
  readonly rows: readonly RequestStats[];
  readonly corrected?: readonly RequestStats[];
  readonly failures: Snapshot["failures"];
  readonly code?: ScriptReport | undefined;
  readonly thresholds: readonly ThresholdResult[];
  readonly integrity: IntegrityReport | null;
  /** Undefined where the run never started. */
  readonly unanswered?: Unanswered | undefined;
  /** A sentence, where the target has stopped answering while there was load. */
  readonly silence?: string | undefined;
  /** What a search has found, as far as it has come. */
  readonly capacity?: CapacityReport | undefined;
  /** Whether the last reports of all workers are in the numbers, and those on disk. */
  readonly complete: boolean;
  readonly status?: LocustStatus | undefined;
}

/** The outcome of a run that did not start. */
export function notStarted(error: string): RunOutcome {
  return {
    endedBy: "not-started",
    error,
    endedAt: new Date(),
    duration: 0,
    ramp: null,
    rows: [],
    failures: [],
    thresholds: [],
    integrity: null,
    complete: false,
  };
}
