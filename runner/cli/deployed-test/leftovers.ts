/** What commands leave behind: a run that goes on without them, a test that is not as it was before. */
import { hostname, userInfo } from "node:os";
import { messageOf, RunnerError } from "../../errors";
import { restore } from "../../places/kubernetes/deployed/arrange";
import { findLease, type LeaseView, viewLease } from "../../places/kubernetes/lock/lease";
import type { RunInfo } from "../../places/kubernetes/lock/run-info";
import { acquireLock, RunGoing, type RunLock } from "../../places/kubernetes/lock/run-lock";
import type { Progress } from "../terminal/progress";
import { describeRun } from "../terminal/run-text";
import { isOver, workersBefore } from "./master-run";
import type { ClusterContext, ClusterTest } from "./open";

/** What a run has left: whether the master has more of it than is saved, and whether it was broken off. */
export interface Left {
  owed?: boolean;
  aborted?: boolean;
}

/** Gives the lock back where nothing is left to do; else leaves it, with its info, for the command that comes next. */
export async function leaveTest(lock: RunLock, asBefore: boolean, { owed = false, aborted = false }: Left) {
  if (asBefore && !owed) await lock.release();
  else {
    const before = asBefore ? { before: undefined } : {};
    await lock.leave({ mode: "start", ...before, ...(aborted ? { aborted } : {}) });
  }
}

/**
 * When a run is over whose command is gone, or had only started it: makes the test as it was before that run, and
 * removes the lock, unless the master has more of the run than is saved. What cannot be done is a warning, and is left
 * to the next command.
 */
export async function cleanUp(context: ClusterContext, left: Left): Promise<void> {
  const { test, link, progress, signals } = context;
  const { cluster, names } = test;
  let lock: RunLock | undefined;
  try {
    const { info } = (await leaseOf(test)) ?? {};
    if (info === undefined) return;
    lock = await takeLeft(context, info);
    if (lock?.former === undefined) return;
    const { former } = lock;
    if (!isOver(former, await link.status(signals.kill))) throw new RunnerError(describeRun(former, new Date()));
    if (former.before !== undefined) {
      const wanted = { workers: former.workers, script: former.script };
      const before = { workers: former.before.workerReplicas, script: former.before.script };
      const { done, left: theirs } = await restore({ cluster, names, wanted, before, patience: 60_000 });
      if (done !== undefined) progress.say(done);
      if (theirs !== undefined) progress.warning(theirs);
    }
    await leaveTest(lock, true, left);
  } catch (error) {
    progress.warning(messageOf(error));
    await lock?.leave();
  }
}

/**
 * Whether a command is there that saves the results of the run, and makes the test as it was; not so for a run that was
 * only started. It takes the seconds that a Lease is watched for; that of a command which is gone is free afterwards.
 */
export async function hasCommand(context: LockContext, found: LeaseView | undefined): Promise<boolean> {
  if (found?.duration === undefined) return false;
  const lock = found.info && (await takeLeft(context, found.info));
  await lock?.leave();
  return lock === undefined;
}

/** The lock of a command that is gone; undefined where it is there, or has just given the lock back. */
async function takeLeft(context: LockContext, info: RunInfo): Promise<RunLock | undefined> {
  try {
    const lock = await takeLock(context, info);
    if (lock.former !== undefined) return lock;
    await lock.release();
  } catch (error) {
    if (!(error instanceof RunGoing)) throw error;
  }
  return undefined;
}

type LockContext = Pick<ClusterContext, "test" | "signals"> & { progress: Pick<Progress, "say" | "warning"> };

/** @param info on the run that is to be; where a Lease is there, its own is not replaced */
export function takeLock({ test, progress, signals }: LockContext, info: RunInfo): Promise<RunLock> {
  const { cluster, deployed } = test;
  const { by, host, pid } = whoRuns();
  return acquireLock({
    cluster,
    owner: deployed.control,
    holder: `${by}@${host}, process ${pid}`,
    info,
    progress: (text) => progress.say(text),
    warn: (text) => progress.warning(text),
    signal: signals.interrupt,
  });
}

/** What the test's Lease says; undefined where there is none. */
export async function leaseOf({ cluster }: ClusterTest): Promise<LeaseView | undefined> {
  const found = await findLease(cluster);
  return found && viewLease(found);
}

/** The test without the workers that a command which is gone has left there: those of another script are known. */
export async function withoutLeftovers(test: ClusterTest): Promise<ClusterTest> {
  const { info } = (await leaseOf(test)) ?? {};
  if (info === undefined) return test;
  const { deployed } = test;
  return { ...test, deployed: { ...deployed, workerReplicas: workersBefore(info, deployed.workerReplicas) } };
}

/** Who runs this command, as others are told. */
export function whoRuns(user = () => userInfo().username, env = process.env): Pick<RunInfo, "by" | "host" | "pid"> {
  let by = "";
  try {
    by = user();
  } catch {
    // A container may run as a number that no user has; the variables may know.
  }
  by ||= env.USER || env.LOGNAME || env.USERNAME || `user ${process.getuid?.() ?? "unknown"}`;
  return { by, host: hostname(), pid: process.pid };
}
