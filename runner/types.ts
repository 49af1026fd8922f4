/** The words that the rooms of the runner share: what Locust reports, what a run is, how it may end. */

import type { ArrivalsSample, ArrivalsStatus } from "./types/arrivals";
import type { ClientVersions, HttpFallback } from "./types/clients";
import type { Place, ScriptReport } from "./types/script";

/** What one worker last reported; CPU is in cores, memory in bytes. */
export interface WorkerStatus {
  /** Locust's id of the worker: unique, but not stable over a restart. */
  readonly id: string;
  /** `worker-1`, or the pod's name: the name to show people. */
  readonly name: string;
  readonly state: "ready" | "spawning" | "running" | "stopped" | "missing";
  readonly users: number;
  /** Cores used since its last report. */
  readonly cpu: number;
  /** The part of the time since then in which other processes had the CPU that it needed; missing in older plugins. */
  readonly cpuWait?: number;
  /** The part of it in which its event loop worked, waited for a CPU, or was blocked; missing in older plugins. */
  readonly loopBusy?: number;
  /** Seconds for which an answer waited on average until the event loop looked at it; missing in older plugins. */
  readonly loopDelay?: number;
  /** Cores it may use: a Python process uses one at the most, a container's limit may be lower. */
  readonly cpuLimit: number;
  readonly memory: number;
  /** Undefined where nothing limits it. */
  readonly memoryLimit?: number | undefined;
  /** Requests of its users that had no answer yet. */
  readonly underWay?: number;
  /** Nothing was heard of it for three seconds; missing in older plugins. */
  readonly silent?: boolean;
  /** It has said goodbye; missing in older plugins. */
  readonly leaving?: boolean;
  /** The line of the script that ended it; null or missing where the script did not. */
  readonly endedAt?: Place | null;
}

/** What the plugin's `GET /loadtest/status` answers: one consistent, uncached view of the master. */
export interface LocustStatus {
  readonly locust: string;
  readonly python: string;
  /** Missing in older plugins. */
  readonly client?: ClientVersions;
  /** File name of the script. */
  readonly script: string;
  /** Locust's own word for what the master does. */
  readonly state: "ready" | "spawning" | "running" | "stopping" | "stopped" | "cleanup" | "missing";
  /** How many tests this master has started; 0 before the first. */
  readonly run: number;
  /** Seconds for which listeners of `test_start` have been preparing the next test; null where none is on its way. */
  readonly preparing?: number | null;
  /** The latest test has ended, and each living worker's last numbers are in. */
  readonly drained: boolean;
  /** When the latest test was started, by the master's clock: UTC, ISO 8601; null before the first. */
  readonly startedAt: string | null;
  /** Seconds since the start of the latest test, until its end; null before the first. */
  readonly elapsed: number | null;
  /** Seconds after which the latest test ends by itself; null where nothing limits it, and before the first. */
  readonly runTime: number | null;
  /** Whether somebody has said that the results of the latest test are kept elsewhere; false before the first. */
  readonly kept: boolean;
  readonly users: number;
  /** What Locust was last asked for; a load shape changes it as the run goes on. */
  readonly targetUsers: number;
  /** Users started a second, as it was last asked for. */
  readonly spawnRate: number;
  /** Name of the script's load shape, which then decides users and time instead of the settings. */
  readonly shape: string | null;
  /** The target that holds for all user classes: of the command line, or of the web UI. */
  readonly host: string | null;
  /**
   * The target of every user class: in a run its target, else that of a run that says none. Null where an HTTP user has
   * none; other users may do without, and are left out then. What a script says is no URL of ours: it may be anything.
   */
  readonly hosts: Readonly<Record<string, string | null>>;
  /** Names of those of the script's own arguments that it calls secret; left out without any. */
  readonly secretArguments?: readonly string[];
  readonly workers: readonly WorkerStatus[];
  /**
   * `id`: of this process of the master. A master with another one knows nothing of earlier tests. `leaving`: it is
   * about to end, and its workers after it.
   */
  readonly master: {
    readonly id: string;
    readonly cpu: number;
    readonly cpuLimit: number;
    readonly memory: number;
    readonly leaving?: boolean;
  };
  /** Missing in older plugins. */
  readonly code?: ScriptReport;
  readonly requests: number;
  readonly failures: number;
  /** How often what was counted since the start of the run was thrown away; missing in older plugins. */
  readonly resets?: number;
  /** Over the last six seconds or so; 0 at the latest nine seconds after the last answer. */
  readonly rps: number;
  readonly failuresPerSecond: number;
  /** Of the last ten seconds, in ms; null before the first request, and while nothing is answered. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** Null in a test without an arrival rate; missing in older plugins, and where the script has an option of that name. */
  readonly arrivals?: ArrivalsStatus | null;
  /** Requests of HttpUser and FastHttpUser without an answer yet, as workers said in the last three seconds. */
  readonly underWay?: number;
  /** Seconds for which the oldest of them had waited; 0 without one. */
  readonly oldestWait?: number;
  /** Those that got no answer before the end of the test, and the grace after it: they are among the failures. */
  readonly cutOff?: number;
  /** At most 20, the most frequent ones first; missing in older plugins. */
  readonly httpFallbacks?: readonly HttpFallback[];
}

