import { saturatedShare } from "../../settings/limits";
import { percent, round } from "./format";

/** Part of the hold that a process may be saturated for. */
export const saturatedTime = 0.2;
/** Saturated samples in a row that a problem needs: a single one may be a hiccup. */
export const saturatedInARow = 3;

/** CPU of one process as a share (0 to 1) of what it may use. */
export interface CpuUse {
  /** Over the hold, by time; over ramp and hold where the run never came to its hold. */
  readonly mean: number;
  /** Over ramp and hold. */
  readonly max: number;
}

interface Tally {
  max: number;
  all: Weighted;
  hold: Weighted;
  saturated: number;
  row: number;
  longestRow: number;
}

interface Weighted {
  seconds: number;
  sum: number;
}

/** Adds up the CPU of processes, workers or the master, while load is applied. */
export class CpuWatch {
  private readonly tallies = new Map<string, Tally>();
  private holdSeconds = 0;

  /** `seconds` is the time that the shares stand for, `hold` whether the ramp is over. */
  add(shares: Readonly<Record<string, number>>, seconds: number, hold: boolean): void {
    this.holdSeconds += hold ? seconds : 0;
    for (const [name, tally] of this.tallies) {
      if (!(name in shares)) {
        tally.row = 0;
      }
    }
    for (const [name, share] of Object.entries(shares)) {
      const tally = this.tallies.get(name) ?? newTally();
      this.tallies.set(name, tally);
      tally.max = Math.max(tally.max, share);
      weigh(tally.all, share, seconds);
      if (!hold) continue;
      weigh(tally.hold, share, seconds);
      const saturated = share >= saturatedShare;
      tally.saturated += saturated ? seconds : 0;
      tally.row = saturated ? tally.row + 1 : 0;
      tally.longestRow = Math.max(tally.longestRow, tally.row);
    }
  }

  use(): Record<string, CpuUse> {
    return Object.fromEntries([...this.tallies].map(([name, tally]) => [name, useOf(tally)]));
  }

  /** Names of those that were saturated in the hold for longer than a moment. */
  saturated(): string[] {
    return [...this.tallies].filter(([, { longestRow }]) => longestRow >= saturatedInARow).map(([name]) => name);
  }

  /** Problems and warnings; `what` says what the named process is, `effect` what its saturation does. */
  judge(what: (name: string) => string, effect: string): { problems: string[]; warnings: string[] } {
    const problems: string[] = [];
    const warnings: string[] = [];
    for (const [name, tally] of this.tallies) {
      if (tally.max < saturatedShare) continue;
      const { mean, max } = useOf(tally);
      const numbers = `mean ${percent(mean)}, max ${percent(max)} of what it may use`;
      if (tally.saturated > saturatedTime * this.holdSeconds && tally.longestRow >= saturatedInARow) {
        const part = percent(tally.saturated / this.holdSeconds);
        problems.push(`CPU of ${what(name)}: saturated for ${part} of the hold (${numbers}), ${effect}`);
      } else {
        warnings.push(`CPU of ${what(name)}: saturated at its peak (${numbers})`);
      }
    }
    return { problems, warnings };
  }
}

function newTally(): Tally {
  return {
    max: 0,
    all: { seconds: 0, sum: 0 },
    hold: { seconds: 0, sum: 0 },
    saturated: 0,
    row: 0,
    longestRow: 0,
  };
}

function weigh(total: Weighted, value: number, seconds: number): void {
  total.seconds += seconds;
  total.sum += value * seconds;
}

function useOf({ max, all, hold }: Tally): CpuUse {
  const { seconds, sum } = hold.seconds > 0 ? hold : all;
  return { mean: round(seconds > 0 ? sum / seconds : max, 3), max: round(max, 3) };
}
