import { expect } from "chai";
import fc from "fast-check";
import { doubts, isTelling, needOf, nextAmount, planned } from "../../../runner/verdict/sizing";
import { type Usage, usageOf, whyNothing } from "../../../runner/verdict/usage";

const mebibyte = 2 ** 20;
const half = { cpu: 0.5, memory: 768 };
const usage: Usage = {
  ...{ workers: 1, users: 250, rate: 125, unit: "requests", cores: 0.175, limit: 0.5, seconds: 60 },
  memory: { bare: 50 * mebibyte, loaded: 60 * mebibyte },
};

const anyUsage: fc.Arbitrary<Usage> = fc
  .record({
    workers: fc.integer({ min: 1, max: 20 }),
    users: fc.integer({ min: 1, max: 5000 }),
    rate: fc.double({ min: 0.1, max: 1e4, noNaN: true }),
    share: fc.double({ min: 0, max: 1.2, noNaN: true }),
    limit: fc.double({ min: 0.1, max: 1, noNaN: true }),
    bare: fc.integer({ min: 30, max: 100 }),
    perUser: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ share, bare, perUser, ...one }) => ({
    ...{ ...one, unit: "requests" as const, seconds: 60, cores: share * one.limit * one.workers },
    memory: { bare: bare * mebibyte, loaded: (bare + (perUser * one.users) / one.workers) * mebibyte },
  }));
const anySize = fc.record({
  cpu: fc.constantFrom<number>(0.2, 0.25, 0.5, 1, 2),
  memory: fc.integer({ min: 256, max: 4096 }),
});
const anyUsers = fc.integer({ min: 1, max: 1_000_000 });

describe("the size of a load", () => {
  it("is that of the measured part, times the rest", () => {
    const need = needOf(usage, { users: 1000 }, half);
    expect(need).to.deep.include({ workers: 2, byCpu: 2, byMemory: 1, users: 1000, rate: 500 });
    expect(need.cpuShare).to.be.closeTo(0.7, 1e-9);
    expect(needOf(usage, { rate: 500 }, half)).to.deep.equal(need);
    expect(needOf(usage, { rate: 500, users: 5000 }, half)).to.deep.include({ workers: 2, byMemory: 1, users: 5000 });
    expect(needOf(usage, { users: 1001 }, half).workers).to.equal(3);
    // More than a core is of no use.
    expect(needOf(usage, { users: 1000 }, { cpu: 4, memory: 768 }).cpuShare).to.be.closeTo(0.7, 1e-9);
  });

  it("is told by memory where users take much of it", () => {
    const heavy = { ...usage, memory: { bare: 50 * mebibyte, loaded: 300 * mebibyte } };
    // 0.8 of 768 MiB, without the 50, has room for 564 users of 1 MiB.
    expect(needOf(heavy, { users: 5640 }, { cpu: 1, memory: 768 })).to.deep.include({ workers: 10, byMemory: 10 });
    expect(needOf(heavy, { users: 5641 }, { cpu: 1, memory: 768 }).workers).to.equal(11);
    expect(() => needOf(heavy, { users: 1 }, { cpu: 1, memory: 60 })).to.throw(
      RangeError,
      "60 MiB (workerMemory) are too few: a worker has 50 MiB without users, and a user takes 1 MiB",
    );
    const unknown = needOf({ ...usage, memory: undefined }, { users: 1000 }, half);
    expect(unknown).to.not.have.any.keys("byMemory", "memoryShare", "memoryPerUser");
  });

  it("says nothing of a rate without requests", () => {
    expect(() => needOf({ ...usage, rate: 0 }, { rate: 10 }, half)).to.throw(RangeError, /no request was answered/);
  });

  it("is never less than CPU and memory need, and one worker less would be too few", () => {
    fc.assert(
      fc.property(anyUsage, anySize, anyUsers, (used, size, users) => {
        let need: ReturnType<typeof needOf>;
        try {
          need = needOf(used, { users }, size);
        } catch (error) {
          expect(error).to.be.instanceOf(RangeError);
          return;
        }
        const { workers, byCpu, byMemory = 1, cpuShare, memoryShare = 0, memoryPerUser = 0 } = need;
        expect(workers).to.equal(Math.max(byCpu, byMemory));
        expect(cpuShare).to.be.at.most(planned.cpu + 1e-6);
        expect(memoryShare).to.be.at.most(planned.memory + 1e-6);
        if (workers === 1) return;
        const bare = used.memory?.bare ?? 0;
        const fits = Math.floor((planned.memory * size.memory * mebibyte - bare) / memoryPerUser);
        const cpu = (cpuShare * workers) / (workers - 1) > planned.cpu - 1e-6;
        expect(cpu || users > (workers - 1) * fits - 1e-6).to.equal(true);
      }),
    );
  });

  it("never falls when more is asked for, and never rises with larger workers", () => {
    fc.assert(
      fc.property(anyUsage, anySize, anyUsers, anyUsers, (used, size, one, other) => {
        const workers = (users: number, of = size) => {
          try {
            return needOf(used, { users }, of).workers;
          } catch {
            return Number.POSITIVE_INFINITY;
          }
        };
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        expect(workers(less)).to.be.at.most(workers(more));
        expect(workers(less, { cpu: size.cpu * 2, memory: size.memory * 2 })).to.be.at.most(workers(less));
      }),
    );
  });
});

