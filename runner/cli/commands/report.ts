import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../errors";
import { completeFolder } from "../../results/complete";
import { parseRequestsCsv } from "../../results/requests-csv";
import { resultTable } from "../../results/table";
import type { ClusterOptions } from "../options";
import { toJson } from "./run";

export interface ReportOptions extends ClusterOptions {
  readonly wait?: boolean;
  readonly results: string;
  readonly json?: boolean;
}

/** `loadtest report [RUN]`; gives the exit code of the run's verdict. */
export async function reportCommand(run: string | undefined, options: ReportOptions): Promise<number> {
  if (run === undefined) return (await import("./report-in-cluster.js")).reportInCluster(options);
  return reportFolder(run, options);
}

/** Shows a run's folder, after completing one whose command was killed. */
export async function reportFolder(directory: string, options: { readonly json?: boolean }): Promise<number> {
  if (!existsSync(directory)) throw new UsageError(`there is no folder ${directory}`);
  const record = await completeFolder(directory);
  if (options.json === true) {
    process.stdout.write(toJson(record));
    return record.exitCode;
  }
  const requests = join(directory, "requests.csv");
  const rows = existsSync(requests) ? parseRequestsCsv(readFileSync(requests, "utf8")) : [];
  const table = resultTable(record, rows, { colour: process.stdout.isTTY === true, folder: directory });
  process.stdout.write(`${table}\n`);
  return record.exitCode;
}
