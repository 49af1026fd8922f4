import { existsSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { closest } from "fastest-levenshtein";
import { codeOf, messageOf, UsageError } from "../errors";
import { readError } from "./files";
import { readRun } from "./read";
import type { FinishedRecord, RunningRecord } from "./run-record";
import { oneLine } from "./tables/text";
import { writerLives } from "./unfinished";

/** A run in a folder of results, as far as it can be read. */
export type RunSummary = {
  /** Of its folder. */
  readonly name: string;
  /** Of its folder, relative where the base is. */
  readonly path: string;
  /** UTC, ISO 8601; of a damaged one from its name, null where that does not say it either. */
  readonly startedAt: string | null;
} & (
  | { readonly state: "finished"; readonly record: FinishedRecord }
  /** `running`: its command lives. `killed`: it does not, and the folder is to be completed. */
  | { readonly state: "running" | "killed"; readonly record: RunningRecord }
  /** `problem` says what is wrong with its record, in a line. */
  | { readonly state: "damaged"; readonly record: null; readonly problem: string }
);

/**
 * Every folder in `base` that has a `run.json`, the newest run first; none where there is no such folder. Damaged ones
 * are among them. Throws a ResultsError where `base` cannot be read.
 */
export function listRuns(base: string): RunSummary[] {
  return namesIn(base)
    .filter((name) => hasRun(join(base, name)))
    .map((name) => summaryOf(join(base, name)))
    .sort((a, b) => compareText(b.startedAt ?? "", a.startedAt ?? "") || compareText(b.name, a.name));
}

/** Is this the folder of a run, damaged or not? */
export function hasRun(path: string): boolean {
  return existsSync(join(path, "run.json"));
}

/** What is known of the run in a folder. */
export function summaryOf(path: string): RunSummary {
  const name = basename(resolve(path));
  try {
    const record = readRun(path);
    const common = { name, path, startedAt: record.startedAt };
    return record.status === "finished"
      ? { ...common, state: "finished", record }
      : { ...common, state: writerLives(record.writer) ? "running" : "killed", record };
  } catch (error) {
    return { name, path, startedAt: startIn(name), state: "damaged", record: null, problem: messageOf(error) };
  }
}

function namesIn(base: string): string[] {
  try {
    return readdirSync(base);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw readError(base, error);
  }
}

/** The time in the name of a folder: `20261124T111205Z-script1`. */
function startIn(name: string): string | null {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(name) ?? [];
  const [year, month, day, hour, minute, second] = parts;
  return parts.length === 0 ? null : `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The words that stand for a run, among those that are over and not damaged. */
const words: Readonly<Record<string, (over: readonly RunSummary[]) => RunSummary | undefined>> = {
  latest: ([first]) => first,
  previous: ([, second]) => second,
  "latest-passed": (over) => over.find(({ record }) => record?.verdict === "passed"),
};

/** Names of runs that a message lists. */
const listed = 3;

/**
 * A run by what people call it: `latest`, `previous` (the one before), `latest-passed`; the name of its folder in
 * `base`, or a part from its start or to its end that no other has; the path of its folder. It may be damaged, or still
 * go on. Throws a UsageError that names the nearest run.
 */
export function findRun(base: string, name: string): RunSummary {
  const runs = listRuns(base);
  const word = Object.hasOwn(words, name) ? words[name] : undefined;
  if (word !== undefined) {
    return word(runs.filter(({ state }) => state === "finished" || state === "killed")) ?? missing(base, name);
  }
  const exact = runs.find((run) => run.name === name);
  if (exact !== undefined) return exact;
  if (name !== "" && hasRun(name)) return summaryOf(name);
  const alike = runs.filter((run) => name !== "" && (run.name.startsWith(name) || run.name.endsWith(name)));
  const [only] = alike;
  if (only !== undefined && alike.length === 1) return only;
  if (alike.length > 1) throw new UsageError(oneLine(ambiguous(name, alike)));
  const folder = name === "" ? undefined : [join(base, name), name].find((path) => existsSync(path));
  throw new UsageError(oneLine(folder === undefined ? unknown(base, name, runs) : withoutRecord(folder)));
}

function missing(base: string, word: string): never {
  const which = { previous: "before the latest", "latest-passed": "that passed" }[word] ?? "that is over";
  throw new UsageError(oneLine(`there is no run in ${base} ${which}`));
}

function ambiguous(name: string, runs: readonly RunSummary[]): string {
  const names = runs.slice(0, listed).map((run) => run.name);
  const more = runs.length > listed ? [`${runs.length - listed} more`] : [];
  const last = [...names, ...more].at(-1);
  return `${name} may be ${[...names, ...more].slice(0, -1).join(", ")} or ${last}: write more of its name`;
}

/** A folder as a command leaves it that was killed before the load began. */
function withoutRecord(folder: string): string {
  return `${folder} has no run.json: its command ended before the load began, or it is no folder of a run`;
}

function unknown(base: string, name: string, runs: readonly RunSummary[]): string {
  if (runs.length === 0) return `there is no run ${name}: ${base} has none at all`;
  const near = closest(name, [...Object.keys(words), ...runs.map((run) => run.name)]);
  return `there is no run ${name} in ${base}; the nearest is ${near} (loadtest history lists them)`;
}
