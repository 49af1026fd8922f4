import { usersTolerance } from "../../settings/limits";
import type { Sample } from "../types";
import { round, seconds as secondsText } from "./format";

/** Part of the time after the ramp that users may be out of tolerance. */
export const usersOffTime = 0.05;
/** Seconds that users may be late: workers report every 3 s, samples come every second. */
export const usersGraceSeconds = 5;

/** Users achieved against users asked; "after the ramp" is empty where the run ended before. */
export interface UsersReport {
  /** The settings' users; the most that a load shape asked for. */
  readonly asked: number;
  readonly max: number;
  /** After the ramp; null where the run ended before. */
  readonly min: number | null;
  /** After the ramp, by time; null where the run ended before. */
  readonly mean: number | null;
  /** Seconds from the start of the ramp until the users were there (with a shape: until its first target); null: never. */
  readonly reachedAfterSeconds: number | null;
  /** Seconds out of tolerance after the ramp. */
  readonly offSeconds: number;
  /** Seconds that were looked at: after the ramp and its grace. */
  readonly afterRampSeconds: number;
  /** Why users were not there, as far as the script's code is why. */
  readonly missing?: readonly string[] | undefined;
  /** Classes without tasks, whose users do nothing. */
  readonly idle?: readonly string[] | undefined;
}

interface Off {
  seconds: number;
  users: number;
  asked: number;
}

/**
 * Adds up users while load is applied.
 *
 * Without a shape the ramp is over after users/spawnRate seconds and the grace; what was asked is
 * `users` from then on, whatever the run is rescaled to. With a shape, what was asked is the target of
 * the sample, and users may also be anywhere between the targets of the grace before it. A shape's
 * spawn rate is not known, so users that still come closer to an unchanged target are not off.
 */
export class UsersWatch {
  private rampStart: number | undefined;
  private loadEnd = 0;
  private shapeAsked = 0;
  private reachedAt: number | undefined;
  private max = 0;
  private min: number | undefined;
  private afterRamp = 0;
  private userSeconds = 0;
  private readonly below: Off = { seconds: 0, users: 0, asked: 0 };
  private readonly above: Off = { seconds: 0, users: 0, asked: 0 };
  /** A shape's latest targets; it begins without users. */
  private readonly targets = [{ t: Number.NEGATIVE_INFINITY, target: 0 }];
  private closest = Number.POSITIVE_INFINITY;
  private closerAt = Number.NEGATIVE_INFINITY;
  private missing: readonly string[] = [];
  private idle: readonly string[] = [];
  private belowAtEnd = false;

  constructor(
    private readonly users: number,
    private readonly spawnRate: number,
    private readonly shape: boolean,
  ) {}

  /** Seconds that the ramp needs. */
  get rampSeconds(): number {
    return this.shape || this.spawnRate <= 0 ? 0 : this.users / this.spawnRate;
  }

  /** Is the ramp, with its grace, over at `t`? Always with a shape, which has none. */
  rampOver(t: number): boolean {
    return this.shape || (this.rampStart !== undefined && t > this.rampStart + this.rampSeconds + usersGraceSeconds);
  }

  /** The ramp began at `t`. */
  begin(t: number): void {
    this.rampStart ??= t;
  }

  /** Why users are not there, in words that follow a colon, and which classes have no tasks; the latest ones hold. */
  explain(missing: readonly string[], idle: readonly string[]): void {
    this.missing = missing;
    this.idle = idle;
  }

  /** The run was too short for its time to be judged, and users were not there at its end. */
  get endedShort(): boolean {
    return this.afterRamp === 0 && this.belowAtEnd;
  }

