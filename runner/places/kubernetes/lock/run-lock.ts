/** One command at a time makes a run in a namespace: the lock is a Lease, which its holder renews. */
import type { V1Lease } from "@kubernetes/client-node";
import { pause } from "../../../engine/timing";
import { messageOf, RunnerError } from "../../../errors";
import type { Cluster } from "../api/cluster";
import * as lease from "./lease";
import type { RunInfo } from "./run-info";

export interface LockOptions extends Pick<lease.LeaseParts, "owner" | "info"> {
  readonly cluster: Cluster;
  /** Who takes it, for people: `sam@laptop, process 123`. */
  readonly holder: string;
  /** Seconds without a renewal after which the lock is free; it is renewed five times in that time. Defaults to 15. */
  readonly duration?: number;
  /** A line on what takes its time. */
  readonly progress: (text: string) => void;
  /** A line on what is not as it should be, and is got over. */
  readonly warn: (text: string) => void;
  /** Gives up while somebody else's Lease is watched. */
  readonly signal: AbortSignal;
}

/** How often the Lease may change under our hands before we give up. */
const attempts = 10;

/** Somebody else has the lock: exit code 4. */
export class RunGoing extends RunnerError {
  constructor(readonly seen: lease.LeaseView) {
    super(`${seen.holder} has the test`);
  }
}

/**
 * Takes the lock, where there is none or its command is gone: then with the info of that one, until another is written.
 *
 * As in the leader election of Kubernetes' clients, clocks of machines are not compared: a Lease that nobody renews for
 * its duration, by our own monotonic clock, is free. One without a duration is nobody's: whether the master still does
 * its run is for the caller to ask.
 *
 * @throws RunGoing where its holder is there; RunnerError where the API refuses, or does not answer
 */
export async function acquireLock(options: LockOptions): Promise<RunLock> {
  const { cluster, owner, holder, duration: leaseDurationSeconds = 15, warn, signal } = options;
  for (let attempt = 0; attempt < attempts; attempt++) {
    if (attempt > 0) await pause(200, signal);
    const found = await lease.findLease(cluster, signal);
    if (found?.metadata?.ownerReferences?.every(({ uid }) => uid !== owner.uid)) {
      // Its Deployment was deleted, and the cluster is about to delete it too.
      await lease.deleteLease(cluster, found);
      continue;
    }
    const free = found && (await unrenewed(found, options));
    const former = free && lease.viewLease(free);
    const leaseTransitions = free === undefined ? 0 : (free.spec?.leaseTransitions ?? 0) + 1;
    const acquireTime = lease.microTime(new Date());
    const spec = { holderIdentity: holder, acquireTime, leaseDurationSeconds, leaseTransitions };
    const parts = { owner, spec, info: former?.info ?? options.info };
    const taken = await lease.putLease(cluster, lease.makeLease(parts, free));
    if (taken === undefined) continue;
    if (former?.problem !== undefined) warn(`${former.problem}; what was there before that run is not known`);
    return new RunLock(taken, parts, former?.info, options);
  }
  throw new RunnerError(`the Lease ${lease.leaseName} in namespace ${cluster.namespace} keeps changing: try again`);
}

/** Watches a Lease while a renewal holds, or until it is left, and gives it as it is then; undefined where it has gone. */
async function unrenewed(first: V1Lease, { cluster, progress, signal }: LockOptions): Promise<V1Lease | undefined> {
  const { holder, duration, renewed } = lease.viewLease(first);
  if (duration === undefined) return first;
  progress(`${holder} has the test: watching for up to ${Math.ceil(duration)} s whether that command is still there`);
  const end = performance.now() + duration * 1000;
  let found: V1Lease | undefined = first;
  while (performance.now() < end) {
    await pause(Math.min(1000, duration * 100), signal);
    found = await lease.findLease(cluster, signal);
    if (found === undefined) return undefined;
    const view = lease.viewLease(found);
    if (view.duration === undefined) return found;
    const same = view.renewed?.getTime() === renewed?.getTime() && lease.isSameHold(found, first);
    if (!same) throw new RunGoing(view);
  }
  return found;
}

