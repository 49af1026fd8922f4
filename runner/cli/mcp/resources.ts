import { existsSync } from "node:fs";
import { join } from "node:path";
import { type McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import { ErrorCode, McpError, type ReadResourceResult } from "@modelcontextprotocol/sdk/types.js";
import { messageOf } from "../../errors";
import { readText } from "../../results/files";
import { listRuns, type RunSummary } from "../../results/history";
import { readFinished } from "../../results/read";
import { resultTable } from "../../results/tables/table";
import { historyEntry } from "../commands/history";

export const runsUri = "loadtest://runs";

/** The address of a run's record. */
export function runUri(name: string): string {
  return `${runsUri}/${encodeURIComponent(name)}`;
}

/** Runs that a list of all resources has. */
const listed = 50;

/** What there is of a run, by the end of its address. */
const parts = {
  "": {
    title: "A run's record: verdict, reasons, settings, totals, percentiles, thresholds, load integrity",
    mimeType: "application/json",
    read: ({ path }: RunSummary) => readText(join(path, "run.json")),
  },
  "/report": {
    title: "A run's results as text, with a line for each request",
    mimeType: "text/plain",
    async read({ name, path }: RunSummary) {
      const { record, requests } = await readFinished(path);
      return resultTable(record, requests, { colour: false, folder: name });
    },
  },
  "/series": {
    title: "A run's samples, one a second, as JSON a line",
    mimeType: "application/x-ndjson",
    read({ name, path }: RunSummary) {
      const file = join(path, "series.ndjson");
      if (!existsSync(file)) throw new Error(`${name} has no series`);
      return readText(file);
    },
  },
} as const;

/** Offers the runs in a folder of results, and what is in their folders. */
export function addResources(server: McpServer, results: string): void {
  const about = { title: "The saved runs, the newest first", mimeType: "application/json" };
  server.registerResource("runs", runsUri, about, (uri) =>
    answer(uri, about.mimeType, () => JSON.stringify(listRuns(results).map(historyEntry), undefined, 2)),
  );
  for (const [end, { title, mimeType, read }] of Object.entries(parts)) {
    const template = new ResourceTemplate(`${runsUri}/{name}${end}`, {
      list: end === "" ? () => ({ resources: listRuns(results).slice(0, listed).map(entry) }) : undefined,
      complete: { name: (value) => names(results).filter((name) => name.startsWith(value)) },
    });
    server.registerResource(`run${end.replace("/", "-")}`, template, { title, mimeType }, (uri, { name }) =>
      answer(uri, mimeType, () => read(runNamed(results, String(name)))),
    );
  }
}

function entry(run: RunSummary) {
  const verdict = run.state === "finished" ? run.record.verdict : run.state;
  return { uri: runUri(run.name), name: run.name, title: `${run.name}: ${verdict}`, mimeType: "application/json" };
}

/** A run by its exact name in the list, so that no name is a path. */
function runNamed(results: string, encoded: string): RunSummary {
  const found = listRuns(results).find(({ name }) => encodeURIComponent(name) === encoded || name === encoded);
  if (found !== undefined) return found;
  throw new Error(`there is no run ${encoded}; ${runsUri} has all of them`);
}

function names(results: string): string[] {
  return listRuns(results).map(({ name }) => name);
}

async function answer(uri: URL, mimeType: string, read: () => string | Promise<string>): Promise<ReadResourceResult> {
  try {
    return { contents: [{ uri: uri.href, mimeType, text: await read() }] };
  } catch (error) {
    throw new McpError(ErrorCode.InvalidParams, messageOf(error));
  }
}
