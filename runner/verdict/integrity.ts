import type { AskedArrivals } from "../../settings/values/arrivals";
import type { EndedBy, LostWorker, Sample } from "../types";
import { type ArrivalsContext, type ArrivalsReport, ArrivalsWatch } from "./arrivals";
import { type CpuUse, CpuWatch } from "./cpu";
import { round } from "./format";
import type { NatReport } from "./nat";
import { type UsersReport, UsersWatch } from "./users";

/** The load that was asked for. */
export interface AskedLoad {
  readonly users: number;
  /** Users a second. */
  readonly spawnRate: number;
  readonly workers: number;
  /** The script's load shape, which then decides the users; null (or false) without one. */
  readonly shape: string | boolean | null;
  /** Iterations that were asked for, with `users` as the most under way; missing where users wait as the script says. */
  readonly arrivals?: AskedArrivals | undefined;
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
  /** Missing in a run without an arrival rate. */
  readonly arrivals?: ArrivalsReport | undefined;
  /** What CloudWatch has of the NAT gateways; missing where the run had none of the stack's own, or nobody could tell. */
  readonly nat?: NatReport | undefined;
}

const master = "master";

/** Judges a run's load from its samples as they come; the constants of `users.ts` and `cpu.ts` say what is allowed. */
export class Integrity {
  private readonly users: UsersWatch;
  private readonly workerCpu = new CpuWatch();
  private readonly masterCpu = new CpuWatch();
  private readonly arrivals: ArrivalsWatch | undefined;
  private readonly lostWorkers: LostWorker[] = [];
  private readonly leftWorkers: LostWorker[] = [];
  private readonly joined: LostWorker[] = [];
  /** Names of the workers that load was applied with. */
  private readonly names = new Set<string>();
  /** When the statistics were reset. */
  private readonly resets: number[] = [];
  private previous: Sample | undefined;
  private requests = 0;
  private underWay = 0;
  private mostWorkers = 0;

  constructor(private readonly asked: AskedLoad) {
    const { users, spawnRate, shape, arrivals } = asked;
    this.arrivals = arrivals && new ArrivalsWatch(arrivals);
    this.users = new UsersWatch(users, spawnRate, shape !== null && shape !== false);
  }

  /** Samples of every phase, in order. Each stands for the time since the one before it. */
  add(sample: Sample): void {
    const { previous } = this;
    // Locust's web UI has a button for it, and a script may do it; what was counted before is gone then.
    if ((sample.resets ?? 0) > (previous?.resets ?? 0)) this.resets.push(sample.t);
    this.requests = Math.max(this.requests, sample.requests);
    this.underWay = Math.max(this.underWay, sample.underWay ?? 0);
    this.mostWorkers = Math.max(this.mostWorkers, sample.workers);
    this.arrivals?.add(sample);
    if (sample.phase === "ramp" || sample.phase === "hold") this.addLoad(sample);
    this.previous = sample;
  }

  /** A worker that went away while load was applied. */
  lost(worker: LostWorker): void {
    this.lostWorkers.push(worker);
  }

  /** A worker that said goodbye while load was applied. */
  left(worker: LostWorker): void {
    this.leftWorkers.push(worker);
  }

  /**
   * Why users are not there, as far as the script's code is why: see `missingUsers`; and the classes of those that are
   * there and have no tasks.
   */
  explainUsers(missing: readonly string[], idle: readonly string[] = []): void {
    this.users.explain(missing, idle);
  }

  /**
   * The report up to now. For a run that a breached threshold ended (`threshold`), an unfinished ramp is
   * only a warning: the target did not take even the load that there was. `complete`: the last reports of all workers
   * are in.
   */
  report(endedBy?: EndedBy, complete = true): IntegrityReport {
    const problems = this.requestProblems();
    const warnings: string[] = [];
    this.reportUsers(problems, warnings, endedBy);
    this.reportWorkers(problems, warnings);
    this.reportArrivals(problems, warnings, { endedBy, complete });
    if (this.previous !== undefined && this.requests === 0 && problems.length === 0) {
      problems.push("requests: Locust counted none: none were made, or the script's own client does not report them");
    }
    return {
      ok: problems.length === 0,
      problems,
      warnings,
      users: this.users.report(),
      workers: {
        asked: this.asked.workers,
        lost: this.lostWorkers.map(rounded),
        ...(this.leftWorkers.length === 0 ? {} : { left: this.leftWorkers.map(rounded) }),
      },
      workerCpu: this.workerCpu.use(),
      masterCpu: this.masterCpu.use()[master] ?? { mean: 0, max: 0 },
      ...(this.arrivals === undefined ? {} : { arrivals: this.arrivals.report(complete) }),
    };
  }