/** The lock, while we have it: a Lease that renews itself, until it is left or given back. */
export class RunLock {
  private readonly gone = new AbortController();
  /** Aborted, with a RunnerError that says who has it, when the lock is seen to be somebody else's. */
  readonly lost: AbortSignal = this.gone.signal;
  /** One request at a time: our own changes must not look like somebody else's. */
  private queue: Promise<void> = Promise.resolve();
  private readonly timer: NodeJS.Timeout;
  private closed = false;
  /** Whether a renewal is under way: one without an answer takes longer than the next is due. */
  private renewing = false;
  private written = true;
  private failing = false;

  constructor(
    private lease: V1Lease,
    private parts: lease.LeaseParts,
    /** What the command before wrote, which did not get to its end; undefined where there was none. */
    readonly former: RunInfo | undefined,
    private readonly options: LockOptions,
  ) {
    // One that is left is written until that has succeeded.
    const renew = () => {
      if (!this.renewing) void this.renew();
    };
    this.timer = setInterval(renew, Number(parts.spec.leaseDurationSeconds) * 200).unref();
  }

  /** Changes the info, as `write` does. */
  update(changes: Partial<RunInfo>): Promise<boolean> {
    return this.write({ ...this.parts.info, ...changes });
  }

  /** Replaces the info. Gives whether it is written; if not, it is tried again while this process lives. Never rejects. */
  async write(info: RunInfo): Promise<boolean> {
    this.parts = { ...this.parts, info };
    this.written = false;
    await this.renew();
    return this.written && !this.closed;
  }

  /** Changes the info, and renews the Lease no more: it stays when this process ends, for the command that comes next. */
  leave(changes: Partial<RunInfo> = {}): Promise<boolean> {
    const { leaseDurationSeconds: _, ...spec } = this.parts.spec;
    this.parts = { ...this.parts, spec };
    return this.update(changes);
  }

  /** Gives the lock back within `limit` ms; false where the API cannot be asked: it is free when its time is over. */
  release(limit = 5000): Promise<boolean> {
    const { cluster } = this.options;
    this.closed = true;
    const remove = async () => {
      let found: V1Lease | undefined = this.lease;
      while (found !== undefined && lease.isSameHold(found, this.lease)) {
        if ((await lease.deleteLease(cluster, found)) !== undefined) return;
        found = await lease.findLease(cluster);
      }
    };
    const work = async (signal: AbortSignal) => {
      // What is under way may hang; it is refused once the Lease has gone.
      await Promise.race([this.queue, pause(limit / 2, signal)]);
      await cluster.retry("give the lock back", remove, { for: limit, signal });
      return true;
    };
    return cluster.call("give the lock back", work, { timeout: limit }).catch(() => false);
  }

  private renew(): Promise<void> {
    this.queue = this.queue.then(async () => {
      if (this.closed) return clearInterval(this.timer);
      if (this.written && this.parts.spec.leaseDurationSeconds === undefined) return;
      this.renewing = true;
      try {
        await this.put();
        this.failing = false;
      } catch (error) {
        if (!this.failing) this.options.warn(`the lock of the run is not renewed now: ${messageOf(error)}`);
        this.failing = true;
      }
      this.renewing = false;
    });
    return this.queue;
  }

  /** Writes the info with a new time; tells where the lock is lost. */
  private async put(): Promise<void> {
    const { cluster, warn } = this.options;
    let before: V1Lease | undefined = this.lease;
    for (let attempt = 0; attempt < attempts && !this.closed; attempt++) {
      const { parts } = this;
      const done = await lease.putLease(cluster, lease.makeLease(parts, before));
      if (done !== undefined) {
        if (before === undefined) warn("somebody has deleted the lock of the run, and it is made anew");
        this.lease = done;
        this.written = parts === this.parts;
        return;
      }
      // Somebody has changed it beside us; or a request of ours was done whose answer did not come.
      before = await lease.findLease(cluster);
      if (before === undefined || lease.isSameHold(before, this.lease)) continue;
      this.closed = true;
      this.gone.abort(new RunnerError(`${lease.viewLease(before).holder} has taken the lock of the run`));
    }
  }
}
