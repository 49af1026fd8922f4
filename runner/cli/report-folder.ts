import { type RunOfFolder, readFinished, readRunData } from "../results/read";
import { resultTable } from "../results/table";
import { toJson } from "./output";

/** Shows a run's folder, after completing one whose command was killed. */
export async function reportFolder(
  directory: string,
  options: { readonly json?: boolean; readonly html?: string },
): Promise<number> {
  const { record, requests } =
    options.html === undefined ? await readFinished(directory) : await withPage(directory, options.html);
  if (options.json === true) {
    process.stdout.write(toJson(record));
    return record.exitCode;
  }
  const table = resultTable(record, requests, { colour: process.stdout.isTTY === true, folder: directory });
  process.stdout.write(`${table}\n`);
  return record.exitCode;
}

async function withPage(directory: string, file: string): Promise<RunOfFolder> {
  const run = await readRunData(directory);
  await (await import("./page-file.js")).writeRunReport(run, file);
  return run;
}