  /** A sample of the time in which load was applied. */
  private addLoad(sample: Sample): void {
    const { names, previous, users } = this;
    const since = previous?.t ?? Math.min(0, sample.t);
    const seconds = Math.max(0, sample.t - since);
    for (const name of Object.keys(sample.workerCpu)) {
      // The workers that were asked for may connect one after the other: only more than these have joined.
      if (!names.has(name) && names.size >= this.asked.workers) this.joined.push({ name, t: sample.t });
      names.add(name);
    }
    // After a wait for workers the ramp begins somewhere between two samples: the later is the milder.
    users.begin(previous?.phase === "ready" ? sample.t : since);
    users.add(sample, since);
    const hold = sample.phase === "hold" || users.rampOver(sample.t);
    this.workerCpu.add(sample.workerCpu, seconds, hold);
    this.masterCpu.add({ [master]: sample.masterCpu }, seconds, hold);
  }

  private requestProblems(): string[] {
    const { previous, requests, underWay, resets } = this;
    const problems: string[] = [];
    if (previous === undefined) problems.push("samples: there are none, so nothing is known of the load");
    else if (requests === 0 && underWay > 0) problems.push(`requests: none was answered, of ${underWay} at a time`);
    for (const t of resets) {
      problems.push(`requests: statistics were reset ${round(t, 0)} s into the run, and what was before is lost`);
    }
    return problems;
  }

  private reportUsers(problems: string[], warnings: string[], endedBy: EndedBy | undefined): void {
    problems.push(...this.users.problems());
    const unfinished = this.users.unfinishedRamp();
    if (unfinished !== undefined) (endedBy === "threshold" ? warnings : problems).push(unfinished);
    const { missing = [], idle = [] } = this.users.report();
    if (missing.length > 0 && !problems.some((text) => text.startsWith("users: "))) {
      (this.users.endedShort ? problems : warnings).push(`users: ${missing.join("; ")}`);
    }
    problems.push(...idle.map((name) => `users: class ${name} has no tasks, so users in it do nothing`));
  }

  private reportArrivals(
    problems: string[],
    warnings: string[],
    how: Pick<ArrivalsContext, "endedBy" | "complete">,
  ): void {
    const lostWorkers = this.lostWorkers.length + this.leftWorkers.length;
    const { missing = [] } = this.users.report();
    const context = { users: this.asked.users, saturated: this.workerCpu.saturated(), lostWorkers, missing };
    const judged = this.arrivals?.judge({ ...context, ...how });
    problems.push(...(judged?.problems ?? []));
    warnings.push(...(judged?.warnings ?? []));
  }

  private reportWorkers(problems: string[], warnings: string[]): void {
    const { workers } = this.asked;
    problems.push(...this.lostWorkers.map((worker) => `workers: ${workerText(worker, "was lost")}`));
    problems.push(...this.leftWorkers.map((worker) => `workers: ${workerText(worker, "left")}`));
    warnings.push(...this.joined.map((worker) => `workers: ${workerText(worker, "joined")}`));
    if (this.previous !== undefined && this.mostWorkers < workers) {
      warnings.push(`workers: at most ${this.mostWorkers} of ${workers} answered`);
    }
    for (const cpu of [
      this.workerCpu.judge((name) => `worker ${name}`, "so it cannot send what was asked"),
      this.masterCpu.judge(() => "the master", "which delays the numbers"),
    ]) {
      problems.push(...cpu.problems);
      warnings.push(...cpu.warnings);
    }
  }
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

/** The requests that are lost with a worker, to end a sentence. */
function withRequests({ underWay = 0 }: LostWorker): string {
  return underWay === 0 ? "" : `, with ${underWay} ${underWay === 1 ? "request" : "requests"} under way`;
}
