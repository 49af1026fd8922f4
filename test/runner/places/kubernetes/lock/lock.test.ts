import { spawnSync } from "node:child_process";
import { expect } from "chai";
import fc from "fast-check";
import { RunnerError } from "../../../../../runner/errors";
import { ClusterRefused } from "../../../../../runner/places/kubernetes/api/failures";
import { RunGoing, readLock } from "../../../../../runner/places/kubernetes/lock/lock";
import { FakeLeases, refusal } from "./fake-leases";
import { note } from "./notes";
import { ago, lockTakers, owner } from "./taken-locks";

/** A process of this machine that has ended. */
const deadPid = spawnSync(process.execPath, ["-e", ""]).pid;

describe("the lock of a namespace", () => {
  let leases: FakeLeases;
  beforeEach(() => {
    leases = new FakeLeases();
  });
  const { acquire, failure, killed } = lockTakers(() => leases);

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
    const theirs = { note: note({ host: "laptop", before, users: 7, run: 3 }), holder: "kim@laptop" };

    it("with its note, which stays until it is replaced: what was asked, and what was there before", async () => {
      await killed({ ...theirs, now: ago(60), duration: 1 });
      const lock = await acquire();
      expect(lock.takenOver).to.deep.include({ note: theirs.note, holder: "kim@laptop" });
      const ours = { ...theirs.note, host: note().host };
      expect(await readLock(leases, "load")).to.deep.include({ note: ours, holder: "sam@laptop" });
      const own = note({ script: "b.py" });
      expect(await lock.write(own)).to.equal(true);
      expect((await readLock(leases, "load"))?.note).to.deep.equal(own);
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
    expect(await failure(), "which a retry knows")
      .to.be.instanceOf(ClusterRefused)
      .with.property("status", 503);
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
