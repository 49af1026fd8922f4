/** Numbers of several rounds as one with its spread. Pure. */
import { median } from "simple-statistics";

/** The middle of some rounds, with the least and the most of them. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly rounds: number;
}

/** Undefined of no number at all. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  return {
    median: median([...values]),
    least: Math.min(...values),
    most: Math.max(...values),
    rounds: values.length,
  };
}

/** Something that was measured in a round. */
export interface InRound {
  readonly round: number;
}

/** What a value is of another one that was measured in the same round; rounds that lack one of them are left out. */
export function ratios<T extends InRound>(
  of: readonly T[],
  to: readonly T[],
  value: (one: T) => number | undefined,
): number[] {
  return of.flatMap((one) => {
    const other = to.find(({ round }) => round === one.round);
    const [above, below] = [value(one), other === undefined ? undefined : value(other)];
    return above === undefined || below === undefined || below === 0 ? [] : [above / below];
  });
}

/** Three digits that count, thousands apart: 1234.5 is "1,230", 0.12345 is "0.123". */
export function digits(value: number): string {
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(3));
  return rounded.toLocaleString("en-US", { maximumSignificantDigits: 3 });
}

/** `1,230 (1,200–1,300)`; a dash for nothing, and no bracket for a single round. */
export function spreadText(spread: Spread | undefined, write: (value: number) => string = digits): string {
  if (spread === undefined) return "–";
  const { median, least, most, rounds } = spread;
  return rounds === 1 ? write(median) : `${write(median)} (${write(least)}–${write(most)})`;
}
