import { hostname } from "node:os";
import { RunnerError } from "../../errors";
import type { Arrangement } from "../../places/kubernetes/arrange";
import {
  acquireLock,
  holderName,
  isOver,
  type LockState,
  type RunLock,
  type RunNote,
  readLock,
  userName,
} from "../../places/kubernetes/lock";
import type { MasterLink } from "../../places/kubernetes/master";
import type { LocustStatus } from "../../types";
import type { TestSetup } from "../setup";
import type { Signals } from "../signals";
import type { Progress } from "../terminal/progress";
import { clock } from "../terminal/words";
import { keepLatestRun } from "./keep";
import { type ClusterTest, sameTest } from "./open";

export interface ClaimOptions {
  readonly test: ClusterTest;
  readonly link: MasterLink;
  readonly setup: TestSetup;
  readonly mode: RunNote["mode"];
  /** The folder of all runs: results that nobody has kept go there, before the next run takes their place. */
  readonly results: string;
  readonly progress: Progress;
  readonly signals: Signals;
}

/** The test is this command's alone, until it releases the lock. */
export interface Claim {
  readonly lock: RunLock;
  /** What is to be there when the run is over. */
  readonly before: Arrangement;
}

/** Takes the test for a run. Rejects, naming who and since when, while another run is going on. */
export async function claimTest(options: ClaimOptions): Promise<Claim> {
  const { test, link, setup, mode, progress, signals } = options;
  const found = await lockOf(test);
  const status = await link.status(signals.interrupt);
  // A living command says for itself, by its lock, who it is.
  if (isGoing(status) && found?.live !== true) throw runGoing(test, status, found);
  const { deployed } = test;
  const present = { workers: deployed.workerReplicas, script: deployed.script };
  const before = beforeOf(found, present);
  const { plan, script, stack, settings } = setup;
  const lock = await acquireLock({
    leases: test.cluster.coordination,
    namespace: test.cluster.namespace,
    owner: test.deployed.control,
    holder: holderName(),
    note: {
      schemaVersion: 1,
      mode,
      by: userName(),
      host: hostname(),
      pid: process.pid,
      startedAt: new Date().toISOString(),
      script,
      users: plan.users,
      spawnRate: plan.spawnRate,
      runTime: plan.runTime ?? null,
      target: plan.host ?? null,
      thresholds: plan.thresholds.map(({ text }) => text),
      workers: plan.workers,
      stack,
      settings,
      before: { workerReplicas: before.workers, script: before.script },
    },
  });
  try {
    if (status.run > 0 && !status.kept) {
      progress.say("Keeping the results of the run before, which nobody has kept yet.");
      const note = found?.note !== undefined && belongs(found.note, status) ? found.note : undefined;
      const kept = await keepLatestRun({ ...options, seen: status, note });
      if (kept !== undefined) progress.say(`They are in ${kept.folder.path} (${kept.record.verdict}).`);
    }
    return { lock, before };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

export function lockOf({ cluster }: ClusterTest): Promise<LockState | undefined> {
  const read = () => readLock({ leases: cluster.coordination, namespace: cluster.namespace });
  return cluster.call("read Lease loadtest-run", read);
}

/** What a command that was killed has left is no state to come back to; what somebody has set since then is. */
export function beforeOf(found: LockState | undefined, present: Arrangement): Arrangement {
  const note = found?.live === false ? found.note : undefined;
  if (note === undefined) return present;
  return {
    workers: present.workers === note.workers ? note.before.workerReplicas : present.workers,
    script: present.script === note.script ? note.before.script : present.script,
  };
}

/** Whether the note tells of the run that the master has, or had last. */
export function belongs(note: RunNote, status: LocustStatus): boolean {
  return note.masterId === status.master.id && note.run === status.run;
}

export function isGoing({ state }: LocustStatus): boolean {
  return state === "spawning" || state === "running" || state === "stopping";
}

/** A run without a command: of `start`, of Locust's page, or of a command that was killed. */
function runGoing(test: ClusterTest, status: LocustStatus, found: LockState | undefined): RunnerError {
  const note = found?.note !== undefined && belongs(found.note, status) ? found.note : undefined;
  const since = `for ${clock(status.elapsed ?? 0)}`;
  const who =
    note === undefined
      ? `a run of Locust's page (${status.script}, ${status.targetUsers} users) is going on ${since}`
      : `${note.by}@${note.host} runs ${note.script} with ${note.users} users since ${note.startedAt} (${since})`;
  const left = status.runTime === null ? "" : `; it ends in ${clock(status.runTime - (status.elapsed ?? 0))}`;
  const args = sameTest(test);
  return new RunnerError(
    `${who}${left}. Wait for it: loadtest report ${args} --wait; or end it: loadtest stop ${args}`,
  );
}
