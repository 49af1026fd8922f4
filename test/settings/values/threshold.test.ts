import { expect } from "chai";
import fc from "fast-check";
import { InvalidValueError } from "../../../settings/errors";
import {
  formatThreshold,
  parseThreshold,
  type Threshold,
  thresholdMetrics,
  thresholdOperators,
} from "../../../settings/values/threshold";

const spaces = fc.string({ unit: fc.constantFrom(" ", "\t", "\n"), maxLength: 3 });
const methods = fc.string({ unit: fc.constantFrom(..."ABCGETPOSTXYZ"), minLength: 1, maxLength: 6 });
const names = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).filter((name) => name.trim() === name);
/** From 0 to 1, down to a hundred-millionth: every metric may have them, and the smallest would need an exponent. */
const limits = fc.nat(100_000_000).map((parts) => parts / 100_000_000);
const thresholds: fc.Arbitrary<Threshold> = fc
  .record(
    {
      request: fc.record({ method: methods, name: names }),
      metric: fc.constantFrom(...thresholdMetrics),
      operator: fc.constantFrom(...thresholdOperators),
      limit: limits,
    },
    { requiredKeys: ["metric", "operator", "limit"], noNullPrototype: true },
  )
  .map((threshold) => ({ ...threshold, text: formatThreshold(threshold) }));

describe("parseThreshold", () => {
  const right: readonly (readonly [string, Partial<Threshold>])[] = [
    ["p95<500", { metric: "p95", operator: "<", limit: 500 }],
    ["fail_ratio<0.01", { metric: "fail_ratio", operator: "<", limit: 0.01 }],
    ["fail_ratio <= 1%", { metric: "fail_ratio", operator: "<=", limit: 0.01, text: "fail_ratio<=1%" }],
    ["fail_ratio<0.1%", { limit: 0.001 }],
    ["fail_ratio<=100%", { limit: 1 }],
    ["rps>100", { metric: "rps", operator: ">", limit: 100 }],
    ["rps >= 0", { operator: ">=", limit: 0 }],
    ["p99.99<1.1s", { metric: "p99.99", limit: 1100, text: "p99.99<1.1s" }],
    ["corrected_p95<0.3s", { metric: "corrected_p95", limit: 300, text: "corrected_p95<0.3s" }],
    ["GET /a: corrected_max < 9", { request: { method: "GET", name: "/a" }, metric: "corrected_max" }],
    ["max < 250 ms", { metric: "max", limit: 250, text: "max<250ms" }],
    ["GET /path: p99<800", { request: { method: "GET", name: "/path" }, metric: "p99", limit: 800 }],
    ["GET /a: b: p50<1", { request: { method: "GET", name: "/a: b" } }],
    ["GET /a:: p50<1", { request: { method: "GET", name: "/a:" } }],
    ["POST  /a<b  c:p50<1", { request: { method: "POST", name: "/a<b  c" }, text: "POST /a<b  c: p50<1" }],
  ];
  for (const [text, expected] of right) {
    it(`reads ${text}`, () => {
      expect(parseThreshold(text)).to.deep.include(expected);
    });
  }

  it("has no request where the text has none", () => {
    expect(parseThreshold("p95<500")).to.deep.equal({ text: "p95<500", metric: "p95", operator: "<", limit: 500 });
  });

  const wrong: readonly (readonly [string, string])[] = [
    ["", "p95<500"],
    ["p95", "p95<500"],
    ["p95=500", "p95<500"],
    ["p95==500", "p95<500"],
    ["p95<-1", "p95<500"],
    ["p95<1e3", "a time in ms, or in s"],
    ["p95<.5", "p95<500"],
    ["<500", "p95<500"],
    ["p42<500", "p50, p66, p75"],
    ["P95<500", "p50, p66, p75"],
    ["p95<5m", "a time in ms, or in s"],
    ["p95<5%", "a time in ms, or in s"],
    ["fail_ratio<2", "from 0 to 1"],
    ["fail_ratio<101%", "from 0% to 100%"],
    ["fail_ratio<5ms", "from 0 to 1"],
    ["rps>10%", "no unit"],
    ["get /path: p99<800", "capital letters"],
    ["/path: p99<800", "capital letters"],
    ["GET: p99<800", "capital letters"],
    [": p99<800", "capital letters"],
    ["GET /path p99<800", "p95<500"],
    ["GET /a: b p95<500", "p95<500"],
    ["p95<500 p99<800", "p95<500"],
  ];
  for (const [text, allowed] of wrong) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseThreshold(text))
        .to.throw(InvalidValueError)
        .with.property("allowed")
        .that.includes(allowed);
    });
  }

  it("reads what is written", () => {
    fc.assert(
      fc.property(thresholds, (threshold) => {
        expect(parseThreshold(threshold.text)).to.deep.equal(threshold);
      }),
    );
  });

  it("takes any spaces between the parts for the same threshold", () => {
    fc.assert(
      fc.property(thresholds, fc.array(spaces, { minLength: 7, maxLength: 7 }), (threshold, free) => {
        const [a, b, c, d, e, f, g] = free;
        const { request, metric, operator, limit } = threshold;
        const number = formatThreshold({ metric, operator, limit }).slice(metric.length + operator.length);
        const start = request === undefined ? "" : `${request.method} ${b}${request.name}${c}:`;
        const text = `${a}${start}${d}${metric}${e}${operator}${f}${number}${g}`;
        expect(parseThreshold(text)).to.deep.equal(threshold);
      }),
    );
  });
});