  /** A sample of ramp or hold, and the time before it that it stands for. */
  add({ t, users, targetUsers }: Sample, since: number): void {
    const start = this.rampStart ?? since;
    this.loadEnd = Math.max(this.loadEnd, t);
    this.max = Math.max(this.max, users);
    const asked = this.shape ? targetUsers : this.users;
    this.belowAtEnd = isBelow(users, asked);
    const { low, high, settling } = this.shape ? this.shapeRange(t, users, targetUsers) : fixedRange(asked);
    this.shapeAsked = Math.max(this.shapeAsked, targetUsers);
    if (users > 0 && asked > 0 && !isBelow(users, asked)) {
      this.reachedAt ??= t - start;
    }
    const from = this.shape ? since : Math.max(since, start + this.rampSeconds + usersGraceSeconds);
    const seconds = Math.max(0, t - from);
    if (seconds === 0) return;
    this.min = Math.min(this.min ?? users, users);
    this.afterRamp += seconds;
    this.userSeconds += users * seconds;
    if (!settling && isBelow(users, low)) {
      count(this.below, users, low, seconds);
    } else if (!settling && isAbove(users, high)) {
      count(this.above, users, high, seconds);
    }
  }

  report(): UsersReport {
    return {
      asked: this.shape ? this.shapeAsked : this.users,
      max: this.max,
      min: this.min ?? null,
      mean: this.afterRamp > 0 ? round(this.userSeconds / this.afterRamp, 1) : null,
      reachedAfterSeconds: this.reachedAt === undefined ? null : round(this.reachedAt, 1),
      offSeconds: round(this.below.seconds + this.above.seconds, 1),
      afterRampSeconds: round(this.afterRamp, 1),
      ...(this.missing.length === 0 ? {} : { missing: this.missing }),
      ...(this.idle.length === 0 ? {} : { idle: this.idle }),
    };
  }

  /** What is wrong with the users over the time after the ramp. */
  problems(): string[] {
    if (this.below.seconds + this.above.seconds <= usersOffTime * this.afterRamp) return [];
    const from = this.shape ? "" : ` (from ${secondsText(usersGraceSeconds)} after the ramp on)`;
    const of = `of ${secondsText(this.afterRamp)}${from}`;
    return [this.below, this.above]
      .filter(({ seconds }) => seconds > 0)
      .map(({ seconds, users, asked }) => {
        const [had, wanted] = [users / seconds, asked / seconds].map((value) => round(value, value < 10 ? 1 : 0));
        return `users: ${had} of ${wanted} asked for ${secondsText(seconds)} ${of}`;
      })
      .map((text, index) => (index === 0 && this.below.seconds > 0 ? `${text}${this.why()}` : text));
  }

  /** The run ended before the users were there: what the ramp needs; undefined where it had the time. */
  unfinishedRamp(): string | undefined {
    if (this.shape || this.rampStart === undefined || this.reachedAt !== undefined || this.afterRamp > 0) {
      return undefined;
    }
    const had = secondsText(this.loadEnd - this.rampStart);
    const needs = `the ramp needs ${secondsText(this.rampSeconds)}`;
    return `users: at most ${this.max} of ${this.users} asked, ${needs} and the run ended after ${had}${this.why()}`;
  }

  private why(): string {
    return this.missing.length === 0 ? "" : `: ${this.missing.join("; ")}`;
  }

  private shapeRange(t: number, users: number, target: number): { low: number; high: number; settling: boolean } {
    const changed = this.targets.at(-1)?.target !== target;
    if (changed) {
      this.targets.push({ t, target });
    }
    // A target is in force until the next one comes, so the last one before the grace still counts.
    while ((this.targets[1]?.t ?? t) < t - usersGraceSeconds) {
      this.targets.shift();
    }
    const distance = Math.abs(users - target);
    if (changed) {
      this.closerAt = Number.NEGATIVE_INFINITY;
      this.closest = distance;
    } else if (distance < this.closest) {
      this.closerAt = t;
      this.closest = distance;
    }
    const recent = this.targets.map((entry) => entry.target);
    return { low: Math.min(...recent), high: Math.max(...recent), settling: t - this.closerAt <= usersGraceSeconds };
  }
}

function fixedRange(asked: number): { low: number; high: number; settling: boolean } {
  return { low: asked, high: asked, settling: false };
}

/** A difference of less than one user never counts. */
function isBelow(users: number, asked: number): boolean {
  return users < asked * (1 - usersTolerance) && asked - users >= 1;
}

function isAbove(users: number, asked: number): boolean {
  return users > asked * (1 + usersTolerance) && users - asked >= 1;
}

function count(off: Off, users: number, asked: number, seconds: number): void {
  off.seconds += seconds;
  off.users += users * seconds;
  off.asked += asked * seconds;
}
