import type { AskedArrivals } from "../../settings/values/arrivals";
import type { EndedBy, Sample } from "../types";
import type { ArrivalsSample, StartLag } from "../types/arrivals";
import { round, shareText, short } from "./format";

/** Iterations that may be missing of those that were asked for, or too many, and one: the run may end between two. */
export const startsTolerance = 0.01;
/** Part of the starts that may be late; a warning from there on. */
export const lateTolerance = 0.01;
/** Part of the starts that may be late before the load is not what was asked. */
export const mostLate = 0.5;
/** Seconds of which workers have not told all: they report every three, and what is due waits for a user for one. */
const untoldSeconds = 5;
/** Part of the users from which on all count as under way: reports of workers are of different moments. */
const nearlyAll = 0.9;

/** A rate that was changed while the run went on. */
export interface RateChange {
  /** Seconds from the start of the run. */
  readonly t: number;
  readonly from: string;
  readonly to: string;
}

/** Iterations that started against those that were asked for. */
export interface ArrivalsReport {
  /** As it was asked for. */
  readonly rate: string;
  readonly spacing: AskedArrivals["spacing"];
  /** Where another rate was asked for in the run. */
  readonly changes?: readonly RateChange[] | undefined;
  /** Iterations that were to start, over the whole run; where the last reports are missing, as far as workers told. */
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
  /** Why users were missing, as far as the script's code is why: see `missingUsers`. None by default. */
  readonly missing?: readonly string[];
  readonly endedBy?: EndedBy | undefined;
  /** Whether the last reports of all workers are in; defaults to true. */
  readonly complete?: boolean;
}

/** Users of a moment of the load. */
interface Busy {
  readonly users: number;
  readonly ready: number;
  readonly underWay: number;
}

/** Judges from its samples whether the iterations of a run started as they were asked for. */
export class ArrivalsWatch {
  private latest: ArrivalsSample | undefined;
  private readonly changes: RateChange[] = [];
  /** What was due by the moments of which workers may not have told all yet, and by the last one before these. */
  private untold: { readonly t: number; readonly due: number }[] = [];
  private told = 0;
  /** When most iterations were dropped: how many, and the users then. */
  private drops: (Busy & { readonly dropped: number }) | undefined;
  /** The most users that were under way at a time. */
  private mostUnderWay: number | undefined;

  constructor(private readonly asked: AskedArrivals) {}

  /** Samples of every phase, in order: the last reports of workers come when the load is over. */
  add({ t, phase, users, arrivals }: Sample): void {
    if (arrivals === undefined) return;
    const { asked: to, due, dropped, ready, underWay } = arrivals;
    const from = this.latest?.asked;
    if (from !== undefined && to !== undefined && from !== to) this.changes.push({ t: round(t, 1), from, to });
    this.untold.push({ t, due });
    this.told = this.untold.findLast((one) => one.t <= t - untoldSeconds)?.due ?? this.told;
    this.untold = this.untold.filter((one) => one.t > t - untoldSeconds);
    if ((phase === "ramp" || phase === "hold") && ready !== undefined && underWay !== undefined) {
      this.mostUnderWay = Math.max(this.mostUnderWay ?? 0, underWay);
      const more = dropped - (this.latest?.dropped ?? 0);
      if (more > (this.drops?.dropped ?? 0)) this.drops = { dropped: more, users, ready, underWay };
    }
    this.latest = arrivals;
  }

  /** @param complete whether the last reports of all workers are in: else what they may not have told yet is not due */
  report(complete = true): ArrivalsReport {
    const {
      due = 0,
      started = 0,
      dropped = 0,
      late = 0,
      lag = { p50: null, p99: null, max: null },
    } = this.latest ?? {};
    return {
      ...this.asked,
      ...(this.changes.length === 0 ? {} : { changes: this.changes }),
      due: complete ? due : Math.min(due, Math.max(this.told, started + dropped)),
      ...{ started, dropped, late, lag },
    };
  }

