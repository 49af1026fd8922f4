import { resolve } from "node:path";
import pc from "picocolors";
import { writeAtomically } from "../../results/files";
import type { RunOfFolder } from "../../results/read";
import { cutMiddle, joinSections, marked, oneLine, width, wrap } from "../../results/tables/text";
import { exitCodes } from "../../types";
import { type CapacityChangeKind, type CapacityComparison, compareCapacities } from "../../verdict/capacity/compare";
import type { ReportOptions } from "../options";

type Runs = readonly [before: RunOfFolder, after: RunOfFolder];
type Options = Pick<ReportOptions, "html" | "json">;

/** `loadtest compare` of two searches for a capacity; gives 1 where the later one is worse, and 3 where nobody can tell. */
export async function compareSearches(runs: Runs, maxRegression: number, options: Options): Promise<number> {
  const [before, after] = runs.map(searchOf) as [ReturnType<typeof searchOf>, ReturnType<typeof searchOf>];
  const comparison = compareCapacities(before, after, { maxRegression });
  const exitCode = exitCodeOf(comparison.kind);
  if (options.html !== undefined) {
    const { compareCapacitiesReport } = await import("../../results/report/compare-capacities.js");
    await writeAtomically(resolve(options.html), compareCapacitiesReport(...runs, comparison));
  }
  const text =
    options.json === true ? JSON.stringify({ ...comparison, exitCode }, undefined, 2) : toText(comparison, exitCode);
  process.stdout.write(`${text}\n`);
  return exitCode;
}

function searchOf({ name, record }: RunOfFolder) {
  if (record.capacity === undefined) throw new TypeError(`${name} is no search`);
  const thresholds = record.thresholds.map(({ threshold }) => threshold);
  return { name, record, capacity: record.capacity, thresholds };
}

function exitCodeOf(kind: CapacityChangeKind): number {
  if (kind === "worse") return exitCodes.failed;
  return kind === "unclear" ? exitCodes.invalid : exitCodes.passed;
}

function toText({ before, after, kind, texts, warnings }: CapacityComparison, exitCode: number): string {
  const colors = pc.createColors(process.stdout.isTTY === true);
  const paint = {
    worse: colors.red,
    unclear: colors.yellow,
    same: colors.green,
    small: colors.green,
    better: colors.green,
  };
  return joinSections([
    [`before  ${before}`, `after   ${after}`].map((line) => cutMiddle(oneLine(line), width)),
    marked(warnings, "!", colors.yellow),
    [
      `${colors.bold(paint[kind](kind.toUpperCase()))} (exit code ${exitCode})`,
      ...texts.flatMap((text) => wrap(text, "  ")),
    ],
  ]);
}
