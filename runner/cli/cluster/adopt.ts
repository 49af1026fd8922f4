import { messageOf } from "../../errors";
import { restore } from "../../places/kubernetes/arrange";
import { acquireLock, holderName, type LockState } from "../../places/kubernetes/lock";
import type { Progress } from "../terminal/progress";
import type { ClusterTest } from "./open";

/** How long to try to make the test as it was, in ms. */
const patience = 60_000;

/**
 * Takes over what a command has left that is gone, or that has only started its run: does the work, makes the test as
 * it was before that run, and removes the lock.
 */
export async function adopt<T>(
  test: ClusterTest,
  found: LockState | undefined,
  progress: Progress,
  work: () => Promise<{ readonly result: T; readonly over: boolean }>,
): Promise<T> {
  if (found?.note === undefined || found.live) return (await work()).result;
  const { cluster, names, deployed } = test;
  const { note } = found;
  const { coordination: leases, namespace } = cluster;
  const lock = await acquireLock({ leases, namespace, owner: deployed.control, holder: holderName(), note });
  let over = false;
  try {
    const done = await work();
    over = done.over;
    return done.result;
  } finally {
    if (over) {
      try {
        const wanted = { workers: note.workers, script: note.script };
        const before = { workers: note.before.workerReplicas, script: note.before.script };
        const changed = await restore({ cluster, names, wanted, before, patience });
        if (changed !== undefined) progress.say(changed);
        await lock.release();
      } catch (error) {
        lock.leave();
        progress.warning(messageOf(error));
      }
    } else {
      lock.leave();
    }
  }
}
