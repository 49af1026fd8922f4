import { existsSync } from "node:fs";
import { join } from "node:path";
import type { CsvName } from "../../../engine/client";
import { RunnerError, UsageError } from "../../../errors";
import type { RunInfo } from "../../../places/kubernetes/lock/run-info";
import { correctedTotals, parseRequestsCsv, totalPercentiles, totals } from "../../../results/locust-csv";
import { progressTable } from "../../../results/tables/table";
import { exitCodes, type LocustStatus } from "../../../types";
import { evaluateThresholds } from "../../../verdict/thresholds";
import { cleanUp, hasCommand, leaseOf } from "../../deployed-test/leftovers";
import { hasNotBegun, isGoing, matching } from "../../deployed-test/master-run";
import { judgeNat, onSignalOnceSaved } from "../../deployed-test/nat";
import { type ClusterContext, sameTest, withMaster } from "../../deployed-test/open";
import { finishedFolder, saveLatestRun, setupOf } from "../../deployed-test/save";
import type { ReportOptions } from "../../options";
import { printRun } from "../../output";
import { clock, failures } from "../../terminal/format";
import { clock as clockTime } from "../../terminal/run-text";
import { reportFolder, writeRunReport } from "../report";

/** `loadtest report` without a folder: the latest run in the cluster, saved when it has ended. */
export async function reportInCluster(options: ReportOptions): Promise<number> {
  let isSaved = false;
  const onSignal = () => (isSaved ? onSignalOnceSaved : "no longer waiting; the run goes on");
  return withMaster(options, onSignal, async (context) => {
    const { test, progress } = context;
    const { found, seen } = await latestRun(context, options.wait === true);
    const { info: left } = found ?? {};
    const info = matching(left, seen);
    if (left !== undefined && info === undefined && !isGoing(seen) && !(await hasCommand(context, found))) {
      await requireBegun(context, left, seen);
      if (left.masterId !== undefined && left.masterId !== seen.master.id) return reportLost(context, options, left);
      progress.warning(`of ${runOf(left)} nothing more is to be had: another has begun since`);
    }
    if (seen.run === 0) {
      throw new RunnerError(`nothing has run yet since Locust's master was started: loadtest run ${sameTest(test)}`);
    }
    const { plan } = setupOf(test, seen, info);
    if (isGoing(seen) && options.wait !== true && options.html !== undefined) {
      throw new UsageError("the run goes on, and its report is made when it has ended: add --wait");
    }
    if (isGoing(seen) && options.wait !== true) return reportSoFar(context, options, seen, plan.thresholds);
    const there = finishedFolder(options.results, seen, info);
    if (there !== undefined) {
      await cleanUp(context, { owed: false });
      return reportFolder(there, options);
    }
    progress.expect(plan);
    const saved = await saveLatestRun({ ...context, seen, info, results: options.results });
    if (saved === undefined) return exitCodes.aborted;
    isSaved = true;
    await cleanUp(context, { owed: saved.owed, aborted: saved.record.endedBy === "interrupt" });
    const judged = await judgeNat(saved, context);
    if (options.html !== undefined) await writeRunReport(saved.folder.path, options.html);
    printRun(judged, options.json);
    return judged.record.exitCode;
  });
}

const quiet = () => undefined;

/** The latest run of the master, and the Lease, once no command prepares another one. */
async function latestRun(context: ClusterContext, wait: boolean) {
  const { test, link, progress, signals } = context;
  for (let said = false; ; said = true) {
    const [found, seen] = [await leaseOf(test), await link.status(signals.interrupt)];
    const { info, duration } = found ?? {};
    if (info === undefined || duration === undefined || isGoing(seen) || !hasNotBegun(info, seen))
      return { found, seen };
    if (!wait) throw new RunnerError(`${runOf(info)} has not begun yet: --wait waits for it`);
    if (!said) progress.say(`Waiting for ${runOf(info)} to begin`);
    // Of one whose command is gone, the Lease is without a duration then.
    await hasCommand({ ...context, progress: { say: quiet, warning: quiet } }, found);
  }
}

/** An older run must not be taken for the one that was to be, however often somebody asks: its info stays. */
async function requireBegun(context: ClusterContext, info: RunInfo, seen: LocustStatus): Promise<void> {
  if (!hasNotBegun(info, seen)) return;
  await cleanUp(context, { owed: true });
  throw new RunnerError(`there are no results of ${runOf(info)}: it had not begun when its command ended`);
}

function runOf({ by, host, script, startedAt }: RunInfo): string {
  return `the run of ${script} that ${by}@${host} wanted at ${clockTime(new Date(startedAt), new Date())}`;
}

/** The master knows nothing of the run that the lock tells of: what is on this machine is all there is. */
async function reportLost(context: ClusterContext, options: ReportOptions, info: RunInfo): Promise<number> {
  const { progress } = context;
  await cleanUp(context, { owed: false });
  const folder = info.results;
  if (folder !== undefined && existsSync(join(folder, "run.json"))) {
    progress.warning("Locust's master was restarted since then: these are the results up to the end of their command");
    return reportFolder(folder, options);
  }
  throw new RunnerError(`the results of ${runOf(info)} are lost: Locust's master was restarted since then`);
}

async function reportSoFar(
  { test, link, signals }: ClusterContext,
  options: ReportOptions,
  seen: LocustStatus,
  thresholds: Parameters<typeof evaluateThresholds>[0],
): Promise<number> {
  const read = async (name: CsvName) => parseRequestsCsv(await link.client.csv(name, signals.interrupt));
  const rows = await read("requests.csv");
  const corrected = seen.arrivals ? await read("corrected.csv") : [];
  const results = evaluateThresholds(thresholds, rows, corrected);
  if (options.json === true) {
    const facts = { status: "running", elapsed: seen.elapsed, users: seen.users, totals: totals(rows) };
    process.stdout.write(
      `${JSON.stringify({ ...facts, percentiles: totalPercentiles(rows), ...correctedTotals(corrected), thresholds: results }, undefined, 2)}\n`,
    );
    return exitCodes.passed;
  }
  const colour = process.stdout.isTTY === true;
  const how = `${seen.script}, going on for ${clock(seen.elapsed ?? 0)}: ${seen.users} of ${seen.targetUsers} users, ${failures(seen)}`;
  const next = `Its results, when it has ended: loadtest report ${sameTest(test)} --wait`;
  process.stdout.write(`${[how, progressTable({ rows, corrected }, results, { colour }), next].join("\n\n")}\n`);
  return exitCodes.passed;
}
