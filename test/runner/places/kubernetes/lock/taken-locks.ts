import { expect } from "chai";
import type { Cluster } from "../../../../../runner/places/kubernetes/api/cluster";
import { connectCluster } from "../../../../../runner/places/kubernetes/api/connect";
import { acquireLock, type LockOptions, type RunLock } from "../../../../../runner/places/kubernetes/lock/run-lock";
import { kubeconfigFor } from "../api/fake-api";
import type { FakeLeases } from "./fake-leases";
import { runInfo } from "./infos";

export const owner = { name: "locust-control", uid: "uid-of-control" };

/** What takes the lock of a namespace. */
export interface LockTakers {
  readonly acquire: (options?: Partial<LockOptions>) => Promise<RunLock>;
  /** The error of a lock that cannot be taken. */
  readonly failure: (options?: Partial<LockOptions>) => Promise<Error>;
  /** What a command leaves that is killed. */
  readonly killed: (options?: Partial<LockOptions>) => Promise<void>;
  /** Namespace `load` of a cluster whose Leases are those of the test that is going on. */
  readonly cluster: () => Cluster;
}

/**
 * Gives the tests of the suite around it what takes locks, and has each given back after its test.
 *
 * @param leases of the test that is going on
 */
export function lockTakers(leases: () => FakeLeases): LockTakers {
  const locks: RunLock[] = [];
  let cluster: Cluster;
  before(async () => {
    cluster = await connectCluster({ kubeconfig: kubeconfigFor("http://there:6443"), namespace: "load" }, {});
  });
  afterEach(async () => {
    leases().before = async () => undefined;
    for (const lock of locks.splice(0)) await lock.release();
  });

  const withLeases = () => Object.assign(Object.create(cluster) as Cluster, { coordination: leases() });

  async function acquire(options: Partial<LockOptions> = {}): Promise<RunLock> {
    const quiet = () => undefined;
    const lock = await acquireLock({
      ...{ cluster: withLeases(), owner, holder: "sam@laptop", info: runInfo() },
      ...{ progress: quiet, warn: quiet, signal: new AbortController().signal },
      ...options,
    });
    locks.push(lock);
    return lock;
  }

  async function failure(options: Partial<LockOptions> = {}): Promise<Error> {
    return acquire(options).then(
      () => expect.fail("The lock was taken."),
      (error: Error) => error,
    );
  }

  async function killed(options: Partial<LockOptions> = {}): Promise<void> {
    const lock = await acquire(options);
    const left = structuredClone(leases().lease);
    await lock.release();
    leases().lease = left;
  }

  return { acquire, failure, killed, cluster: withLeases };
}
