/** What the benchmarks share: numbers of several rounds, printed with their spread and held to a limit. */
import { cpus } from "node:os";

/** One thing that is measured. */
export interface Measure {
  readonly what: string;
  /** Seconds that it may take, by the median. */
  readonly limit: number;
  /** What each round took. */
  readonly seconds: number[];
}

/** Starts a list of rounds. */
export function measure(what: string, limit: number): Measure {
  return { what, limit, seconds: [] };
}

/** Seconds since a `performance.now()`. */
export function since(begun: number): number {
  return (performance.now() - begun) / 1000;
}

/** Prints what the numbers were measured with. */
export function printMachine(rounds: number): void {
  console.log(`${rounds} rounds, Node ${process.versions.node}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}`);
}

/** Prints a line a measure; the process will exit with 1 where a median is over its limit. */
export function report(measures: readonly Measure[]): void {
  const inLimits = measures.map(print);
  if (!inLimits.every(Boolean)) process.exitCode = 1;
}

function print({ what, limit, seconds }: Measure): boolean {
  const sorted = seconds.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const inLimit = median <= limit;
  const [least, most] = [sorted[0], sorted.at(-1)].map((value) => value?.toFixed(2));
  const verdict = inLimit ? "ok" : "TOO SLOW";
  console.log(`${what.padEnd(42)} ${median.toFixed(2)} s  (${least}–${most}, limit ${limit} s)  ${verdict}`);
  return inLimit;
}
