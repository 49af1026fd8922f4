import { existsSync } from "node:fs";
import { join } from "node:path";
import { RunnerError } from "../../errors";
import { parseRequestsCsv, totalPercentiles, totals } from "../../results/requests-csv";
import { progressTable } from "../../results/table";
import { exitCodes, type LocustStatus } from "../../types";
import { evaluateThresholds } from "../../verdict/thresholds";
import { adopt } from "../cluster/adopt";
import { belongs, isGoing, lockOf } from "../cluster/claim";
import { finishedFolder, keepLatestRun, setupOf } from "../cluster/keep";
import { sameTest } from "../cluster/open";
import { type ClusterContext, withMaster } from "../cluster/with-master";
import { clock, failures } from "../terminal/words";
import { type ReportOptions, reportFolder } from "./report";
import { toJson, toTable } from "./run";

/** `loadtest report` without a folder: the latest run in the cluster, kept when it has ended. */
export async function reportInCluster(options: ReportOptions): Promise<number> {
  return withMaster(options, "no longer waiting; the run goes on", async (context) => {
    const { test, link, progress, signals } = context;
    const found = await lockOf(test);
    const seen = await link.status(signals.interrupt);
    const note = found?.note !== undefined && belongs(found.note, seen) ? found.note : undefined;
    if (seen.run === 0 || (found?.note !== undefined && note === undefined && !found.live && !isGoing(seen))) {
      return reportLost(context, options, seen);
    }
    if (isGoing(seen) && options.wait !== true) {
      return reportSoFar(context, options, seen, setupOf(test, seen, note).plan.thresholds);
    }
    const there = seen.kept ? finishedFolder(options.results, seen, note) : undefined;
    if (there !== undefined) return reportFolder(there, options);
    progress.expect(setupOf(test, seen, note).plan);
    const kept = await adopt(test, found, progress, async () => {
      const result = await keepLatestRun({ ...context, seen, note, results: options.results });
      return { result, over: result !== undefined };
    });
    if (kept === undefined) return exitCodes.aborted;
    process.stdout.write(options.json === true ? toJson(kept.record) : toTable(kept.record, kept.outcome, kept.folder));
    return kept.record.exitCode;
  });
}

/** The master knows nothing of the run that the lock tells of, or of any: what is on this machine is all there is. */
async function reportLost(
  { test, progress }: ClusterContext,
  options: ReportOptions,
  seen: LocustStatus,
): Promise<number> {
  const found = await lockOf(test);
  const folder = found?.note?.results;
  if (found?.note === undefined) {
    throw new RunnerError(`nothing has run yet since Locust's master was started: loadtest run ${sameTest(test)}`);
  }
  return adopt(test, found, progress, async () => {
    if (folder !== undefined && existsSync(join(folder, "run.json"))) {
      progress.warning(
        "Locust's master was restarted since then: these are the results up to the end of their command",
      );
      return { result: await reportFolder(folder, options), over: true };
    }
    const { note } = found;
    const what = `the run that ${note?.by}@${note?.host} started at ${note?.startedAt}`;
    const why = seen.run === 0 ? "Locust's master was restarted" : "another run has taken its place";
    progress.warning(`the results of ${what} are lost: ${why}`);
    return { result: exitCodes.error, over: true };
  });
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
