import { expect } from "chai";
import fc from "fast-check";
import { compareRuns } from "../../../../runner/verdict/compare/compare";
import type { RunData } from "../../../../runner/verdict/compare/comparison";
import {
  type ChangeKind,
  type ComparedMetric,
  comparedMetrics,
  type MetricChange,
} from "../../../../runner/verdict/compare/comparison";
import { change, five, kind, steady } from "./comparisons";
import { type Moment, randomFrom, runOf, scattered, usual } from "./runs";

const times = (moment: Moment, factor: number): Moment => ({
  ...moment,
  p50: moment.p50 * factor,
  p95: moment.p95 * factor,
  p99: moment.p99 * factor,
});

/** A run of a minute around these values. */
function minute(name: string, moment: Moment, seed: number, deviation = 0.03): RunData {
  return runOf(name, scattered(moment, deviation, 6, randomFrom(seed)));
}

describe("compareRuns", () => {
  it("finds 30 % more time in a minute each time, and says so in a sentence", () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const comparison = compareRuns(minute("a", usual, seed), minute("b", times(usual, 1.3), seed + 1000), five);
      const kinds = comparison.metrics.filter(({ metric }) => /^p\d/.test(metric)).map((one) => one.kind);
      expect(kinds, `seed ${seed}`).to.deep.equal(["worse", "worse", "worse"]);
      expect(comparison.regressions.slice(0, 3).map((text) => text.slice(0, 12))).to.deep.equal([
        ...["p50 rose by ", "p95 rose by ", "p99 rose by "],
      ]);
    }
    expect(compareRuns(steady({}), steady({ p95: 400 }), five).regressions).to.deep.equal([
      "p95 rose by 29 %, from 310 ms to 400 ms; 5 % is allowed.",
    ]);
  });

  it("takes two runs of the same target for different in about one of twenty cases, for each metric", function () {
    this.timeout(60_000);
    const pairs = 400;
    const real: ChangeKind[] = ["small", "better", "worse"];
    const found = new Map<ComparedMetric, number>(comparedMetrics.map((metric) => [metric, 0]));
    for (let seed = 0; seed < pairs; seed += 1) {
      const [before, after] = [minute("a", usual, seed, 0.1), minute("b", usual, seed + 5000, 0.1)];
      for (const { metric, kind: one } of compareRuns(before, after, five).metrics) {
        if (real.includes(one)) found.set(metric, (found.get(metric) ?? 0) + 1);
      }
    }
    // Of 400 fair trials at 5 %, more than 35 succeed in less than one of 500 cases.
    for (const [metric, count] of found) expect(count, metric).to.be.at.most(35);
    expect([...found.values()].reduce((sum, count) => sum + count, 0)).to.be.at.least(20);
  });

  const moments = fc.record({
    p50: fc.integer({ min: 1, max: 2000 }),
    p95: fc.integer({ min: 1, max: 5000 }),
    p99: fc.integer({ min: 1, max: 20_000 }),
    rps: fc.integer({ min: 1, max: 500 }),
    failRatio: fc.constantFrom(0, 0, 0.01, 0.2),
  });
  const run = fc.array(moments, { minLength: 1, maxLength: 7 }).map((some) => runOf("x", some));

  it("finds nothing between a run and itself", () => {
    fc.assert(
      fc.property(run, (one) => {
        const { metrics, regressions, unclear } = compareRuns(one, one, { maxRegression: 0 });
        expect(metrics.map((each) => [each.kind, each.change])).to.deep.equal(metrics.map(() => ["same", 0]));
        expect([...regressions, ...unclear]).to.deep.equal([]);
      }),
      { numRuns: 50 },
    );
  });

  it("finds the opposite in the opposite direction", () => {
    // Several kinds may answer one: a change for the better is not held against what is allowed.
    const opposite: Record<ChangeKind, ChangeKind[]> = {
      same: ["same"],
      noise: ["noise", "unclear"],
      unclear: ["noise"],
      better: ["worse", "small"],
      worse: ["better"],
      small: ["better"],
      asked: ["asked"],
    };
    const pair = fc.oneof(
      fc.tuple(run, run),
      // Runs that are alike, and so near the limits of what is real.
      fc
        .tuple(fc.nat(1000), fc.double({ min: 0.9, max: 1.2, noNaN: true }))
        .map(([seed, factor]) => [minute("x", usual, seed), minute("y", times(usual, factor), seed + 1)] as const),
    );
    fc.assert(
      fc.property(pair, ([one, other]) => {
        const there = compareRuns(one, other, five).metrics;
        const back = compareRuns(other, one, five).metrics;
        for (const [index, change] of there.entries()) {
          const answer = back[index] as MetricChange;
          expect(opposite[change.kind]).to.include(answer.kind);
          expect([answer.before, answer.after]).to.deep.equal([change.after, change.before]);
          if (change.change !== null && answer.change !== null) {
            // Both are rounded to six decimals, and the one multiplies what the other has lost.
            const [up, down] = [1 + change.change, 1 + answer.change];
            expect(up * down).to.be.closeTo(1, 1e-6 * (1 + Math.max(up, down)));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("calls more time and more failures worse, and less requests a second", () => {
    const [slow, failing, few] = [steady({ p50: 80 }), steady({ failRatio: 0.1 }), steady({ rps: 30 })];
    const usualRun = steady({});
    expect(kind(usualRun, slow, "p50")).to.equal("worse");
    expect(kind(slow, usualRun, "p50")).to.equal("better");
    expect(kind(usualRun, failing, "fail_ratio")).to.equal("worse");
    expect(kind(failing, usualRun, "fail_ratio")).to.equal("better");
    expect(kind(usualRun, few, "rps")).to.equal("worse");
    expect(kind(few, usualRun, "rps")).to.equal("better");
    expect(compareRuns(usualRun, few, five).regressions).to.deep.equal([
      "rps fell by 40 %, from 50 requests/s to 30 requests/s; 5 % is allowed.",
    ]);
  });

  it("finds that a target has stopped answering", () => {
    const answered = runOf("b", [usual, ...Array(5).fill({ ...usual, rps: 0 })]);
    expect(kind(steady({}), answered, "rps")).to.equal("worse");
  });

  it("allows exactly what is allowed", () => {
    const [before, after] = [steady({ rps: 100 }), steady({ rps: 95 })];
    expect(change(before, after, "rps")).to.include({ change: -0.05, kind: "small" });
    expect(kind(before, after, "rps", { maxRegression: 0.0499 })).to.equal("worse");
    expect(kind(steady({ p95: 200 }), steady({ p95: 250 }), "p95", { maxRegression: 0.25 })).to.equal("small");
  });

  it("takes a step of Locust's rounding for noise, whatever its share", () => {
    const p95 = (before: number, after: number) => kind(steady({ p95: before }), steady({ p95: after }), "p95");
    expect([p95(3, 4), p95(4, 3), p95(96, 100), p95(310, 320), p95(980, 1000)]).to.deep.equal(Array(5).fill("noise"));
    expect([p95(3, 5), p95(96, 110), p95(310, 330), p95(980, 1200)]).to.deep.equal(Array(4).fill("worse"));
  });

  it("takes for noise what one moment of many has done", () => {
    const spike = [...Array(5).fill(usual), { ...usual, p99: 3000 }];
    const after = runOf("b", spike);
    expect(change(steady({}), after, "p99").change).to.be.above(0.3);
    expect(kind(steady({}), after, "p99")).to.equal("noise");
  });

  it("takes for noise a change that the ramp has made, and full load has not", () => {
    const after = steady({ p95: 250 });
    const odd = { ...after, record: { ...after.record, percentiles: { ...after.record.percentiles, p95: 500 } } };
    expect(change(steady({}), odd, "p95")).to.include({ after: 500, kind: "noise" });
  });

  it("tells failures from none, without a relative change", () => {
    const none = steady({ failRatio: 0 });
    expect(change(none, steady({ failRatio: 0.02 }), "fail_ratio")).to.include({
      change: null,
      noise: null,
      kind: "worse",
    });
    const once = runOf("b", [...Array(5).fill({ ...usual, failRatio: 0 }), usual]);
    expect(change(none, once, "fail_ratio")).to.include({ change: null, kind: "noise" });
    expect(change(steady({ failRatio: 0.02 }), none, "fail_ratio")).to.include({ change: -1, kind: "better" });
    expect(compareRuns(none, steady({ failRatio: 0.02 }), five).regressions).to.deep.equal([
      "fail_ratio rose from 0 to 0.02; 5 % is allowed.",
    ]);
  });
});
