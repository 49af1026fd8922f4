import { expect } from "chai";
import fc from "fast-check";
import { RunnerError } from "../../../../../runner/errors";
import { ClusterRefused } from "../../../../../runner/places/kubernetes/api/failures";
import { findLease, viewLease } from "../../../../../runner/places/kubernetes/lock/lease";
import { RunGoing } from "../../../../../runner/places/kubernetes/lock/run-lock";
import { deadWriter } from "../../../results/folders";
import { FakeLeases, refusal } from "./fake-leases";
import { runInfo } from "./infos";
import { lockTakers, owner } from "./taken-locks";

describe("the lock of a namespace", () => {
  let leases: FakeLeases;
  beforeEach(() => {
    leases = new FakeLeases();
  });
  const { acquire, failure, killed, cluster } = lockTakers(() => leases);
  const seen = () => (leases.lease === undefined ? undefined : viewLease(leases.lease));
  /** What a command does whose clock is wrong: it renews its Lease every 100 ms. */
  const beating = async (since: string, work: () => Promise<unknown>) => {
    let count = 0;
    const timer = setInterval(() => leases.setTime(since.replace("0Z", `${++count % 10}Z`)), 100);
    await work().finally(() => clearInterval(timer));
  };

  describe("is taken", () => {
    it("by one of many who want it at the same time, in whatever order their requests are done", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.scheduler(),
          fc.integer({ min: 2, max: 5 }),
          fc.boolean(),
          async (scheduler, many, dead) => {
            leases = new FakeLeases();
            if (dead) await killed({ duration: 0.1 });
            leases.before = () => scheduler.schedule(Promise.resolve());
            const outcomes = Promise.allSettled(Array.from({ length: many }, () => acquire({ duration: 0.6 })));
            await scheduler.waitFor(outcomes);
            leases.before = async () => undefined;
            const settled = await outcomes;
            const won = settled.filter(({ status }) => status === "fulfilled");
            const lost = settled.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
            expect(won).to.have.length(1);
            for (const error of lost) expect(error).to.be.instanceOf(RunGoing);
          },
        ),
        { numRuns: 25 },
      );
    });

    it("never by two at a time, while it goes from hand to hand", async () => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), async (scheduler) => {
          leases = new FakeLeases();
          leases.before = () => scheduler.schedule(Promise.resolve());
          let [holding, most, turns] = [0, 0, 0];
          const work = async () => {
            const lock = await acquire({ duration: 0.6 }).catch(() => undefined);
            if (lock === undefined) return;
            most = Math.max(most, ++holding);
            await scheduler.schedule(Promise.resolve());
            holding--;
            turns++;
            expect(await lock.release()).to.equal(true);
          };
          await scheduler.waitFor(Promise.all([1, 2, 3].map(work)));
          leases.before = async () => undefined;
          expect(most).to.equal(1);
          expect(turns).to.be.above(0);
          expect(leases.lease).to.equal(undefined);
        }),
        { numRuns: 25 },
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
      expect(seen()).to.deep.include({ info: runInfo(), holder: "sam@laptop, process 7", duration: 15 });
    });

    it("again after it was given back", async () => {
      const first = await acquire();
      expect(await first.release()).to.equal(true);
      expect(await findLease(cluster())).to.equal(undefined);
      const second = await acquire();
      expect(second.former).to.equal(undefined);
    });
  });

  describe("is refused while somebody has it", () => {
    it("with who has it, and exit code 4, when it is seen to renew it", async () => {
      await acquire({ duration: 0.6 });
      const lines: string[] = [];
      const error = await failure({ progress: (line) => lines.push(line) });
      expect(error).to.be.instanceOf(RunGoing).and.include({ exitCode: 4 });
      expect((error as RunGoing).seen).to.deep.include({ holder: "sam@laptop", info: runInfo() });
      expect(lines).to.deep.equal([
        "sam@laptop has the test: watching for up to 1 s whether that command is still there",
      ]);
    });

    it("also where its info cannot be read", async () => {
      await killed({ duration: 1 });
      leases.setInfo('{"schemaVersion":2}');
      await beating("2026-11-24T10:16:58.000000Z", async () => {
        expect(((await failure()) as RunGoing).seen).to.deep.include({
          ...{ info: undefined, problem: "the info on the run was written by a newer loadtest (version 2)" },
        });
      });
    });

    for (const [how, time] of [
      ["behind", "2020-01-01T00:00:00.000000Z"],
      ["ahead", "2040-01-01T00:00:00.000000Z"],
    ] as const) {
      it(`also where its clock is ${how}, and its process cannot be seen from here`, async () => {
        await killed({ info: runInfo({ pid: deadWriter().pid }), duration: 1 });
        await beating(time, async () => expect(await failure()).to.be.instanceOf(RunGoing));
      });
    }

    it("also by one who has just taken it from a command that was killed", async () => {
      await killed({ info: runInfo({ host: "laptop" }), duration: 0.2 });
      await acquire({ holder: "kim@laptop", duration: 0.6 });
      expect(await failure()).to.have.property("message", "kim@laptop has the test");
    });
  });

  describe("is taken over from a command that was killed", () => {
    const before = { workerReplicas: 8, script: "b.py" };
    const theirs = { info: runInfo({ host: "laptop", before, users: 7, run: 3 }), holder: "kim@laptop" };

    it("with its info, which stays until it is replaced: what was asked, and what was there before", async () => {
      await killed({ ...theirs, duration: 0.3 });
      const lock = await acquire();
      expect(lock.former).to.deep.equal(theirs.info);
      expect(seen()).to.deep.include({ info: theirs.info, holder: "sam@laptop", duration: 15 });
      expect(leases.lease?.spec).to.include({ leaseTransitions: 1 });
      const own = runInfo({ script: "b.py" });
      expect(await lock.write(own)).to.equal(true);
      expect(seen()?.info).to.deep.equal(own);
    });

    it("once nobody has renewed it for its duration by our own clock, whatever its time says", async () => {
      for (const time of ["2020-01-01T00:00:00.000000Z", "2040-01-01T00:00:00.000000Z"]) {
        leases.lease = undefined;
        await killed({ ...theirs, duration: 0.5 });
        leases.setTime(time);
        const start = performance.now();
        const lock = await acquire();
        expect(performance.now() - start, time).to.be.within(500, 1500);
        expect(lock.former).to.deep.equal(theirs.info);
        await lock.release();
      }
    });

    it("also where others change what is not its holder's to renew", async () => {
      await killed({ ...theirs, duration: 0.5 });
      setTimeout(() => leases.annotate(), 200);
      expect((await acquire()).former).to.deep.equal(theirs.info);
      expect(leases.lease?.metadata?.annotations).to.include({ a: "b" });
    });

    it("also where its info is damaged, with a warning", async () => {
      await killed({ ...theirs, duration: 0.2 });
      leases.setInfo("{");
      const warnings: string[] = [];
      const lock = await acquire({ warn: (line) => warnings.push(line) });
      expect(lock.former).to.equal(undefined);
      expect(seen()?.info).to.deep.equal(runInfo());
      expect(warnings).to.deep.equal([
        "the info on the run is damaged: it is no JSON; what was there before that run is not known",
      ]);
    });

    it("as a new one, where its command gives it back meanwhile", async () => {
      const theirs = await acquire({ duration: 3 });
      setTimeout(() => void theirs.release(), 50);
      expect((await acquire()).former).to.equal(undefined);
    });

    it("at once, where its command leaves it meanwhile", async () => {
      const theirs = await acquire({ duration: 3 });
      setTimeout(() => void theirs.leave({ mode: "start" }), 50);
      const start = performance.now();
      expect((await acquire()).former).to.deep.equal(runInfo({ mode: "start" }));
      expect(performance.now() - start).to.be.below(1500);
    });

    it("by nobody who gives up meanwhile", async () => {
      await killed({ ...theirs, duration: 10 });
      const interrupt = new AbortController();
      setTimeout(() => interrupt.abort(), 50);
      expect(await failure({ signal: interrupt.signal })).to.include({ exitCode: 130 });
      expect(seen()?.holder).to.equal("kim@laptop");
    });

    it("as if it were not there, where its Deployment was deleted", async () => {
      await acquire({ owner: { name: "locust-control", uid: "of-before" } });
      const lock = await acquire();
      expect(lock.former).to.equal(undefined);
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
    const start = "cannot read Lease loadtest-run: ";
    await refused(400, "no");
    expect(await failure(), "which is known by its status")
      .to.be.instanceOf(ClusterRefused)
      .with.property("status", 400);
    expect(await refused(403, 'User "sam" cannot create leases')).to.equal(`${start}User "sam" cannot create leases`);
    leases.before = async (verb) => {
      if (verb === "create") throw refusal(404, 'namespaces "load" not found');
    };
    expect((await failure()).message).to.equal('cannot create Lease loadtest-run: namespaces "load" not found');
  });
});