describe("the users of a sample", () => {
  it("grow while the worker is nearly idle, and go down where it is saturated", () => {
    const sampled = (users: number, cores: number) => ({ usage: { ...usage, users, cores }, amount: users });
    const of = (users: number, cores: number) => nextAmount(sampled(users, cores), half, 1000);
    expect(of(5, 0.01)).to.equal(50);
    expect(of(50, 0.05)).to.equal(250);
    expect(of(500, 0.1)).to.equal(1000);
    expect(of(250, 0.15)).to.equal(undefined);
    expect(of(1000, 0.01)).to.equal(undefined);
    expect(of(5, 0.46)).to.equal(1);
    expect(of(1, 0.46)).to.equal(undefined);
    expect(isTelling(sampled(5, 0.01), half, 50)).to.equal(false);
    expect(isTelling(sampled(50, 0.05), half, 250)).to.equal(true);
  });

  it("never are more than were asked for, or than a worker takes, if users take as much CPU as before", () => {
    fc.assert(
      fc.property(anyUsage, anySize, anyUsers, (used, size, most) => {
        const one = { ...used, workers: 1 };
        const next = nextAmount({ usage: one, amount: one.users }, size, most);
        if (next === undefined) return;
        expect(next).to.be.at.least(1);
        if (next < one.users) return;
        expect(next).to.be.at.most(most);
        const share = (one.cores / one.users) * (next / Math.min(1, size.cpu, one.limit));
        expect(share).to.be.at.most(0.5 + 1e-6);
      }),
    );
  });
});

describe("what a run's workers used", () => {
  const sample = (t: number, phase: "ramp" | "hold", rps: number, workerMemory: number) => ({
    ...{ t, phase, rps, workerMemory, time: "", users: 10, targetUsers: 10, workers: 2, requests: 0 },
    ...{ failuresPerSecond: 0, failures: 0, p50: null, p95: null, p99: null, workerCpu: {}, masterCpu: 0 },
  });
  const samples = [sample(0, "ramp", 0, 40), sample(5, "hold", 10, 60), sample(15, "hold", 18, 80)].concat(
    sample(25, "hold", 22, 80),
  );
  const cpu = (mean: number) => ({ mean, max: 1 });
  const integrity = { workerCpu: { a: cpu(0.2), b: cpu(0.3) }, users: { mean: 10 } } as never;
  const run = { place: "local" as const, asked: { users: 12 }, integrity };

  it("is that of its full load", () => {
    const expected = { workers: 2, users: 10, rate: 20, unit: "requests", cores: 0.5, limit: 1, seconds: 20 };
    expect(usageOf(run, samples, half)).to.deep.equal({ ...expected, memory: { bare: 40, loaded: 80 } });
    const rated = samples.map((one) => ({ ...one, arrivals: { startedPerSecond: 7 } as never }));
    expect(usageOf(run, rated, half)).to.deep.include({ rate: 7, unit: "iterations" });
    const kubernetes = usageOf({ ...run, place: "kubernetes" }, samples, half);
    expect(kubernetes).to.deep.include({ cores: 0.25, limit: 0.5 });
    expect(usageOf({ ...run, workerCpuLimit: 0.2 }, samples, half)).to.deep.include({ cores: 0.1, limit: 0.2 });
  });

  it("is unknown without one", () => {
    expect(usageOf(run, samples.slice(0, 2), half)).to.equal(undefined);
    expect(usageOf({ ...run, integrity: null }, samples, half)).to.equal(undefined);
  });

  it("is nothing where full load was too short, its CPU is not known, or requests were not answered or failed", () => {
    const rowsOut = "The rows of few.csv ran out, which ended the run after 2 s of 12 s.";
    const why = (of: typeof samples, totals = { requests: 9, failRatio: 0 }, reasons: string[] = [], from = run) =>
      whyNothing({ totals, reasons }, of, usageOf(from, of, half));
    const brief = [sample(0, "ramp", 0, 40), sample(1, "hold", 0, 60), sample(3, "hold", 0, 60)];
    expect(usageOf(run, brief, half)).to.equal(undefined);
    expect(why(brief, undefined, [rowsOut])).to.equal(
      "it had full load for 2 s, and 5 s are the least. The rows of few.csv ran out, which ended the run after 2 s of 12 s",
    );
    expect(why(samples.slice(0, 2))).to.equal("it had no full load");
    const empty = { ...run, integrity: { ...(integrity as object), workerCpu: { a: cpu(0) } } as never };
    expect(why(samples, undefined, [], empty)).to.equal("nothing is known of its workers' CPU");
    expect(why(samples, { requests: 0, failRatio: 0 })).to.equal("0 requests were completed");
    expect(why(samples, { requests: 9, failRatio: 0.5 }, ["It failed."])).to.equal(
      "50 % of its requests failed. It failed",
    );
    expect(why(samples, { requests: 9, failRatio: 0.49 })).to.equal(undefined);
  });

  it("is no proof where workers were saturated or idle, requests failed, or it was short", () => {
    const of = (more: Partial<Usage>, failRatio = 0, place: "local" | "kubernetes" = "kubernetes") =>
      doubts({ ...usage, ...more }, half, { failRatio, place }).join();
    expect(of({})).to.equal("");
    expect(of({ cores: 0.46 })).to.match(/^its workers used 92 % of their CPU/);
    expect(of({ cores: 0.02 })).to.match(/^it used 4 % of the CPU of a worker/);
    expect(of({}, 0.02)).to.match(/^2 % of its requests failed/);
    expect(of({ seconds: 9 })).to.match(/^it had full load for 9 s only/);
    expect(of({ memory: undefined })).to.match(/^it says nothing of memory/);
    expect(of({}, 0, "local")).to.match(/this machine/);
  });
});
