import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { completeFolder } from "../results/complete";
import { parseRequestsCsv } from "../results/requests-csv";
import { resultTable } from "../results/table";
import { toJson } from "./output";

/** Shows a run's folder, after completing one whose command was killed. */
export async function reportFolder(
  directory: string,
  options: { readonly json?: boolean; readonly html?: string },
): Promise<number> {
  const record = await completeFolder(directory);
  if (options.html !== undefined) await (await import("./page-file.js")).writeReportPage(directory, options.html);
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
