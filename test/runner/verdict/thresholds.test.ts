import { expect } from "chai";
import fc from "fast-check";
import type { RequestStats } from "../../../runner/types";
import {
  actualText,
  createBreachWatch,
  evaluateThresholds,
  failureText,
  type ThresholdResult,
  thresholdsOf,
} from "../../../runner/verdict/thresholds";
import {
  correctedTime,
  parseThreshold,
  thresholdMetrics,
  thresholdOperators,
} from "../../../settings/values/threshold";
import { rowOf, rows } from "../results/make";

function evaluate(text: string, from: readonly RequestStats[] = rows): ThresholdResult {
  const [result] = evaluateThresholds([parseThreshold(text)], from);
  return result as ThresholdResult;
}

const empty = [rowOf("", "Aggregated", { requests: 0, failures: 0, percentiles: { p50: null, p95: null } })];

describe("evaluateThresholds", () => {
  const table: [text: string, actual: number, passed: boolean][] = [
    ["p95<500", 8, true],
    ["p95<8", 8, false],
    ["p95<=8", 8, true],
    ["p99.9<60", 60, false],
    ["p99.99<=95", 95, true],
    ["avg>4.4", 4.4, false],
    ["avg>=4.4", 4.4, true],
    ["min>0", 1, true],
    ["max<95", 95, false],
    ["fail_ratio<0.0165", 0.0165, false],
    ["fail_ratio<2%", 0.0165, true],
    ["rps>50", 50.25, true],
    ["GET /: fail_ratio<=0.002", 0.002, true],
    ["POST /basket: fail_ratio<0.05", 0.06, false],
  ];
  for (const [text, actual, passed] of table) {
    it(`${text} at ${actual}: ${passed ? "passes" : "fails"}`, () => {
      expect(evaluate(text)).to.include({ threshold: text, actual, passed });
    });
  }

  it("names the request and keeps the order", () => {
    const results = evaluateThresholds(["rps>1", "GET /: p50<1"].map(parseThreshold), rows);
    expect(results.map(({ request }) => request)).to.deep.equal([null, "GET /"]);
  });

  it("fails a run in which most requests fail where no thresholds are given", () => {
    const half = (failures: number) => [rowOf("", "Aggregated", { requests: 100, failures })];
    const [met] = evaluateThresholds([], half(50));
    expect(met).to.deep.include({ threshold: "fail_ratio<=0.5", actual: 0.5, passed: true, default: true });
    const [missed] = evaluateThresholds([], half(51));
    expect(failureText(missed as ThresholdResult)).to.equal("Threshold fail_ratio<=0.5 (default) failed: it was 0.51.");
    expect(evaluateThresholds([], empty)).to.deep.equal([]);
    expect(thresholdsOf([missed as ThresholdResult]), "nobody asked for it").to.deep.equal([]);
    const given = evaluateThresholds([parseThreshold("fail_ratio<=100%")], half(100));
    expect(given).to.have.lengthOf(1);
    expect(given[0]).to.include({ passed: true }).and.not.have.property("default");
  });

  it("fails a run in which all requests fail, unless a threshold says how many may", () => {
    const all = (failures: number) => [rowOf("", "Aggregated", { requests: 100, failures })];
    const judged = (failures: number, ...texts: string[]) =>
      evaluateThresholds(texts.map(parseThreshold), all(failures)).map(({ threshold, passed }) => [threshold, passed]);
    expect(judged(100, "rps>=0")).to.deep.equal([
      ["rps>=0", true],
      ["fail_ratio<=0.5", false],
    ]);
    expect(judged(99, "rps>=0")).to.deep.equal([["rps>=0", true]]);
    expect(judged(100, "rps>=0", "fail_ratio<=100%")).to.have.lengthOf(2);
  });

  it("never passes without requests", () => {
    for (const from of [[], empty]) {
      for (const text of ["p95<500", "fail_ratio<1", "rps>=0", "avg<1", "min>=0", "GET /: max<5"]) {
        expect(evaluate(text, from)).to.include({ actual: null, passed: false, note: "no requests were seen" });
      }
    }
  });

  it("says which requests were seen where the one asked for was not", () => {
    expect(evaluate("GET /basket: p95<1")).to.include({
      actual: null,
      passed: false,
      note: "no request GET /basket was seen, only GET /, POST /basket",
    });
    const many = [...Array.from({ length: 12 }, (_, index) => rowOf("GET", `/${index}`)), rowOf("", "Aggregated")];
    expect(evaluate("GET /x: p95<1", many).note).to.match(/only GET \/0, .*GET \/9 and 2 more$/);
  });

  it("does not take a request that has none yet for seen", () => {
    const idle = [rowOf("GET", "/idle", { requests: 0 }), ...rows];
    expect(evaluate("GET /idle: rps<5", idle)).to.include({ actual: null, passed: false });
    expect(evaluate("GET /idle: rps<5", idle).note).to.not.contain("only GET /idle");
  });

  it("says which percentiles there are where a script has chosen others", () => {
    const few = [
      rowOf("GET", "/", { percentiles: { p50: 3, p90: 6 } }),
      rowOf("", "Aggregated", { percentiles: { p50: 3 } }),
    ];
    expect(evaluate("p99<10", few)).to.include({ passed: false, note: "the script's numbers have no p99, only p50" });
  });

  it("does not take a request called Aggregated for the row over all", () => {
    const trap = [rowOf("GET", "Aggregated", { rps: 1 }), rowOf("", "Aggregated", { rps: 7 })];
    expect(evaluate("rps>5", trap).actual).to.equal(7);
    expect(evaluate("GET Aggregated: rps>5", trap).actual).to.equal(1);
  });

  it("gives its thresholds back from its results", () => {
    const texts = ["p95<500", "GET /a b: c: p99.9<=0.5s", "fail_ratio<1%", "rps>100"];
    const thresholds = texts.map(parseThreshold);
    expect(thresholdsOf(evaluateThresholds(thresholds, rows))).to.deep.equal(thresholds);
  });

  it("passes exactly where the comparison holds, and there is always a note or a number", () => {
    const value = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.constantFrom(...thresholdMetrics),
        fc.constantFrom(...thresholdOperators),
        value,
        value,
        fc.nat(5),
        (metric, operator, limit, number, requests) => {
          const percentiles = { [correctedTime(metric) ?? metric]: number };
          const total = rowOf("", "Aggregated", {
            requests,
            avg: number,
            min: number,
            max: number,
            rps: number,
            percentiles,
          });
          const own = correctedTime(metric) === undefined ? [total] : [];
          const corrected = own.length === 0 ? [total] : [];
          const [result] = evaluateThresholds([{ text: "x", metric, operator, limit }], own, corrected);
          const actual = requests === 0 ? null : metric === "fail_ratio" ? 6 / requests : number;
          const compare = { "<": (a: number) => a < limit, "<=": (a: number) => a <= limit };
          const less = operator.startsWith("<") ? operator : operator === ">" ? "<=" : "<";
          const below = actual !== null && compare[less as "<"](actual);
          expect(result?.actual).to.equal(actual);
          expect(result?.passed).to.equal(actual !== null && (operator === less ? below : !below));
          expect(result?.note === undefined).to.equal(actual !== null);
        },
      ),
    );
  });
});

