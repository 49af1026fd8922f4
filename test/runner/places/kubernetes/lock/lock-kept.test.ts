import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { viewLease } from "../../../../../runner/places/kubernetes/lock/lease";
import { until } from "../../../../support/cluster";
import { FakeLeases } from "./fake-leases";
import { runInfo } from "./infos";
import { lockTakers } from "./taken-locks";

describe("the lock of a namespace", () => {
  let leases: FakeLeases;
  beforeEach(() => {
    leases = new FakeLeases();
  });
  const { acquire } = lockTakers(() => leases);
  const seen = () => (leases.lease === undefined ? undefined : viewLease(leases.lease));

  describe("of a run that was only started", () => {
    it("stays when the command ends, renewed by nobody", async () => {
      const lock = await acquire({ duration: 0.15 });
      expect(await lock.leave({ mode: "start", masterId: "m", run: 3 })).to.equal(true);
      const requests = leases.asked.length;
      await pause(200);
      expect(leases.asked).to.have.length(requests);
      expect(leases.lease?.spec).to.not.have.property("leaseDurationSeconds");
      expect(seen()).to.deep.include({
        ...{ duration: undefined, info: runInfo({ mode: "start", masterId: "m", run: 3 }) },
      });
    });

    it("is free at once: what the master does is asked by whoever takes it", async () => {
      const started = runInfo({ mode: "start", masterId: "m", run: 3 });
      await (await acquire({ info: started })).leave();
      const lock = await acquire({ progress: () => expect.fail("It was watched.") });
      expect(lock.former).to.deep.equal(started);
      expect(seen()).to.deep.include({ info: started, duration: 15 });
      expect(await lock.leave()).to.equal(true);
      expect(seen()).to.deep.include({ info: started, duration: undefined });
    });
  });

  describe("is kept", () => {
    const quick = { duration: 0.1 };
    const renewals = () => leases.asked.filter((verb) => verb === "replace").length;

    it("by renewals, which carry what has changed", async () => {
      const lock = await acquire(quick);
      const first = leases.lease?.spec?.renewTime;
      expect(await lock.update({ masterId: "m", run: 1 })).to.equal(true);
      await until("renewals", () => renewals() > 2, 2);
      expect(leases.lease?.spec?.renewTime).to.not.equal(first);
      expect(seen()?.info).to.deep.equal(runInfo({ masterId: "m", run: 1 }));
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
      await until("a renewal", () => seen()?.info?.run === 7, 2);
      expect(warnings).to.deep.equal([
        "the lock of the run is not renewed now: cannot change Lease loadtest-run: the API server at there:6443 cannot be reached: connection refused",
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

    it("with one renewal at a time where the API server is slow: it is left without waiting for many", async () => {
      const lock = await acquire({ duration: 0.5 });
      leases.before = () => pause(400);
      await pause(2000);
      const began = performance.now();
      expect(await lock.leave()).to.equal(true);
      expect(performance.now() - began).to.be.below(1500);
      leases.before = async () => undefined;
    });

    it("until somebody has taken it over, which is told", async () => {
      const lock = await acquire(quick);
      const stolen = leases.lease;
      leases.annotate();
      leases.lease = { ...leases.lease, spec: { ...stolen?.spec, holderIdentity: "kim@laptop", leaseTransitions: 1 } };
      await until("the loss", () => lock.lost.aborted, 2);
      expect(String(lock.lost.reason)).to.equal("RunnerError: kim@laptop has taken the lock of the run");
      expect(await lock.update({ run: 1 })).to.equal(false);
      expect(await lock.release()).to.equal(true);
      expect(leases.lease?.spec?.holderIdentity).to.equal("kim@laptop");
    });

    it("also where somebody deletes it, as nobody has the test then, with all that it said", async () => {
      const warnings: string[] = [];
      const lock = await acquire({ ...quick, warn: (line) => warnings.push(line) });
      await lock.update({ masterId: "m", run: 1 });
      leases.lease = undefined;
      await until("a new one", () => leases.lease !== undefined, 2);
      expect(seen()?.info).to.deep.equal(runInfo({ masterId: "m", run: 1 }));
      await until("renewals", () => renewals() > 4, 2);
      expect(lock.lost.aborted).to.equal(false);
      expect(warnings).to.deep.equal(["somebody has deleted the lock of the run, and it is made anew"]);
      leases.lease = undefined;
      expect(await lock.leave({ mode: "start" }), "as it is left").to.equal(true);
      expect(seen()?.info).to.include({ mode: "start", run: 1 });
    });

    it("not where somebody has deleted it and another has taken it", async () => {
      const lock = await acquire({ duration: 180 });
      leases.lease = undefined;
      await acquire({ holder: "kim@laptop" });
      expect(await lock.update({ run: 1 })).to.equal(false);
      expect(String(lock.lost.reason)).to.equal("RunnerError: kim@laptop has taken the lock of the run");
      expect(await lock.release()).to.equal(true);
    });

    it("and is gone when it is given back, where somebody has just deleted it", async () => {
      const lock = await acquire();
      leases.lease = undefined;
      expect(await lock.release()).to.equal(true);
      expect(leases.lease).to.equal(undefined);
    });
  });

  describe("is given back", () => {
    it("once, and renewed no more", async () => {
      const lock = await acquire({ duration: 0.1 });
      const both = [lock.release(), lock.release()];
      expect(await Promise.all(both)).to.deep.equal([true, true]);
      expect(await lock.release()).to.equal(true);
      const requests = leases.asked.length;
      await pause(100);
      expect(leases.asked).to.have.length(requests);
      expect(lock.lost.aborted).to.equal(false);
    });

    it("in the middle of a renewal", async () => {
      const lock = await acquire();
      leases.before = (verb) => pause(verb === "replace" ? 50 : 0) as Promise<void>;
      void lock.update({ run: 1 });
      expect(await lock.release()).to.equal(true);
      expect(leases.lease).to.equal(undefined);
    });

    it("within its time where the API does not answer, and can be tried again", async () => {
      const lock = await acquire();
      leases.before = () => new Promise(() => undefined);
      void lock.update({ run: 1 });
      const start = performance.now();
      expect(await lock.release(200)).to.equal(false);
      expect(performance.now() - start).to.be.within(150, 600);
      leases.before = async () => undefined;
      expect(await lock.release()).to.equal(true);
    });
  });
});
