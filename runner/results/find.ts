import { existsSync } from "node:fs";
import { join } from "node:path";
import { closest } from "fastest-levenshtein";
import { UsageError } from "../errors";
import { hasRun, listRuns, type RunSummary, summaryOf } from "./history";
import { oneLine } from "./text";

/** The words that stand for a run; damaged ones and those that still go on do not count. */
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
  if (exact !== undefined) {
    return exact;
  }
  if (name !== "" && hasRun(name)) {
    return summaryOf(name);
  }
  const alike = runs.filter((run) => name !== "" && (run.name.startsWith(name) || run.name.endsWith(name)));
  const [only] = alike;
  if (only !== undefined && alike.length === 1) {
    return only;
  }
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

/** As a command leaves it that was killed early. */
function withoutRecord(folder: string): string {
  return `${folder} has no run.json: its command ended before the load began, or it is no folder of a run`;
}

function unknown(base: string, name: string, runs: readonly RunSummary[]): string {
  if (runs.length === 0) {
    return `there is no run ${name}: ${base} has none at all`;
  }
  const near = closest(name, [...Object.keys(words), ...runs.map((run) => run.name)]);
  return `there is no run ${name} in ${base}; the nearest is ${near} (loadtest history lists them)`;
}
