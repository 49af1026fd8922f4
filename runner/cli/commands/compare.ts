import { resolve } from "node:path";
import pc from "picocolors";
import { parseShare } from "../../../settings/values/share";
import { messageOf, UsageError } from "../../errors";
import { writeAtomically } from "../../results/files";
import { findRun } from "../../results/history";
import { type RunOfFolder, readRunData } from "../../results/read";
import { comparisonTable } from "../../results/tables/comparison-table";
import { cutMiddle, joinSections, marked, oneLine, width, wrap } from "../../results/tables/text";
import { exitCodes } from "../../types";
import { compareRuns } from "../../verdict/compare/compare";
import type { Comparison } from "../../verdict/compare/comparison";
import { shareText } from "../../verdict/format";
import type { ReportOptions, RunCommandOptions } from "../options";

type CompareOptions = Pick<RunCommandOptions, "maxRegression"> & Pick<ReportOptions, "results" | "html" | "json">;

type Runs = readonly [before: RunOfFolder, after: RunOfFolder];

/**
 * `loadtest compare A B`: shows what changed from one run to another, both as `findRun` finds them. Gives 1 where
 * something is worse by more than is allowed; 3 where that cannot be told, or a run's own verdict makes it worthless.
 */
export async function compareCommand(a: string, b: string, options: CompareOptions): Promise<number> {
  const maxRegression = allowed(options.maxRegression);
  const paths = [a, b].map((name) => findRun(options.results, name).path) as [string, string];
  const runs: Runs = [await readRunData(paths[0]), await readRunData(paths[1])];
  const searches = runs.filter(({ record }) => record.capacity !== undefined);
  if (searches.length === 1) {
    throw new UsageError(
      `${searches[0]?.name} is a search for a capacity, and the other is a plain run: compare two of a kind`,
    );
  }
  if (searches.length === 2)
    return (await import("../capacity/compare.js")).compareSearches(runs, maxRegression, options);
  const comparison = compareRuns(...runs, { maxRegression });
  const exitCode = exitCodeOf(comparison);
  if (options.html !== undefined) {
    const { compareReport } = await import("../../results/report/compare.js");
    await writeAtomically(resolve(options.html), compareReport({ before: runs[0], after: runs[1], comparison }));
  }
  const text =
    options.json === true
      ? JSON.stringify({ ...comparison, exitCode }, undefined, 2)
      : toText(comparison, runs, exitCode);
  process.stdout.write(`${text}\n`);
  return exitCode;
}

function allowed(text: string): number {
  try {
    return parseShare(text);
  } catch (error) {
    throw new UsageError(`--max-regression ${messageOf(error)}`, { cause: error });
  }
}

function exitCodeOf({ regressions, unclear }: Comparison): number {
  if (regressions.length > 0) return exitCodes.failed;
  return unclear.length > 0 ? exitCodes.invalid : exitCodes.passed;
}

function toText(comparison: Comparison, runs: Runs, exitCode: number): string {
  const colors = pc.createColors(process.stdout.isTTY === true);
  const names = runs.map(({ name, record }, index) => {
    const end = `  ${record.verdict}`;
    return `${index === 0 ? "before" : "after "}  ${cutMiddle(oneLine(name), width - 8 - end.length)}${end}`;
  });
  const { regressions, unclear, warnings, maxRegression } = comparison;
  const beyond = `beyond ${shareText(maxRegression)}`;
  const [paint, word] = {
    [exitCodes.passed]: [colors.green, `NO REGRESSION ${beyond}`] as const,
    [exitCodes.failed]: [colors.red, `REGRESSION ${beyond}`] as const,
  }[exitCode] ?? [colors.yellow, "UNCLEAR"];
  return joinSections([
    names,
    comparisonTable(comparison, colors),
    marked(warnings, "!", colors.yellow),
    [
      `${colors.bold(paint(word))} (exit code ${exitCode})`,
      ...[...regressions, ...unclear].flatMap((sentence) => wrap(sentence, "  ")),
    ],
  ]);
}
