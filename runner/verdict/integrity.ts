import type { EndedBy, LostWorker, Sample } from "../types";
import { type CpuUse, CpuWatch } from "./cpu";
import { round } from "./format";
import { type UsersReport, UsersWatch } from "./users";

/** The load that was asked for. */
export interface AskedLoad {
  readonly users: number;
  /** Users a second. */
  readonly spawnRate: number;
  readonly workers: number;
  /** The script's load shape, which then decides the users; null (or false) without one. */
  readonly shape: string | boolean | null;
}

/** Was the load what was asked? `ok` is false as soon as there is one problem. */
export interface IntegrityReport {
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly users: UsersReport;
  readonly workers: {
    readonly asked: number;
    readonly lost: readonly LostWorker[];
    /** Those that said goodbye before the run was over. */
    readonly left?: readonly LostWorker[] | undefined;
  };
  /** By the worker's name. */
  readonly workerCpu: Readonly<Record<string, CpuUse>>;
  readonly masterCpu: CpuUse;
}

const master = "master";

/** The requests that are lost with a worker, to end a sentence. */
function withRequests({ underWay = 0 }: LostWorker): string {
  return underWay === 0 ? "" : `, with ${underWay} ${underWay === 1 ? "request" : "requests"} under way`;
}

/** Judges a run's load from its samples as they come; the constants of `users.ts` and `cpu.ts` say what is allowed. */
export function createIntegrity({ users, spawnRate, workers, shape }: AskedLoad) {
  const usersWatch = new UsersWatch(users, spawnRate, shape !== null && shape !== false);
  const workerCpu = new CpuWatch();
  const masterCpu = new CpuWatch();
  const lostWorkers: LostWorker[] = [];
  const leftWorkers: LostWorker[] = [];
  let previous: Sample | undefined;
  let samples = 0;
  let requests = 0;
  let underWay = 0;
  let mostWorkers = 0;
  const names = new Set<string>();
  const joined: LostWorker[] = [];
  const resets: number[] = [];

  /** Samples of every phase, in order. Each stands for the time since the one before it. */
  function add(sample: Sample): void {
    const since = previous?.t ?? Math.min(0, sample.t);
    const seconds = Math.max(0, sample.t - since);
    samples += 1;
    // Locust's web UI has a button for it, and a script may do it; what was counted before is gone then.
    if ((sample.resets ?? 0) > (previous?.resets ?? 0)) resets.push(sample.t);
    requests = Math.max(requests, sample.requests);
    underWay = Math.max(underWay, sample.underWay ?? 0);
    mostWorkers = Math.max(mostWorkers, sample.workers);
    if (sample.phase === "ramp" || sample.phase === "hold") {
      for (const name of Object.keys(sample.workerCpu)) {
        // The workers that were asked for may connect one after the other: only more than these have joined.
        if (!names.has(name) && names.size >= workers) joined.push({ name, t: sample.t });
        names.add(name);
      }
      // After a wait for workers the ramp begins somewhere between two samples: the later is the milder.
      usersWatch.begin(previous?.phase === "ready" ? sample.t : since);
      usersWatch.add(sample, since);
      const hold = sample.phase === "hold" || usersWatch.rampOver(sample.t);
      workerCpu.add(sample.workerCpu, seconds, hold);
      masterCpu.add({ [master]: sample.masterCpu }, seconds, hold);
    }
    previous = sample;
  }

  /**
   * The report up to now. For a run that a breached threshold ended (`threshold`), an unfinished ramp is
   * only a warning: the target did not take even the load that there was.
   */
  function report(endedBy?: EndedBy): IntegrityReport {
    const problems: string[] = [];
    const warnings: string[] = [];
    if (samples === 0) {
      problems.push("samples: there are none, so nothing is known of the load");
    } else if (requests === 0 && underWay > 0) {
      problems.push(`requests: none was answered, of ${underWay} at a time`);
    }
    problems.push(
      ...resets.map(
        (t) => `requests: statistics were reset ${round(t, 0)} s into the run, and what was before is lost`,
      ),
    );
    problems.push(...usersWatch.problems());
    const unfinished = usersWatch.unfinishedRamp();
    if (unfinished !== undefined) {
      (endedBy === "threshold" ? warnings : problems).push(unfinished);
    }
    const { missing = [], idle = [] } = usersWatch.report();
    if (missing.length > 0 && !problems.some((text) => text.startsWith("users: "))) {
      (usersWatch.endedShort ? problems : warnings).push(`users: ${missing.join("; ")}`);
    }
    problems.push(...idle.map((name) => `users: class ${name} has no tasks, so users in it do nothing`));
    problems.push(...lostWorkers.map((worker) => `workers: ${workerText(worker, "was lost")}`));
    problems.push(...leftWorkers.map((worker) => `workers: ${workerText(worker, "left")}`));
    warnings.push(...joined.map((worker) => `workers: ${workerText(worker, "joined")}`));
    if (samples > 0 && mostWorkers < workers) {
      warnings.push(`workers: at most ${mostWorkers} of ${workers} answered`);
    }
    const ofWorkers = workerCpu.judge((name) => `worker ${name}`, "so it cannot send what was asked");
    const ofMaster = masterCpu.judge(() => "the master", "which delays the numbers");
    problems.push(...ofWorkers.problems, ...ofMaster.problems);
    warnings.push(...ofWorkers.warnings, ...ofMaster.warnings);
    if (samples > 0 && requests === 0 && problems.length === 0) {
      problems.push("requests: Locust counted none: none were made, or the script's own client does not report them");
    }
    return {
      ok: problems.length === 0,
      problems,
      warnings,
      users: usersWatch.report(),
      workers: {
        asked: workers,
        lost: lostWorkers.map(rounded),
        ...(leftWorkers.length === 0 ? {} : { left: leftWorkers.map(rounded) }),
      },
      workerCpu: workerCpu.use(),
      masterCpu: masterCpu.use()[master] ?? { mean: 0, max: 0 },
    };
  }

  return {
    add,
    /** A worker that went away while load was applied. */
    lost: (worker: LostWorker) => void lostWorkers.push(worker),
    /** A worker that said goodbye while load was applied. */
    left: (worker: LostWorker) => void leftWorkers.push(worker),
    /**
     * Why users are not there, as far as the script's code is why: see `missingUsers`; and the classes of those that
     * are there and have no tasks.
     */
    explainUsers: (missing: readonly string[], idle: readonly string[] = []) => usersWatch.explain(missing, idle),
    report,
  };
}

/** `worker-1 was lost 5 s into the run: SIGKILL`. */
export function workerText(worker: LostWorker, what: "was lost" | "left" | "joined"): string {
  const { name, t, cause } = worker;
  const why = cause === undefined ? "" : `: ${cause}`;
  return `${name} ${what} ${round(t, 0)} s into the run${withRequests(worker)}${why}`;
}

function rounded(worker: LostWorker): LostWorker {
  return { ...worker, t: round(worker.t, 1) };
}
