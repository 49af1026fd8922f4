/** One command at a time makes a run in a namespace: the lock is a Lease, which its holder renews. */
import type { V1Lease } from "@kubernetes/client-node";
import { never, pause } from "../../../engine/timing";
import { RunnerError } from "../../../errors";
import { exitCodes } from "../../../types";
import { isOwnedBy, isSameHold, type LeaseView, leaseName, makeLease, pulseOf, viewLease } from "./lease";
import { LeaseApi, type Leases, leaseError } from "./lease-api";
import { clock, describeRun, type RunNote } from "./note";
import { RunLock } from "./run-lock";

export type { Leases } from "./lease-api";
export type { Release, RunLock } from "./run-lock";

export interface LockOptions {
  readonly leases: Leases;
  readonly namespace: string;
  /** The master's Deployment: when it is deleted, so is the Lease. */
  readonly owner: { readonly name: string; readonly uid: string };
  /** Who takes it, for people: `sam@laptop, process 123`. */
  readonly holder: string;
  readonly note: RunNote;
  /**
   * Asks the master whether a run is over that was only started, and that nobody renews a Lease for; see `isOver`.
   * Without it, such a run counts as going on.
   */
  readonly over?: (note: RunNote) => Promise<boolean>;
  /** Defaults to this machine's clock. */
  readonly now?: () => Date;
  /** Seconds for which a renewal holds, a whole number. Defaults to 15. */
  readonly duration?: number;
  /** Seconds between two renewals. Defaults to a third of `duration`. */
  readonly renew?: number;
  /** A line on what takes its time. */
  readonly progress?: (text: string) => void;
  /** A line on what is not as it should be, and is got over. */
  readonly warn?: (text: string) => void;
  /** Gives up while it is found out whether somebody else is there. */
  readonly signal?: AbortSignal;
}

/** Somebody else's run goes on in the namespace: exit code 4. */
export class RunGoing extends RunnerError {
  constructor(
    message: string,
    readonly holder: string,
    /** Undefined where it cannot be read. */
    readonly note: RunNote | undefined,
  ) {
    super(message);
    this.name = "RunGoing";
  }
}

/** How often the Lease may change under our hands before we give up. */
const attempts = 10;

/**
 * Takes the lock, or says who has it.
 *
 * A Lease whose renewal is too old is taken over: its command was killed, or has no connection. Clocks of machines
 * differ, so such a Lease of another machine is first watched, by our own monotonic clock, for half of its duration:
 * its holder, if there is one, renews it in that time. The same goes for a Lease that is fresh where its process on
 * this machine is gone (or is in a container that has our host's name), and for one that was renewed in the future.
 * On a takeover the former note stays, with our name, until it is replaced by `write`: what was asked of that run, and
 * what was there before it, is known until it is kept and restored, also if this command is killed too.
 *
 * @throws RunGoing where somebody has it; RunnerError where the API refuses, or does not answer
 */
export async function acquireLock(options: LockOptions): Promise<RunLock> {
  const { leases, namespace } = options;
  const api = new LeaseApi(leases, namespace);
  try {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const lock = await tryOnce(options, api);
      if (lock !== undefined) return lock;
    }
  } catch (error) {
    throw leaseError(error, namespace);
  }
  throw new RunnerError(`the Lease ${leaseName} in namespace ${namespace} keeps changing hands: try again`);
}

/** A run's Lease as others see it. */
export type SeenLock = LeaseView & {
  /** Whether its holder renews it; true also for a run that was only started, which the master has to judge. */
  readonly live: boolean;
};

/**
 * Who has the lock; undefined where nobody has. By the clock alone: a holder whose clock is wrong may look dead.
 *
 * @throws RunnerError where the API refuses, or does not answer
 */
export async function readLock(leases: Leases, namespace: string, now = new Date()): Promise<SeenLock | undefined> {
  try {
    const found = await new LeaseApi(leases, namespace).read();
    if (found === undefined) return undefined;
    const view = viewLease(found);
    return { ...view, live: pulseOf(view, now.getTime()) === "live" };
  } catch (error) {
    throw leaseError(error, namespace);
  }
}

