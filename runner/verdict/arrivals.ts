import type { AskedArrivals } from "../../settings/values/arrivals";
import type { EndedBy, Sample } from "../types";
import type { ArrivalsSample, StartLag } from "../types/arrivals";
import { round, shareText, short } from "./format";

/** Iterations that may be missing of those that were asked for, or too many, and one: the run may end between two. */
export const startsTolerance = 0.01;
/** Part of the starts that may be late. */
export const lateTolerance = 0.01;

/** Iterations that started against those that were asked for. */
export interface ArrivalsReport {
  /** As it was asked for. */
  readonly rate: string;
  readonly spacing: AskedArrivals["spacing"];
  /** Iterations that were to start, over the whole run. */
  readonly due: number;
  readonly started: number;
  /** No user was free for them within a second. */
  readonly dropped: number;
  /** Started more than 10 ms after they were due. */
  readonly late: number;
  readonly lag: StartLag;
}

/** What else is known of the load, to name a cause. */
export interface ArrivalsContext {
  readonly users: number;
  /** Names of the workers whose CPU was at its limit. */
  readonly saturated: readonly string[];
  readonly lostWorkers: number;
  readonly endedBy?: EndedBy | undefined;
}

/** Judges from its samples whether the iterations of a run started as they were asked for. */
export class ArrivalsWatch {
  private latest: ArrivalsSample | undefined;

  constructor(private readonly asked: AskedArrivals) {}

  /** Samples of every phase, in order: the last reports of workers come when the load is over. */
  add({ arrivals }: Sample): void {
    if (arrivals !== undefined) this.latest = arrivals;
  }

  report(): ArrivalsReport {
    const {
      due = 0,
      started = 0,
      dropped = 0,
      late = 0,
      lag = { p50: null, p99: null, max: null },
    } = this.latest ?? {};
    return { ...this.asked, due, started, dropped, late, lag };
  }

  /** For a run that a breached threshold ended, what the target is too slow for is only a warning. */
  judge(context: ArrivalsContext): { problems: string[]; warnings: string[] } {
    const report = this.report();
    const { due, started, dropped, late, lag } = report;
    const problems: string[] = [];
    const warnings: string[] = [];
    if (due === 0) {
      const why =
        typeof this.latest?.began === "number"
          ? `the rate, ${this.asked.rate}, is too low for the time that there was`
          : "the rate begins when all users are there";
      problems.push(`arrivals: no iteration was due before the end: ${why}`);
      return { problems, warnings };
    }
    const missing = due - started;
    const tolerated = Math.max(1, startsTolerance * due);
    if (-missing > tolerated) {
      problems.push(
        `arrivals: ${started} iterations were started, where ${due} were due: a worker that was not heard of for a ` +
          "while has started what others were given",
      );
    } else if (missing > tolerated) {
      const text = `arrivals: ${started} of ${due} iterations asked were started${causes(report, context)}`;
      const byTarget = context.endedBy === "threshold" && dropped >= missing && context.saturated.length === 0;
      (byTarget ? warnings : problems).push(text);
    } else if (dropped > 0) {
      warnings.push(`arrivals: ${dropped} of ${due} iterations were dropped, as no user was free for them`);
    }
    if (late > lateTolerance * started) {
      const numbers = `p99 ${milliseconds(lag.p99)}, at most ${milliseconds(lag.max)}`;
      warnings.push(
        `arrivals: ${shareText(late / started)} of the iterations started more than 10 ms late (${numbers}), ` +
          `${lateCause(context)}; corrected times have that in them`,
      );
    }
    return { problems, warnings };
  }
}

/** `2999 of 3000 iterations started, 99 % within 1.8 ms`. */
export function startsText({ due, started, lag }: ArrivalsReport): string {
  const within = lag.p99 === null ? "" : `, 99 % within ${milliseconds(lag.p99)}`;
  return `${started} of ${due} iterations started${within}`;
}

function causes({ due, started, dropped }: ArrivalsReport, { users, saturated, lostWorkers }: ArrivalsContext): string {
  const unknown = due - started - dropped;
  const found = [
    ...(saturated.length === 0 ? [] : [`CPU of ${saturated.join(", ")} was at its limit (more workers)`]),
    ...(dropped === 0
      ? []
      : [
          `${dropped} were dropped, as all users, ${users}, were under way (the target is slow, or --users is too low)`,
        ]),
    ...(unknown > startsTolerance * due && lostWorkers > 0 ? [`${unknown} went with lost workers`] : []),
  ];
  return found.length === 0 ? "" : `: ${found.join("; ")}`;
}

function lateCause({ saturated }: ArrivalsContext): string {
  return saturated.length === 0
    ? "as users were still under way, or workers had no CPU for a moment"
    : `as CPU of ${saturated.join(", ")} was at its limit`;
}

function milliseconds(value: number | null): string {
  return value === null ? "unknown" : `${short(round(value, 1))} ms`;
}
