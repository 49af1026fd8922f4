import { relative } from "node:path";
import { commonHosts } from "../../../settings/values/target";
import { RunnerError } from "../../errors";
import type { Arrangement } from "../../places/kubernetes/deployed/arrange";
import { KubernetesPlace } from "../../places/kubernetes/kubernetes";
import type { RunInfo } from "../../places/kubernetes/lock/run-info";
import { RunGoing, type RunLock } from "../../places/kubernetes/lock/run-lock";
import type { Session } from "../../places/place";
import { exitCodes, type LocustStatus } from "../../types";
import type { RunCommandOptions } from "../options";
import type { SettingsOptions } from "../settings";
import { requireHttpClient, requireSettledLoad, requireTargets, type TestSetup } from "../setup";
import { clock } from "../terminal/format";
import { describeHolder, describeRun } from "../terminal/run-text";
import { clusterSetup } from "./cluster-setup";
import { type Left, leaveTest, takeLock, whoRuns, withoutLeftovers } from "./leftovers";
import { isGoing, matching, workersBefore } from "./master-run";
import { judgeNat, oneLook } from "./nat";
import { type ClusterContext, type ClusterTest, reopened, sameTest } from "./open";
import { costLine, workersCost } from "./run-cost";
import { finishedFolder, saveLatestRun } from "./save";

/** A test that is one command's alone, which makes it as it was in the end. */
export interface HeldTest {
  readonly setup: TestSetup;
  /** What there is to do when the command ends; whoever works with the test says what it knows. */
  readonly left: Left;
  /** Brings up the pods that the run wants. @param onFailure called while pods that could not be ready are still there */
  open(onFailure?: () => Promise<unknown>): Promise<Session>;
  /** Notes the run that is about to be started: from now on that of a killed command can be told from others. */
  begin(status: LocustStatus, results?: string): Promise<void>;
}

type HeldOptions = Omit<SettingsOptions, "stack"> &
  Pick<RunCommandOptions, "abortAfter" | "readyTimeout" | "maxCost" | "search">;

/** Takes the test for a run, does the work, makes it as it was, and gives it back or leaves what is left to do. */
export async function withAcquiredTest<T>(
  context: Omit<AcquireOptions, "setup">,
  options: HeldOptions,
  work: (held: HeldTest) => Promise<T>,
): Promise<T> {
  const { test, link, progress, signals } = context;
  const { cluster, names } = test;
  const asDeployed = await withoutLeftovers(test);
  const setup = await clusterSetup(asDeployed, options, options);
  const { plan, script, scriptArguments = {}, httpClient } = setup;
  const cost = costLine(asDeployed, setup, options.maxCost);
  if (cost !== undefined) progress.say(cost);
  progress.expect(plan);
  const { lock, before } = await acquireTest({ ...context, setup });
  const wanted = { workers: plan.workers, script, scriptArguments, httpClient };
  const timeout = options.readyTimeout * 1000;
  const place = new KubernetesPlace({
    ...{ cluster, names, link, before, lost: lock.lost, wanted, timeout },
    // Of a command that is killed the next one learns what to restore.
    beforeScale: async (workers) => void (await lock.update({ workers })),
    workerCost: (more) => workersCost(asDeployed, more),
  });
  // A command that was killed may have left other workers, or another script.
  place.asBefore = before.workers === test.deployed.workerReplicas && test.deployed.before === undefined;
  const left: Left = {};
  try {
    return await work({
      ...{ setup, left },
      open(onFailure) {
        const { interrupt: signal, kill } = signals;
        return place.open({ progress: (text) => progress.say(text), signal, kill, ...(onFailure && { onFailure }) });
      },
      async begin(status, results) {
        requireSettledLoad(status, options);
        requireHttpClient(setup, status);
        const allowed = commonHosts(test.deployed.allowedHosts, options.allowedHosts);
        if (plan.host === undefined) requireTargets(status, allowed);
        const run = { masterId: status.master.id, run: status.run + 1 };
        await lock.update({ startedAt: new Date().toISOString(), ...run, ...(results && { results }) });
        lock.lost.throwIfAborted();
      },
    });
  } finally {
    await leaveTest(lock, place.asBefore, { ...left, aborted: left.aborted ?? signals.interrupt.aborted });
  }
}