/** Creates the Lease, or takes a dead one over; undefined where somebody else was faster, and all begins anew. */
async function tryOnce(options: LockOptions, api: LeaseApi): Promise<RunLock | undefined> {
  const { namespace, owner, holder, duration = 15, now = () => new Date(), warn = () => undefined } = options;
  const renew = (options.renew ?? duration / 3) * 1000;
  const take = async (note: RunNote, found?: V1Lease): Promise<RunLock | undefined> => {
    const acquired = now();
    const transitions = found === undefined ? 0 : (found.spec?.leaseTransitions ?? 0) + 1;
    const parts = { namespace, owner, holder, acquired, duration, transitions };
    const lease = makeLease({ ...parts, note, renewed: acquired, now: found });
    const written = await (found === undefined ? api.create(lease) : api.replace(lease));
    const view = found === undefined ? undefined : viewLease(found);
    return written === undefined ? undefined : new RunLock(written, note, view, { api, parts, now, renew, warn });
  };
  const created = await take(options.note);
  if (created !== undefined) return created;
  const found = await api.read();
  if (found === undefined) return undefined;
  if (!isOwnedBy(found, owner.uid)) {
    // Its Deployment was deleted, and the cluster is about to delete it too.
    await api.delete(found);
    return undefined;
  }
  const view = viewLease(found);
  if (!(await isFree(options, api, found, view))) return undefined;
  if (view.problem !== undefined) warn(`${view.problem}; what was there before that run is not known`);
  const { mode, by, host, pid } = options.note;
  return take(view.note === undefined ? options.note : { ...view.note, mode, by, host, pid }, found);
}

/** True for a Lease whose holder is gone, and false for one that has changed meanwhile; throws where it has a holder. */
async function isFree(options: LockOptions, api: LeaseApi, found: V1Lease, view: LeaseView): Promise<boolean> {
  const { over, now = () => new Date() } = options;
  const going = () => new RunGoing(describe(options, view, now()), view.holder, view.note);
  if (view.duration === undefined) {
    if (view.note !== undefined && (await over?.(view.note))) return true;
    throw going();
  }
  const pulse = pulseOf(view, now().getTime());
  if (pulse === "live") throw going();
  if (pulse === "dead") return true;
  const seen = await watch(options, api, found, view.duration / 2);
  if (seen === undefined || !isSameHold(seen, found)) return false;
  if (viewLease(seen).renewed !== view.renewed) throw going();
  return seen.metadata?.resourceVersion === found.metadata?.resourceVersion;
}

/** Looks at a Lease until it changes, or for some seconds; gives what it is then. */
async function watch(
  options: LockOptions,
  api: LeaseApi,
  found: V1Lease,
  seconds: number,
): Promise<V1Lease | undefined> {
  const { progress, signal = never } = options;
  const { holderIdentity } = found.spec ?? {};
  progress?.(`${holderIdentity} seems to be gone: its Lease is watched for ${Math.ceil(seconds)} s`);
  const end = performance.now() + seconds * 1000;
  for (;;) {
    await pause(Math.min(1000, seconds * 250), signal);
    if (signal.aborted) throw new RunnerError("interrupted while another run's Lease was watched", exitCodes.aborted);
    const seen = await api.read();
    const changed = seen?.metadata?.resourceVersion !== found.metadata?.resourceVersion;
    if (changed || performance.now() >= end) return seen;
  }
}

function describe({ namespace }: LockOptions, { note, holder, since, problem }: LeaseView, now: Date): string {
  if (note !== undefined) return describeRun(note, now);
  const when = since === undefined ? "" : ` since ${clock(since, now)}`;
  return `${holder} runs a load test in namespace ${namespace}${when} (${problem}); once it is over, delete the Lease ${leaseName}`;
}
