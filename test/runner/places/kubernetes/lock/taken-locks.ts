import { expect } from "chai";
import { acquireLock, type LockOptions, type RunLock } from "../../../../../runner/places/kubernetes/lock/lock";
import type { FakeLeases } from "./fake-leases";
import { note } from "./notes";

export const owner = { name: "locust-control", uid: "uid-of-control" };

/** A clock that is behind. */
export const ago = (seconds: number) => () => new Date(Date.now() - seconds * 1000);

/** What takes the lock of a namespace. */
export interface LockTakers {
  readonly acquire: (options?: Partial<LockOptions>) => Promise<RunLock>;
  /** The error of a lock that cannot be taken. */
  readonly failure: (options?: Partial<LockOptions>) => Promise<Error>;
  /** What a command leaves that is killed. */
  readonly killed: (options?: Partial<LockOptions>) => Promise<void>;
}

/**
 * Gives the tests of the suite around it what takes locks, and has each given back after its test.
 *
 * @param leases of the test that is going on
 */
export function lockTakers(leases: () => FakeLeases): LockTakers {
  const locks: RunLock[] = [];
  afterEach(async () => {
    leases().before = async () => undefined;
    for (const lock of locks.splice(0)) await lock.release();
  });

  async function acquire(options: Partial<LockOptions> = {}): Promise<RunLock> {
    const lock = await acquireLock({
      leases: leases(),
      namespace: "load",
      owner,
      holder: "sam@laptop",
      note: note(),
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

  return { acquire, failure, killed };
}