export interface AcquireOptions extends ClusterContext {
  readonly setup: TestSetup;
  /** What the run is to be no worse than. */
  readonly baseline?: RunInfo["baseline"];
  /** The folder of all runs: results that nobody has saved go there, before the next run takes their place. */
  readonly results: string;
}

/**
 * Takes the test for a run: it is this command's alone, until it releases the lock. Rejects, naming who and since when,
 * while another run is going on. `before` is what is to be there when the run is over.
 */
export async function acquireTest(options: AcquireOptions): Promise<{ lock: RunLock; before: Arrangement }> {
  const { test, link, signals } = options;
  const { deployed } = test;
  const present = { workers: deployed.workerReplicas, script: (deployed.before ?? deployed).script };
  const lock = await takeLock(options, infoOf(options, present)).catch((error: unknown) => {
    throw error instanceof RunGoing ? refusal(test, describeHolder(error.seen, new Date())) : error;
  });
  const { former } = lock;
  try {
    const { deployed: now } = await reopened(test);
    if (now.workerReplicas !== deployed.workerReplicas) {
      throw new RunnerError(`the number of workers has just changed, to ${now.workerReplicas}: try again`);
    }
    const status = await link.status(signals.interrupt);
    // Of a command that is gone, or of nobody's.
    if (isGoing(status)) throw refusal(test, goingRun(status, matching(former, status)));
    const before = former === undefined ? present : { ...present, workers: workersBefore(former, present.workers) };
    if (status.run > 0 && !status.kept) await saveFormer(options, status, matching(former, status));
    if (former !== undefined) await lock.write(infoOf(options, before));
    return { lock, before };
  } catch (error) {
    await (former === undefined ? lock.release() : lock.leave());
    throw error;
  }
}

/** Saves what the next run would take the place of. */
async function saveFormer(options: AcquireOptions, seen: LocustStatus, info: RunInfo | undefined): Promise<void> {
  const { link, progress, results } = options;
  if (finishedFolder(results, seen, info) !== undefined) {
    await link.client.kept(seen.run).catch(() => undefined);
    return;
  }
  progress.say("Saving the results of the run before, which nobody has saved yet.");
  const saved = await saveLatestRun({ ...options, seen, info });
  if (saved === undefined) throw new RunnerError("interrupted", exitCodes.aborted);
  const { record } = await judgeNat(saved, options, oneLook);
  progress.say(`They are in ${relative(".", saved.folder.path)} (${record.verdict}).`);
}

function infoOf({ setup, baseline }: AcquireOptions, before: Arrangement): RunInfo {
  const { plan, script, stack, settings } = setup;
  return {
    schemaVersion: 1,
    mode: "run",
    ...whoRuns(),
    startedAt: new Date().toISOString(),
    script,
    users: plan.users,
    spawnRate: plan.spawnRate,
    runTime: plan.runTime ?? null,
    ...(plan.arrivals === undefined ? {} : { arrivals: plan.arrivals }),
    target: plan.host ?? null,
    thresholds: plan.thresholds.map(({ text }) => text),
    workers: plan.workers,
    stack,
    settings,
    ...(baseline === undefined ? {} : { baseline }),
    before: { workerReplicas: before.workers, script: before.script },
  };
}

/** A run without a command: of `start`, of Locust's web UI, or of a command that was killed. */
function goingRun({ script, targetUsers, runTime, ...status }: LocustStatus, info: RunInfo | undefined): string {
  if (info !== undefined) return describeRun(info, new Date());
  const elapsed = status.elapsed ?? 0;
  const left = runTime === null ? "" : `; it ends in ${clock(runTime - elapsed)}`;
  return `a run of Locust's web UI (${script}, ${targetUsers} users) is going on for ${clock(elapsed)}${left}`;
}

function refusal(test: ClusterTest, who: string): RunnerError {
  const args = sameTest(test);
  return new RunnerError(`${who}. Wait for it: loadtest report ${args} --wait; or end it: loadtest stop ${args}`);
}
