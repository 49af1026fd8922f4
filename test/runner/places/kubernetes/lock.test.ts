import { spawnSync } from "node:child_process";
import { expect } from "chai";
import fc from "fast-check";
import { RunnerError } from "../../../../runner/errors";
import {
  acquireLock,
  type LockOptions,
  RunGoing,
  type RunLock,
  readLock,
} from "../../../../runner/places/kubernetes/lock";
import { until } from "../../../support/cluster";
import { FakeLeases, refusal } from "./fake-leases";
import { note } from "./notes";

/** A process of this machine that has ended. */
const deadPid = spawnSync(process.execPath, ["-e", ""]).pid;
const owner = { name: "locust-control", uid: "uid-of-control" };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("the lock of a namespace", () => {
  let leases: FakeLeases;
  let locks: RunLock[];
  beforeEach(() => {
    leases = new FakeLeases();
    locks = [];
  });
  afterEach(async () => {
    leases.before = async () => undefined;
    for (const lock of locks) await lock.release();
  });

  async function acquire(options: Partial<LockOptions> = {}): Promise<RunLock> {
    const lock = await acquireLock({
      leases,
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

  /** What a command leaves that is killed. */
  async function killed(options: Partial<LockOptions> = {}): Promise<void> {
    const lock = await acquire(options);
    const left = structuredClone(leases.lease);
    await lock.release();
    leases.lease = left;
  }

  const ago = (seconds: number) => () => new Date(Date.now() - seconds * 1000);

  describe("is taken", () => {
    it("by one of many who want it at the same time, in whatever order their requests are done", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.integer({ min: 2, max: 5 }),
          fc.boolean(),
          async (scheduler, many, dead) => {
            leases = new FakeLeases();
            if (dead) await killed({ now: ago(60) });
            leases.before = () => scheduler.schedule(Promise.resolve());
            const outcomes = Promise.allSettled(Array.from({ length: many }, () => acquire({ duration: 600 })));
            await scheduler.waitFor(outcomes);
            leases.before = async () => undefined;
            const settled = await outcomes;
            const won = settled.filter(({ status }) => status === "fulfilled");
            const lost = settled.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
            expect(won).to.have.length(1);
            for (const error of lost) expect(error).to.be.instanceOf(RunGoing);
          },
        ),
        { numRuns: 60 },
      );
    });

    it("never by two at a time, while it goes from hand to hand", async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), async (scheduler) => {
          leases = new FakeLeases();
          leases.before = () => scheduler.schedule(Promise.resolve());
          let [holding, most, turns] = [0, 0, 0];
          const work = async () => {
            const lock = await acquire({ duration: 600 }).catch(() => undefined);
            if (lock === undefined) return;
            most = Math.max(most, ++holding);
            await scheduler.schedule(Promise.resolve());
            holding--;
            turns++;
            expect(await lock.release()).to.equal("released");
          };
          await scheduler.waitFor(Promise.all([1, 2, 3].map(work)));
          leases.before = async () => undefined;
          expect(most).to.equal(1);
          expect(turns).to.be.above(0);
          expect(leases.lease).to.equal(undefined);
        }),
        { numRuns: 60 },
      );
    });

    it("with all that others need to know, as the master's own", async () => {
      await acquire({ holder: "sam@laptop, process 7" });
      const { metadata, spec } = leases.lease ?? {};
      expect(metadata?.name).to.equal("loadtest-run");
      expect(metadata?.ownerReferences).to.deep.equal([{ apiVersion: "apps/v1", kind: "Deployment", ...owner }]);
      expect(spec).to.include({
        holderIdentity: "sam@laptop, process 7",
        leaseDurationSeconds: 15,
        leaseTransitions: 0,
      });
      expect(String(spec?.renewTime)).to.match(/T\d\d:\d\d:\d\d\.\d{6}Z$/);
      expect(await readLock(leases, "load")).to.deep.include({
        note: note(),
        live: true,
        holder: "sam@laptop, process 7",
      });
    });

    it("again after it was given back", async () => {
      const first = await acquire();
      expect(await first.release()).to.equal("released");
      expect(await readLock(leases, "load")).to.equal(undefined);
      const second = await acquire();
      expect(second.takenOver).to.equal(undefined);
    });
  });

  describe("is refused while somebody has it", () => {
    it("with who, what and since when, and exit code 4", async () => {
      await acquire({ note: note({ host: "laptop" }), now: () => new Date("2026-11-24T10:16:59Z") });
      const error = await failure({ now: () => new Date("2026-11-24T10:17:02Z") });
      expect(error).to.be.instanceOf(RunGoing).and.include({ exitCode: 4 });
      expect(error.message).to.equal(
        "sam@laptop runs script1.py with 20 users since 10:15:02 UTC (2 min); it should have ended at 10:16:02 UTC",
      );
    });

    it("also where its note cannot be read", async () => {
      await acquire({ now: () => new Date("2026-11-24T10:16:58Z") });
      if (leases.lease?.metadata) leases.lease.metadata.annotations = { "loadtest/run": '{"schemaVersion":2}' };
      const error = await failure({ now: () => new Date("2026-11-24T10:17:02Z") });
      expect(error.message).to.equal(
        "sam@laptop runs a load test in namespace load since 10:16:58 UTC (the note of the run was written by a newer " +
          "loadtest (version 2 of the note)); once it is over, delete the Lease loadtest-run",
      );
    });

    it("also where its host's clock is behind, as it is seen to renew it", async () => {
      await acquire({ note: note({ host: "laptop" }), now: ago(3600), duration: 1, renew: 0.1 });
      const lines: string[] = [];
      expect(await failure({ progress: (line) => lines.push(line) })).to.be.instanceOf(RunGoing);
      expect(lines).to.deep.equal(["sam@laptop seems to be gone: its Lease is watched for 1 s"]);
    });

    it("also where its process cannot be seen from here, as it is seen to renew it", async () => {
      await acquire({ note: note({ pid: deadPid }), duration: 1, renew: 0.1 });
      expect(await failure()).to.be.instanceOf(RunGoing);
    });
  });

  describe("is taken over from a command that was killed", () => {
    const before = { workerReplicas: 8, script: "b.py" };
    const theirs = { note: note({ host: "laptop", before }), holder: "kim@laptop" };

    it("with its note, and with what was there before it", async () => {
      await killed({ ...theirs, now: ago(60), duration: 1 });
      const lock = await acquire();
      expect(lock.takenOver).to.deep.include({ note: theirs.note, holder: "kim@laptop" });
      expect(lock.note.before, "until it is restored").to.deep.equal(before);
      expect(await readLock(leases, "load")).to.deep.include({ note: note({ before }), holder: "sam@laptop" });
      await lock.update({ before: { workerReplicas: 2, script: "a.py" } });
      expect((await readLock(leases, "load"))?.note?.before).to.deep.equal({ workerReplicas: 2, script: "a.py" });
    });

    it("at once where its time is over by the clock that both have", async () => {
      await killed({ now: ago(60) });
      const start = performance.now();
      await acquire({ progress: () => expect.fail("It was watched.") });
      expect(performance.now() - start).to.be.below(200);
    });

    it("before its time is over where its process is gone", async () => {
      await killed({ note: note({ pid: deadPid }), duration: 1 });
      expect(await readLock(leases, "load")).to.include({ live: false });
      expect((await acquire()).takenOver?.note?.pid).to.equal(deadPid);
    });

    it("where its clock was ahead", async () => {
      await killed({ ...theirs, now: ago(-3600), duration: 1 });
      expect((await acquire()).takenOver?.holder).to.equal("kim@laptop");
    });

    it("also where its note is damaged, with a warning", async () => {
      await killed({ ...theirs, now: ago(60), duration: 1 });
      if (leases.lease?.metadata) leases.lease.metadata.annotations = { "loadtest/run": "{" };
      const warnings: string[] = [];
      const lock = await acquire({ warn: (line) => warnings.push(line) });
      expect(lock.note).to.deep.equal(note());
      expect(warnings).to.deep.equal([
        "the note of the run is damaged: it is no JSON; what was there before that run is not known",
      ]);
    });

    it("by nobody who gives up meanwhile", async () => {
      await killed({ ...theirs, now: ago(60), duration: 10 });
      const interrupt = new AbortController();
      setTimeout(() => interrupt.abort(), 50);
      expect(await failure({ signal: interrupt.signal })).to.include({ exitCode: 130 });
      expect((await readLock(leases, "load"))?.holder).to.equal("kim@laptop");
    });

    it("as if it were not there, where its Deployment was deleted", async () => {
      await acquire({ owner: { name: "locust-control", uid: "of-before" } });
      const lock = await acquire();
      expect(lock.takenOver).to.equal(undefined);
      expect(leases.lease?.metadata?.ownerReferences?.[0]?.uid).to.equal(owner.uid);
    });
  });

  describe("of a run that was only started", () => {
    it("stays when the command ends, renewed by nobody", async () => {
      const lock = await acquire({ duration: 1, renew: 0.05 });
      expect(await lock.update({ mode: "start", masterId: "m", run: 3 })).to.equal(true);
      const requests = leases.asked.length;
      await pause(200);
      expect(leases.asked).to.have.length(requests);
      expect(leases.lease?.spec).to.not.have.property("leaseDurationSeconds");
      expect(await readLock(leases, "load", new Date(Date.now() + 3_600_000))).to.deep.include({
        ...{ live: true, note: note({ mode: "start", masterId: "m", run: 3 }) },
      });
    });

    it("is free when the master says so", async () => {
      const started = note({ mode: "start", masterId: "m", run: 3 });
      await acquire({ note: started, now: ago(3600) });
      expect((await failure()).message).to.include("started script1.py");
      expect(await failure({ over: async () => false })).to.be.instanceOf(RunGoing);
      const asked: unknown[] = [];
      const lock = await acquire({ over: async (note) => asked.push(note) > 0 });
      expect(asked).to.deep.equal([started]);
      expect(lock.takenOver?.note).to.deep.equal(started);
    });
  });

  describe("is kept", () => {
    const quick = { duration: 1, renew: 0.03 };
    const renewals = () => leases.asked.filter((verb) => verb === "replace").length;

    it("by renewals, which carry what has changed", async () => {
      const lock = await acquire(quick);
      const first = leases.lease?.spec?.renewTime;
      expect(await lock.update({ masterId: "m", run: 1 })).to.equal(true);
      await until("renewals", () => renewals() > 2, 2);
      expect(leases.lease?.spec?.renewTime).to.not.equal(first);
      expect((await readLock(leases, "load"))?.note).to.deep.equal(note({ masterId: "m", run: 1 }));
      expect(lock.lost.aborted).to.equal(false);
    });

    it("through changes of others that leave its holder alone", async () => {
      const lock = await acquire(quick);
      leases.annotate();
      expect(await lock.update({ run: 1 })).to.equal(true);
      expect(leases.lease?.metadata?.annotations).to.include({ a: "b" });
      expect(lock.lost.aborted).to.equal(false);
    });

    it("through a time without an API server, which is said once", async () => {
      const warnings: string[] = [];
      const lock = await acquire({ ...quick, warn: (line) => warnings.push(line) });
      leases.before = async () => {
        throw Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:6443"), { code: "ECONNREFUSED" });
      };
      expect(await lock.update({ run: 7 })).to.equal(false);
      await pause(150);
      leases.before = async () => undefined;
      await until("a renewal", async () => (await readLock(leases, "load"))?.note?.run === 7, 2);
      expect(warnings).to.deep.equal([
        "the lock of the run cannot be renewed now: connect ECONNREFUSED 127.0.0.1:6443",
      ]);
      expect(lock.lost.aborted).to.equal(false);
    });

    it("also where a request is done and its answer does not come", async () => {
      const lock = await acquire(quick);
      let cut = true;
      leases.after = async () => {
        if (cut) throw new Error("socket hang up");
      };
      await lock.update({ run: 1 });
      cut = false;
      expect(await lock.update({ run: 2 })).to.equal(true);
      expect(lock.lost.aborted).to.equal(false);
    });

    it("until somebody has taken it over, which is told", async () => {
      const lock = await acquire(quick);
      const stolen = leases.lease;
      leases.annotate();
      leases.lease = { ...leases.lease, spec: { ...stolen?.spec, holderIdentity: "kim@laptop", leaseTransitions: 1 } };
      await until("the loss", () => lock.lost.aborted, 2);
      expect(String(lock.lost.reason)).to.equal("Error: kim@laptop has taken the lock of the run");
      expect(await lock.update({ run: 1 })).to.equal(false);
      expect(await lock.release()).to.equal("taken");
      expect(leases.lease?.spec?.holderIdentity).to.equal("kim@laptop");
    });

    it("until it is deleted, which is told", async () => {
      const lock = await acquire(quick);
      leases.lease = undefined;
      await until("the loss", () => lock.lost.aborted, 2);
      expect(String(lock.lost.reason)).to.equal("Error: the lock of the run was deleted");
      expect(await lock.release()).to.equal("gone");
    });
  });

  describe("is given back", () => {
    it("once, and renewed no more", async () => {
      const lock = await acquire({ duration: 1, renew: 0.03 });
      const both = [lock.release(), lock.release()];
      expect(await Promise.all(both)).to.deep.equal(["released", "released"]);
      expect(await lock.release()).to.equal("released");
      const requests = leases.asked.length;
      await pause(100);
      expect(leases.asked).to.have.length(requests);
      expect(lock.lost.aborted).to.equal(false);
    });

    it("in the middle of a renewal", async () => {
      const lock = await acquire();
      leases.before = (verb) => pause(verb === "replace" ? 50 : 0) as Promise<void>;
      void lock.update({ run: 1 });
      expect(await lock.release()).to.equal("released");
      expect(leases.lease).to.equal(undefined);
    });

    it("within its time where the API does not answer, and can be tried again", async () => {
      const lock = await acquire();
      leases.before = () => new Promise(() => undefined);
      void lock.update({ run: 1 });
      const start = performance.now();
      expect(await lock.release(200)).to.equal("unreachable");
      expect(performance.now() - start).to.be.within(150, 600);
      leases.before = async () => undefined;
      expect(await lock.release()).to.equal("released");
    });
  });

  it("says in one line what Kubernetes refuses", async () => {
    const refused = async (code: number, message: string) => {
      leases.before = async () => {
        throw refusal(code, message);
      };
      const error = await failure();
      expect(error).to.be.instanceOf(RunnerError).and.include({ exitCode: 4 });
      return error.message;
    };
    const start = "the Lease loadtest-run in namespace load cannot be taken: ";
    await refused(503, "starting");
    expect(await failure(), "which a retry knows").to.be.instanceOf(ClusterRefused).with.property("status", 503);
    expect(await refused(403, 'User "sam" cannot create leases')).to.equal(`${start}User "sam" cannot create leases`);
    expect(await refused(404, 'namespaces "load" not found')).to.equal(`${start}there is no such namespace`);
    leases.before = async () => {
      throw new Error("connect ECONNREFUSED 127.0.0.1:6443");
    };
    expect((await failure()).message).to.equal(`${start}connect ECONNREFUSED 127.0.0.1:6443`);
    const unread = await readLock(leases, "load").catch((error: Error) => error);
    expect(unread).to.be.instanceOf(RunnerError);
  });
});