describe("the words for a threshold", () => {
  it("have the unit", () => {
    expect(["p95<1", "fail_ratio<0.01", "rps>100"].map((text) => actualText(evaluate(text)))).to.deep.equal([
      "8 ms",
      "0.0165",
      "50.25 requests/s",
    ]);
  });

  it("never look like the limit where the value is another", () => {
    const close = [rowOf("", "Aggregated", { avg: 500.0001, rps: 99.99999 })];
    expect(actualText(evaluate("avg<500", close))).to.equal("500.0001 ms");
    expect(actualText(evaluate("rps>100", close))).to.equal("99.99999 requests/s");
  });

  it("say why it failed", () => {
    expect(failureText(evaluate("p95<5"))).to.equal("Threshold p95<5 failed: it was 8 ms.");
    expect(failureText(evaluate("p95<5", []))).to.equal("Threshold p95<5 failed: no requests were seen.");
  });
});

describe("createBreachWatch", () => {
  const [bad, other] = evaluateThresholds(["p95<5", "p99<5"].map(parseThreshold), rows) as [
    ThresholdResult,
    ThresholdResult,
  ];
  const good = { ...bad, actual: 3, passed: true };

  it("reports a threshold once it has been breached for the whole hold time", () => {
    const watch = createBreachWatch(10);
    expect([0, 5, 9.9, 10].map((t) => watch(t, [bad]))).to.deep.equal([undefined, undefined, undefined, bad]);
  });

  it("starts anew after a recovery, and after a moment without data", () => {
    for (const gap of [good, { ...bad, actual: null }]) {
      const watch = createBreachWatch(10);
      watch(0, [bad]);
      watch(8, [gap]);
      expect([9, 12, 18.9, 19].map((t) => watch(t, [bad]))).to.deep.equal([undefined, undefined, undefined, bad]);
    }
  });

  it("never ends a run for want of data", () => {
    const watch = createBreachWatch(0);
    expect([0, 100].map((t) => watch(t, evaluateThresholds([parseThreshold("p95<5")], [])))).to.deep.equal([
      undefined,
      undefined,
    ]);
  });

  it("keeps a clock for each threshold and reports the longest breached", () => {
    const watch = createBreachWatch(10);
    watch(0, [{ ...bad, passed: true }, other]);
    watch(1, [bad, other]);
    expect(watch(20, [bad, other])).to.equal(other);
  });

  it("reports at once without a hold time", () => {
    expect(createBreachWatch(0)(3, [bad])).to.equal(bad);
  });

  it("reports only what has failed without a break for the hold time", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 30 }), fc.nat(6), (states, hold) => {
        const watch = createBreachWatch(hold);
        states.forEach((failing, t) => {
          const expected = t >= hold && states.slice(t - hold, t + 1).every(Boolean) && failing;
          expect(watch(t, [failing ? bad : good]) !== undefined).to.equal(expected);
        });
      }),
    );
  });
});
