import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { RunGoing, readLock } from "../../../../../runner/places/kubernetes/lock/lock";
import { until } from "../../../../support/cluster";
import { FakeLeases } from "./fake-leases";
import { note } from "./notes";
import { ago, lockTakers } from "./taken-locks";

describe("the lock of a namespace", () => {
  let leases: FakeLeases;
  beforeEach(() => {
    leases = new FakeLeases();
  });
  const { acquire, failure } = lockTakers(() => leases);

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

    it("also where somebody deletes it, as nobody has the test then, with all that it said", async () => {
      const warnings: string[] = [];
      const lock = await acquire({ ...quick, warn: (line) => warnings.push(line) });
      await lock.update({ masterId: "m", run: 1 });
      leases.lease = undefined;
      await until("a new one", () => leases.lease !== undefined, 2);
      expect((await readLock(leases, "load"))?.note).to.deep.equal(note({ masterId: "m", run: 1 }));
      await until("renewals", () => renewals() > 4, 2);
      expect(lock.lost.aborted).to.equal(false);
      expect(warnings).to.deep.equal(["somebody has deleted the lock of the run, and it is made anew"]);
      leases.lease = undefined;
      expect(await lock.update({ mode: "start" }), "as it is left").to.equal(true);
      expect((await readLock(leases, "load"))?.note).to.include({ mode: "start", run: 1 });
    });

    it("not where somebody has deleted it and another has taken it", async () => {
      const lock = await acquire({ duration: 1, renew: 60 });
      leases.lease = undefined;
      await acquire({ holder: "kim@laptop" });
      expect(await lock.update({ run: 1 })).to.equal(false);
      expect(String(lock.lost.reason)).to.equal("Error: kim@laptop has taken the lock of the run");
      expect(await lock.release()).to.equal("taken");
    });

    it("and is gone when it is given back, where somebody has just deleted it", async () => {
      const lock = await acquire({ renew: 60 });
      leases.lease = undefined;
      expect(await lock.release()).to.equal("gone");
      expect(leases.lease).to.equal(undefined);
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
});
