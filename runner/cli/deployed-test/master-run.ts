/** What the master says of its latest run, and what that makes of the info which a command has left. */
import { isLoading } from "../../engine/phase";
import type { RunInfo } from "../../places/kubernetes/lock/run-info";
import type { LocustStatus } from "../../types";

/** Whether a run goes on, or its users are still ending. */
export function isGoing(status: LocustStatus): boolean {
  return isLoading(status) || status.state === "stopping";
}

/** The info, where it is on the run that the master has, or had last. */
export function matching(info: RunInfo | undefined, { master, run }: LocustStatus): RunInfo | undefined {
  return info?.masterId === master.id && info.run === run ? info : undefined;
}

/** Whether a run has not begun, by what the master says when no run is going on. */
export function hasNotBegun(
  { masterId, run: noted }: RunInfo,
  { run, kept, master }: Pick<LocustStatus, "run" | "kept" | "master">,
): boolean {
  // What was not saved then was saved before the info was written.
  if (masterId === undefined || noted === undefined) return run === 0 || kept;
  return masterId === master.id && run < noted;
}

/** Whether a run is over, by what the master says now. The end of the last reports is not waited for. */
export function isOver(
  { masterId, run }: RunInfo,
  { state, run: latest, master }: Pick<LocustStatus, "state" | "run" | "master">,
): boolean {
  const idle = ["ready", "stopped", "missing"].includes(state);
  // Its command was killed before it could say which run it is: whatever goes on then is taken for it.
  if (masterId === undefined || run === undefined) return idle;
  // The master's memory went with its process.
  return master.id !== masterId || latest !== run || idle;
}

/** What a command that was killed has left is no state to come back to; what somebody has set since then is. */
export function workersBefore({ workers, before }: RunInfo, present: number): number {
  return before !== undefined && present === workers ? before.workerReplicas : present;
}
