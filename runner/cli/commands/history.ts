import { listRuns, type RunSummary } from "../../results/history";
import { oneLine, wrap } from "../../results/tables/text";
import { exitCodes } from "../../types";
import { historyTable } from "../terminal/history-table";

export interface HistoryOptions {
  /** Folder that has a folder for each run. */
  readonly results: string;
  /** How many of the newest runs are shown; 20 by default. */
  readonly limit?: number;
  /** File name of a script, with or without `.py`: only its runs. */
  readonly script?: string;
  readonly json?: boolean;
}

const usualLimit = 20;

/** `loadtest history`: lists the runs in a folder of results, the newest first. */
export async function historyCommand(options: HistoryOptions): Promise<number> {
  const all = listRuns(options.results);
  const runs = all.filter(({ record }) => options.script === undefined || isOf(options.script, record?.script));
  const shown = runs.slice(0, options.limit ?? usualLimit);
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(shown.map(historyEntry), undefined, 2)}\n`);
  } else {
    const colour = process.stdout.isTTY === true;
    const text =
      shown.length === 0 ? [nothing(options, all)] : [historyTable(shown, { colour }), ...hints(runs, shown)];
    process.stdout.write(`${text.join("\n")}\n`);
  }
  return exitCodes.passed;
}

function isOf(asked: string, script: string | undefined): boolean {
  return script === asked || script === `${asked}.py`;
}

function nothing({ results, script }: HistoryOptions, all: readonly RunSummary[]): string {
  if (all.length === 0 || script === undefined) {
    return oneLine(`There are no runs in ${results}. loadtest run --local --demo makes one.`);
  }
  const scripts = [...new Set(all.flatMap(({ record }) => record?.script ?? []))];
  const others = scripts.length === 0 ? "damaged ones" : `of ${scripts.join(", ")}`;
  return oneLine(`There are no runs of ${script} in ${results}, only ${others}.`);
}

/** How to see more runs, and the names by which other commands take them: the table has none. */
function hints(runs: readonly RunSummary[], shown: readonly RunSummary[]): string[] {
  const more = runs.length - shown.length;
  const name = (shown.find(({ state }) => state !== "damaged") ?? shown[0])?.name ?? "";
  return [
    ...(more > 0 ? [`and ${more} older: --limit ${runs.length}`] : []),
    "",
    ...wrap(`Names of runs: ${name} (its start or end will do), latest, previous, latest-passed.`, ""),
  ];
}

/** A run in a list, as JSON. */
export function historyEntry(run: RunSummary) {
  const { name, path, state, startedAt, record } = run;
  return {
    name,
    path,
    state,
    verdict: run.state === "finished" ? run.record.verdict : null,
    startedAt,
    durationSeconds: record?.durationSeconds ?? null,
    script: record?.script ?? null,
    target: record?.target ?? null,
    place: record?.place ?? null,
    stack: record?.stack ?? null,
    users: record?.asked.users ?? null,
    workers: record?.asked.workers ?? null,
    requests: record?.totals.requests ?? null,
    failRatio: record?.totals.failRatio ?? null,
    rps: record?.totals.rps ?? null,
    percentiles: record?.percentiles ?? null,
    capacity: capacityOf(run),
    problem: run.state === "damaged" ? run.problem : null,
  };
}

/** Null for a run that was no search for it. */
function capacityOf({ record }: RunSummary) {
  if (record?.capacity === undefined) return null;
  const { asked, level, rps, interval, limit } = record.capacity;
  return { by: asked.by, level, rps, interval, limit };
}
