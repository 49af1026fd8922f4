import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunnerError, UsageError } from "../../errors";
import type { RunNote } from "../../places/kubernetes/note";
import { parseRequestsCsv, totalPercentiles, totals } from "../../results/requests-csv";
import { readRunData } from "../../results/run-data";
import { progressTable } from "../../results/table";
import { exitCodes, type LocustStatus } from "../../types";
import { evaluateThresholds } from "../../verdict/thresholds";
import { hasCommand, isGoing, lockOf, matching } from "../cluster/claim";
import { cleanUp } from "../cluster/clean-up";
import { finishedFolder, keepLatestRun, setupOf } from "../cluster/keep";
import { sameTest } from "../cluster/open";
import { type ClusterContext, withMaster } from "../cluster/with-master";
import type { ReportOptions } from "../command-options";
import { printRun } from "../output";
import { reportFolder } from "../report-folder";
import { clock, failures } from "../terminal/words";

/** `loadtest report` without a folder: the latest run in the cluster, kept when it has ended. */
export async function reportInCluster(options: ReportOptions): Promise<number> {
  return withMaster(options, "no longer waiting; the run goes on", async (context) => {
    const { test, link, progress, signals } = context;
    const found = await lockOf(test);
    const seen = await link.status(signals.interrupt);
    const note = matching(found?.note, seen);
    if (seen.run === 0 || (found?.note !== undefined && note === undefined && !hasCommand(found) && !isGoing(seen))) {
      return reportLost(context, options, found?.note);
    }
    const { plan } = setupOf(test, seen, note);
    if (isGoing(seen) && options.wait !== true && options.html !== undefined) {
      throw new UsageError("the run goes on, and its page is made when it has ended: add --wait");
    }
    if (isGoing(seen) && options.wait !== true) return reportSoFar(context, options, seen, plan.thresholds);
    const there = seen.kept ? finishedFolder(options.results, seen, note) : undefined;
    if (there !== undefined) return reportFolder(there, options);
    progress.expect(plan);
    const kept = await keepLatestRun({ ...context, seen, note, results: options.results });
    if (kept === undefined) return exitCodes.aborted;
    await cleanUp(context);
    if (options.html !== undefined) {
      const run = await readRunData(kept.folder.path);
      await (await import("../page-file.js")).writeReportPage(run, options.html);
    }
    printRun(kept, options.json);
    return kept.record.exitCode;
  });
}

/** The master knows nothing of the run that the lock tells of, or of any: what is on this machine is all there is. */
async function reportLost(context: ClusterContext, options: ReportOptions, note: RunNote | undefined): Promise<number> {
  const { test, progress } = context;
  if (note === undefined) {
    throw new RunnerError(`nothing has run yet since Locust's master was started: loadtest run ${sameTest(test)}`);
  }
  await cleanUp(context);
  const folder = note.results;
  if (folder !== undefined && existsSync(join(folder, "run.json"))) {
    progress.warning("Locust's master was restarted since then: these are the results up to the end of their command");
    return reportFolder(folder, options);
  }
  throw new RunnerError(
    `the results of the run that ${note.by}@${note.host} started at ${note.startedAt} are lost: ` +
      "Locust's master was restarted since then",
  );
}

async function reportSoFar(
  { test, link, signals }: ClusterContext,
  options: ReportOptions,
  seen: LocustStatus,
  thresholds: Parameters<typeof evaluateThresholds>[0],
): Promise<number> {
  const rows = parseRequestsCsv(await link.client.csv("requests.csv", signals.interrupt));
  const results = evaluateThresholds(thresholds, rows);
  if (options.json === true) {
    const facts = { status: "running", elapsed: seen.elapsed, users: seen.users, totals: totals(rows) };
    process.stdout.write(
      `${JSON.stringify({ ...facts, percentiles: totalPercentiles(rows), thresholds: results }, undefined, 2)}\n`,
    );
    return exitCodes.passed;
  }
  const colour = process.stdout.isTTY === true;
  const how = `${seen.script}, going on for ${clock(seen.elapsed ?? 0)}: ${seen.users} of ${seen.targetUsers} users, ${failures(seen)}`;
  const next = `Its results, when it has ended: loadtest report ${sameTest(test)} --wait`;
  process.stdout.write(`${[how, progressTable(rows, results, { colour }), next].join("\n\n")}\n`);
  return exitCodes.passed;
}
