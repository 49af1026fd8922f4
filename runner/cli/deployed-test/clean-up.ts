import { messageOf } from "../../errors";
import { restore } from "../../places/kubernetes/deployed/arrange";
import { hasCommand, type Left, leaveLock, lockOf, takeLock } from "./claim";
import type { ClusterContext } from "./with-master";

/** How long to try to make the test as it was, in ms. */
const patience = 60_000;

/**
 * When a run is over whose command is gone, or had only started it: makes the test as it was before that run, and
 * removes the lock, unless the master has more of the run than is kept. What cannot be done is a warning, and is left to
 * the next command.
 */
export async function cleanUp(context: ClusterContext, left: Pick<Left, "owed" | "aborted">): Promise<void> {
  const { test, progress } = context;
  const found = await lockOf(test);
  const note = found?.note;
  if (note === undefined || hasCommand(found)) return;
  const { cluster, names } = test;
  try {
    const lock = await takeLock(context, note);
    if (note.before !== undefined) {
      const wanted = { workers: note.workers, script: note.script };
      const before = { workers: note.before.workerReplicas, script: note.before.script };
      const { done, left: theirs } = await restore({ cluster, names, wanted, before, patience });
      if (done !== undefined) progress.say(done);
      if (theirs !== undefined) progress.warning(theirs);
    }
    await leaveLock(lock, { ...left, asBefore: true });
  } catch (error) {
    progress.warning(messageOf(error));
  }
}
