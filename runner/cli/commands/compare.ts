import pc from "picocolors";
import { parseShare } from "../../../settings/values/share";
import { messageOf, UsageError } from "../../errors";
import { comparisonTable } from "../../results/comparison-table";
import { findRun } from "../../results/find";
import { readRunData } from "../../results/run-data";
import { cutMiddle, marked, oneLine, width, wrap } from "../../results/text";
import { exitCodes } from "../../types";
import { untrusted } from "../../verdict/comparability";
import { compareRuns } from "../../verdict/compare";
import type { Comparison } from "../../verdict/comparison";
import type { RunData } from "../../verdict/run-data";
import { shareText } from "../../verdict/words";

export interface CompareOptions {
  /** Folder that has a folder for each run. */
  readonly results: string;
  /** `5%`, `0.05`: the relative change for the worse that is allowed. */
  readonly maxRegression: string;
  /** File to write a page to. */
  readonly html?: string;
  readonly json?: boolean;
}

type Runs = readonly [before: RunData, after: RunData];

/**
 * `loadtest compare A B`: shows what changed from one run to another, both as `findRun` finds them. Gives 1 where
 * something is worse by more than is allowed; 3 where that cannot be told, or a run's own verdict makes it worthless.
 */
export async function compareCommand(a: string, b: string, options: CompareOptions): Promise<number> {
  const maxRegression = allowed(options.maxRegression);
  const paths = [a, b].map((name) => findRun(options.results, name).path) as [string, string];
  const runs: Runs = [await readRunData(paths[0]), await readRunData(paths[1])];
  const comparison = compareRuns(...runs, { maxRegression });
  const exitCode = exitCodeOf(comparison, runs);
  if (options.html !== undefined) {
    await (await import("../page-file.js")).writeComparePage(paths, comparison, options.html);
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

/** Numbers of a run that is worth nothing prove no regression either. */
function exitCodeOf({ regressions, unclear }: Comparison, runs: Runs): number {
  if (runs.some(({ record }) => untrusted.includes(record.verdict))) {
    return exitCodes.invalid;
  }
  if (regressions.length > 0) {
    return exitCodes.failed;
  }
  return unclear.length > 0 ? exitCodes.invalid : exitCodes.passed;
}

function worthless(runs: Runs): string[] {
  return runs.flatMap(({ record }, index) =>
    untrusted.includes(record.verdict)
      ? [`The verdict ${index === 0 ? "before" : "after"} is ${record.verdict}: the numbers of that run prove nothing.`]
      : [],
  );
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
  const sections = [
    names,
    comparisonTable(comparison, colors),
    marked(warnings, "!", colors.yellow),
    [
      `${colors.bold(paint(word))} (exit code ${exitCode})`,
      ...[...worthless(runs), ...regressions, ...unclear].flatMap((sentence) => wrap(sentence, "  ")),
    ],
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}