  /** For a run that a breached threshold ended, what the target is too slow for is only a warning. */
  judge(context: ArrivalsContext): { problems: string[]; warnings: string[] } {
    const report = this.report(context.complete);
    const { due, started, dropped, late, lag } = report;
    const problems: string[] = [];
    const warnings = this.changes.map(
      ({ t, from, to }) => `arrivals: the rate was changed from ${from} to ${to}, ${round(t, 0)} s into the run`,
    );
    if ((this.latest?.due ?? 0) === 0) {
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
      const text = `arrivals: ${started} of ${due} iterations asked were started${causes(report, context, this.drops)}`;
      const byTarget = context.endedBy === "threshold" && dropped >= missing && context.saturated.length === 0;
      (byTarget ? warnings : problems).push(text);
    } else if (dropped > 0) {
      warnings.push(`arrivals: ${dropped} of ${due} iterations were dropped, as no user was free for them`);
    }
    if (late > lateTolerance * started) {
      const numbers = `p99 ${milliseconds(lag.p99)}, at most ${milliseconds(lag.max)}`;
      const text = `arrivals: ${shareText(late / started)} of the iterations started more than 10 ms late (${numbers}), `;
      if (late > mostLate * started) {
        const allBusy = (this.mostUnderWay ?? 0) >= nearlyAll * context.users && context.saturated.length === 0;
        const cause = mostlyLateCause(context, this.mostUnderWay);
        (context.endedBy === "threshold" && allBusy ? warnings : problems).push(text + cause);
      } else warnings.push(`${text}${lateCause(context)}; corrected times have that in them`);
    }
    return { problems, warnings };
  }
}

/** `2999 of 3000 iterations started, 99 % within 1.8 ms`. */
export function startsText({ due, started, lag }: ArrivalsReport): string {
  const within = lag.p99 === null ? "" : `, 99 % within ${milliseconds(lag.p99)}`;
  return `${started} of ${due} iterations started${within}`;
}

function causes(
  { due, started, dropped }: ArrivalsReport,
  { users, saturated, lostWorkers, missing = [] }: ArrivalsContext,
  drops: Busy | undefined,
): string {
  const unknown = due - started - dropped;
  // Workers without users are given none to start.
  const without = missing.length === 0 ? 0 : lostWorkers > 0 ? dropped : due - started;
  const found = [
    ...(saturated.length === 0 ? [] : [`CPU of ${saturated.join(", ")} was at its limit (more workers)`]),
    ...(without === 0 ? [] : [`${without} had no user, as users were missing (${missing.join("; ")})`]),
    ...(dropped === 0 || without > 0 ? [] : [`${dropped} were dropped, as ${noneFree(users, drops)}`]),
    ...(unknown > startsTolerance * due && lostWorkers > 0 ? [`${unknown} went with lost workers`] : []),
  ];
  return found.length === 0 ? "" : `: ${found.join("; ")}`;
}

/** Why no user was free, when most iterations were dropped. */
function noneFree(asked: number, drops: Busy | undefined): string {
  if (drops === undefined || Math.min(drops.ready, drops.users) >= nearlyAll * asked) {
    return `all users, ${asked}, were under way (the target is slow, --users is too low, or tasks block their worker)`;
  }
  const gone = asked - drops.users;
  const starting = drops.users - drops.ready;
  const others = [
    ...(gone > 0 ? [`${gone} had left or were not there yet`] : []),
    ...(starting > 0 ? [`${starting} were still in their on_start`] : []),
  ];
  return `only ${Math.min(drops.ready, drops.users)} of ${asked} users took any: ${others.join(", ")}`;
}

/** Why most starts were late, for which what went on all the time is known. */
function mostlyLateCause(context: ArrivalsContext, mostUnderWay: number | undefined): string {
  const { users, saturated } = context;
  if (saturated.length > 0 || mostUnderWay === undefined) return lateCause(context);
  if (mostUnderWay >= nearlyAll * users) {
    return `as all users, ${users}, were under way (the target is slow, --users is too low, or tasks block their worker)`;
  }
  return `as workers had no CPU, or tasks block them: at most ${mostUnderWay} of ${users} users were under way`;
}

function lateCause({ saturated }: ArrivalsContext): string {
  return saturated.length === 0
    ? "as users were still under way, or workers had no CPU for a moment"
    : `as CPU of ${saturated.join(", ")} was at its limit`;
}

function milliseconds(value: number | null): string {
  return value === null ? "unknown" : `${short(round(value, 1))} ms`;
}