/** A run goes through these in this order, and may go to `stop` from any of them. */
export type Phase = "ready" | "ramp" | "hold" | "stop" | "collected";

/** What the master reports at one moment of a run: a line of `series.ndjson`. */
export interface Sample {
  /** Seconds since the start of the run. */
  readonly t: number;
  /** UTC, ISO 8601. */
  readonly time: string;
  readonly phase: Phase;
  readonly users: number;
  /** Users asked for at this moment, when the ramp is done. */
  readonly targetUsers: number;
  /** Workers that answer. */
  readonly workers: number;
  readonly rps: number;
  readonly failuresPerSecond: number;
  readonly requests: number;
  readonly failures: number;
  /** How often what was counted before was thrown away; missing in older results. */
  readonly resets?: number;
  /** Requests without an answer yet, and the seconds that the oldest waits; missing in older results. */
  readonly underWay?: number;
  readonly oldestWait?: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** CPU of each worker that answers as a share (0 to 1) of what it may use, by name. */
  readonly workerCpu: Readonly<Record<string, number>>;
  /** Bytes of the worker that uses most; missing in older results. */
  readonly workerMemory?: number;
  readonly masterCpu: number;
  /** Missing in a run without an arrival rate. */
  readonly arrivals?: ArrivalsSample;
}

/** A sample as Locust's master keeps it: with the master's own state, as only the engine knows phases. */
export interface RecordedSample extends Omit<Sample, "phase"> {
  readonly state: LocustStatus["state"];
}

/** What the master has recorded of its latest test. */
export interface RecordedSeries {
  /** The number of that test; 0, and no samples, before the first. */
  readonly run: number;
  /** Seconds between two samples; it doubles whenever the master holds too many, and drops every second one. */
  readonly interval: number;
  /** In their order. The last one has the final numbers, once the test is drained. */
  readonly samples: readonly RecordedSample[];
}

/** A worker that went away while the run was going on. */
export interface LostWorker {
  readonly name: string;
  /** Seconds since the start of the run. */
  readonly t: number;
  /** Requests of its users without an answer, when it was last heard of: they are in no total. */
  readonly underWay?: number | undefined;
  /** What ended it, to follow a colon; undefined where nobody knows. */
  readonly cause?: string | undefined;
}

/** Why a run came to its end. */
export type EndedBy =
  | "run-time"
  | "shape"
  /** A search for the capacity has come to its end. */
  | "capacity"
  /** Its time was over, or somebody stopped it: a run that was started in Locust's web UI. */
  | "page"
  | "threshold"
  | "interrupt"
  /** On Locust's web UI, or by another command, before its time was over. */
  | "stopped-elsewhere"
  /** Before its time was over. */
  | "script"
  /** The rows of a file have run out, before its time was over. */
  | "data"
  | "workers-lost"
  /** It was not heard of any more. It goes on without this command, and may have the rest of the run. */
  | "master-silent"
  /** It has ended, and with it what it had not told yet. */
  | "master-lost"
  | "results-unwritable"
  | "command-killed"
  | "not-started";

/** One row of Locust's `requests.csv`; times in ms. The row over all requests has method "" and name "Aggregated". */
export interface RequestStats {
  readonly method: string;
  readonly name: string;
  readonly requests: number;
  readonly failures: number;
  readonly rps: number;
  readonly failuresPerSecond: number;
  readonly avg: number;
  readonly min: number;
  readonly max: number;
  /** By name: p50, p66, p75, p80, p90, p95, p98, p99, p99.9, p99.99, p100; null without a request. */
  readonly percentiles: Readonly<Record<string, number | null>>;
}

/** What requests of one name failed with, and how often. */
export interface FailureKind {
  readonly method: string;
  readonly name: string;
  readonly error: string;
  readonly count: number;
}

export type Verdict = "passed" | "failed" | "invalid" | "aborted" | "error";

/** Exit codes of the command line; the same words and numbers wherever the run was. */
export const exitCodes = { passed: 0, failed: 1, usage: 2, invalid: 3, error: 4, aborted: 130 } as const;
