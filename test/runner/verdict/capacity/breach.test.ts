import { expect } from "chai";
import fc from "fast-check";
import { certainBreach, couldNotHold, heldUp, judgeStep, noAnswers } from "../../../../runner/verdict/capacity/breach";
import { type Measured, measure } from "../../../../runner/verdict/capacity/measure";
import { evaluateThresholds } from "../../../../runner/verdict/thresholds";
import { parseThreshold } from "../../../../settings/values/threshold";
import { counted, countsAt } from "./steps";

const p95 = parseThreshold("p95<100");
const nothing: Measured = { rows: [], corrected: [], seconds: 0 };
const none = countsAt(0, counted([]));
const rowsOf = (times: readonly number[], failures = 0) =>
  measure(none, countsAt(10, counted(times, failures))) ?? nothing;

describe("a level that breaks", () => {
  it("is left as soon as nothing can help it, and never one that would have held", () => {
    const answers = fc.array(fc.integer({ min: 1, max: 250 }), { minLength: 40, maxLength: 300 });
    const rules = fc.constantFrom("p95<100", "p50<=100", "p99<100", "max<200", "fail_ratio<0.1").map(parseThreshold);
    fc.assert(
      fc.property(
        answers,
        rules,
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        fc.nat(60),
        (times, rule, part, failures) => {
          const seen = times.slice(0, Math.round(times.length * part));
          const failed = Math.min(failures, seen.length);
          const breach = certainBreach([rule], none, countsAt(seen.length, counted(seen, failed)), times.length);
          if (breach === undefined) return;
          // All that is still to come is as good as can be.
          const best = [...seen, ...Array<number>(times.length - seen.length).fill(1)];
          expect(evaluateThresholds([rule], rowsOf(best, failed).rows)[0]?.passed).to.equal(false);
        },
      ),
    );
  });

  it("is left within a part of its time where all of it is bad", () => {
    const all = countsAt(1, counted(Array(100).fill(400)));
    expect(certainBreach([p95], none, all, 1 / 0.06)).to.equal(p95);
    expect(certainBreach([p95], none, all, 1 / 0.04)).to.equal(undefined);
    expect(certainBreach([p95], none, countsAt(1, counted(Array(19).fill(400))), 1)).to.equal(undefined);
  });

  it("is not left for counts that are older than they seem", () => {
    const rule = parseThreshold("fail_ratio<1%");
    // After 3 of 4 s: the last report is of 1 s ago, and 1 of 99 failed of some 200 that are to come.
    expect(certainBreach([rule], none, countsAt(2, counted(Array(99).fill(5), 1)), 4)).to.equal(undefined);
    expect(certainBreach([rule], none, countsAt(2, counted(Array(99).fill(5), 2)), 4)).to.equal(rule);
    // Nothing is known yet of a worker that has not reported since.
    const late = { id: "b", at: 0, requests: 0 };
    const start = { ...none, workers: [...none.workers, late] };
    const seen = countsAt(2, counted(Array(99).fill(5), 2));
    expect(certainBreach([rule], start, { ...seen, workers: [...seen.workers, late] }, 4)).to.equal(undefined);
  });

  it("may be left for one request alone", () => {
    const rule = parseThreshold("GET /: p95<100");
    const slow = { method: "GET", name: "/", ...counted(Array(30).fill(400)) };
    const fast = { method: "GET", name: "/fast", ...counted(Array(900).fill(4)) };
    const to = countsAt(1, counted([...Array(900).fill(4), ...Array(30).fill(400)]), { requests: [slow, fast] });
    expect(certainBreach([rule], none, to, 2)).to.equal(rule);
    expect(certainBreach([p95], none, to, 2)).to.equal(undefined);
  });

  it("says which threshold, by how much, and which request has most to do with it", () => {
    const requests = [
      { method: "GET", name: "/", ...counted(Array(50).fill(20)) },
      { method: "POST", name: "/buy", ...counted(Array(50).fill(300)) },
    ];
    const to = countsAt(10, counted([...Array(50).fill(20), ...Array(50).fill(300)]), { requests });
    const { broke } = judgeStep([p95, parseThreshold("fail_ratio<1%")], measure(none, to) ?? nothing);
    expect(broke).to.deep.equal({
      ...{ what: "time", threshold: "p95<100", request: "POST /buy" },
      text: "p95<100 was 300 ms, most of all POST /buy",
    });
  });

  it("is of errors before it is of times, which errors may have", () => {
    const rules = [parseThreshold("p95<1"), parseThreshold("fail_ratio<1%")];
    expect(judgeStep(rules, rowsOf(Array(100).fill(50), 3)).broke).to.deep.include({
      what: "errors",
      text: "fail_ratio<1% was 0.03",
    });
  });

  it("may be of corrected times, which are counted by themselves", () => {
    const rule = parseThreshold("corrected_p95<100");
    const corrected = { total: counted(Array(50).fill(300)), requests: [] };
    const from = { ...none, corrected: { total: counted([]), requests: [] } };
    const to = countsAt(10, counted(Array(50).fill(20)), { corrected });
    expect(certainBreach([rule], from, to, 20)).to.equal(rule);
    expect(judgeStep([rule, p95], measure(from, to) ?? nothing).broke?.text).to.equal("corrected_p95<100 was 300 ms");
    expect(certainBreach([rule], none, countsAt(10, counted(Array(50).fill(300))), 20)).to.equal(undefined);
  });

  it("holds where nothing is beyond its limit, and where a request was not made", () => {
    const rules = [p95, parseThreshold("GET /never: p95<1")];
    expect(judgeStep(rules, rowsOf(Array(100).fill(50))).broke).to.equal(undefined);
  });

  it("has words for what is no threshold", () => {
    expect(couldNotHold(parseThreshold("GET /: p95<100"))).to.deep.equal({
      ...{
        what: "time",
        threshold: "GET /: p95<100",
        request: "GET /",
        text: "GET /: p95<100 could not hold any more",
      },
    });
    expect(noAnswers(7, 40).text).to.equal("no answer for 7 s, with 40 under way");
    expect(heldUp({ due: 100, dropped: 5, late: 15 }, 30).text).to.equal(
      "no user was free in time for 20 % of the iterations: all 30 waited for answers",
    );
  });
});
