import { relative } from "node:path";
import { isLoading } from "../../engine/phase";
import { RunnerError } from "../../errors";
import type { Arrangement } from "../../places/kubernetes/deployed/arrange";
import { acquireLock, type RunLock, readLock, type SeenLock } from "../../places/kubernetes/lock/lock";
import { describeRun, isOver, type RunNote } from "../../places/kubernetes/lock/note";
import { holderOf, whoRuns } from "../../places/kubernetes/lock/who";
import { exitCodes, type LocustStatus } from "../../types";
import type { TestSetup } from "../setup";
import { clock } from "../terminal/format";
import { finishedFolder, keepLatestRun } from "./keep";
import { type ClusterTest, sameTest } from "./open";
import type { ClusterContext } from "./with-master";

/** How long the API server may be away before a command gives up, in ms. */
const patience = 10_000;

export interface ClaimOptions extends ClusterContext {
  readonly setup: TestSetup;
  /** What the run is to be no worse than. */
  readonly baseline?: RunNote["baseline"];
  /** The folder of all runs: results that nobody has kept go there, before the next run takes their place. */
  readonly results: string;
}

/** The test is this command's alone, until it releases the lock. */
export interface Claim {
  readonly lock: RunLock;
  /** What is to be there when the run is over. */
  readonly before: Arrangement;
}

/** Takes the test for a run. Rejects, naming who and since when, while another run is going on. */
export async function claimTest(options: ClaimOptions): Promise<Claim> {
  const { test, link, signals } = options;
  const found = await lockOf(test);
  const status = await link.status(signals.interrupt);
  // A living command says for itself, by its lock, who it is.
  if (isGoing(status) && !hasCommand(found)) throw runGoing(test, status, found?.note);
  const { deployed } = test;
  const present = { workers: deployed.workerReplicas, script: (deployed.before ?? deployed).script };
  const lock = await takeLock(options, noteOf(options, present));
  const former = lock.takenOver?.note;
  try {
    const before = former === undefined ? present : { ...present, workers: workersBefore(former, present.workers) };
    if (status.run > 0 && !status.kept) await keepFormer(options, status, matching(former, status));
    if (former !== undefined) await lock.write(noteOf(options, before));
    return { lock, before };
  } catch (error) {
    await leaveLock(lock, { asBefore: former === undefined, owed: former !== undefined });
    throw error;
  }
}

/** Keeps what the next run would take the place of. */
async function keepFormer(options: ClaimOptions, seen: LocustStatus, note: RunNote | undefined): Promise<void> {
  const { link, progress, results } = options;
  if (finishedFolder(results, seen, note) !== undefined) {
    await link.client.kept(seen.run).catch(() => undefined);
    return;
  }
  progress.say("Keeping the results of the run before, which nobody has kept yet.");
  const kept = await keepLatestRun({ ...options, seen, note });
  if (kept === undefined) throw new RunnerError("interrupted", exitCodes.aborted);
  progress.say(`They are in ${relative(".", kept.folder.path)} (${kept.record.verdict}).`);
}

/** What there is to do when a command ends. */
export interface Left {
  /** Whether the test is as it was before the run. */
  readonly asBefore: boolean;
  /** Whether the master has more of the run than is kept. */
  readonly owed: boolean;
  /** Whether the run was broken off; defaults to what the note says already. */
  readonly aborted?: boolean;
}

/** Gives the lock back where nothing is left to do; else leaves it, with its note, for the command that comes next. */
export async function leaveLock(lock: RunLock, { asBefore, owed, aborted = false }: Left): Promise<void> {
  if (asBefore && !owed) await lock.release();
  else {
    await lock.update({
      mode: "start",
      ...(asBefore ? { before: undefined } : {}),
      ...(aborted ? { aborted } : {}),
    });
  }
}

/** The test without the workers that a command which is gone has left there: those of another script are known. */
export async function withoutLeftovers(test: ClusterTest): Promise<ClusterTest> {
  const found = await lockOf(test);
  if (found?.note === undefined || hasCommand(found)) return test;
  const { deployed } = test;
  return { ...test, deployed: { ...deployed, workerReplicas: workersBefore(found.note, deployed.workerReplicas) } };
}

/** Takes the lock for a run that the note tells of, or for what such a run has left. */
export function takeLock({ test, link, progress, signals }: ClusterContext, note: RunNote): Promise<RunLock> {
  const { cluster, deployed } = test;
  return acquireLock({
    leases: cluster.coordination,
    namespace: cluster.namespace,
    owner: deployed.control,
    holder: holderOf(whoRuns()),
    note,
    over: async (found) => isOver(found, await link.status(signals.interrupt)),
    progress: (text) => progress.say(text),
    warn: (text) => progress.warning(text),
    signal: signals.interrupt,
  });
}

export function lockOf({ cluster }: ClusterTest): Promise<SeenLock | undefined> {
  const read = () => readLock(cluster.coordination, cluster.namespace);
  return cluster.retry("read Lease loadtest-run", read, { for: patience });
}

/** Whether a command is there that keeps the results of the run; not so for one that was only started. */
export function hasCommand(found: SeenLock | undefined): boolean {
  return found?.live === true && found.note?.mode !== "start";
}

/** The note, where it tells of the run that the master has, or had last. */
export function matching(note: RunNote | undefined, { master, run }: LocustStatus): RunNote | undefined {
  return note?.masterId === master.id && note.run === run ? note : undefined;
}

/** Whether a run goes on, or its users are still ending. */
export function isGoing(status: LocustStatus): boolean {
  return isLoading(status) || status.state === "stopping";
}

/** What a command that was killed has left is no state to come back to; what somebody has set since then is. */
export function workersBefore({ workers, before }: RunNote, present: number): number {
  return before !== undefined && present === workers ? before.workerReplicas : present;
}

function noteOf({ setup, baseline }: ClaimOptions, before: Arrangement): RunNote {
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
    target: plan.host ?? null,
    thresholds: plan.thresholds.map(({ text }) => text),
    workers: plan.workers,
    stack,
    settings,
    ...(baseline === undefined ? {} : { baseline }),
    before: { workerReplicas: before.workers, script: before.script },
  };
}

/** A run without a command: of `start`, of Locust's page, or of a command that was killed. */
function runGoing(test: ClusterTest, status: LocustStatus, note: RunNote | undefined): RunnerError {
  const ours = matching(note, status);
  const elapsed = status.elapsed ?? 0;
  const page = () => {
    const left = status.runTime === null ? "" : `; it ends in ${clock(status.runTime - elapsed)}`;
    return `a run of Locust's page (${status.script}, ${status.targetUsers} users) is going on for ${clock(elapsed)}${left}`;
  };
  const who = ours === undefined ? page() : describeRun(ours, new Date());
  const args = sameTest(test);
  return new RunnerError(`${who}. Wait for it: loadtest report ${args} --wait; or end it: loadtest stop ${args}`);
}
