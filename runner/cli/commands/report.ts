import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../../errors";
import { completeFolder } from "../../results/complete";
import { parseRequestsCsv } from "../../results/requests-csv";
import { resultTable } from "../../results/table";

/** `loadtest report DIR`: shows a run, after completing one whose command was killed; gives its exit code. */
export async function reportCommand(directory: string, options: { readonly json?: boolean }): Promise<number> {
  if (!existsSync(directory)) throw new UsageError(`there is no folder ${directory}`);
  const record = await completeFolder(directory);
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(record, undefined, 2)}\n`);
    return record.exitCode;
  }
  const requests = join(directory, "requests.csv");
  const rows = existsSync(requests) ? parseRequestsCsv(readFileSync(requests, "utf8")) : [];
  const table = resultTable(record, rows, { colour: process.stdout.isTTY === true, folder: directory });
  process.stdout.write(`${table}\n`);
  return record.exitCode;
}
