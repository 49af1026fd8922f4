import { expect } from "chai";
import fc from "fast-check";
import { percentile, toWindow, type Usage, type WindowPart } from "../../bench/cluster/window";

function usage(at: number, cpu: number, periods = 0, throttled = 0): Usage {
  return { at, cpu, periods, throttled, memory: 50_000_000, peak: 60_000_000 };
}

describe("a window of a worker's reports", () => {
  const part: WindowPart = {
    ...{ requests: 400, failures: 1, times: { "20": 390, "21": 6, "100": 4 } },
    ...{ from: usage(10, 3, 100, 10), to: usage(14, 4, 140, 30) },
  };
  const target = [usage(100, 1), usage(105, 3)] as const;

  it("has rates by the worker's clock and shares of its counters", () => {
    expect(toWindow(50, { arrived: 49, parts: [part], target })).to.deep.equal({
      ...{ users: 50, arrived: 49, seconds: 4, requests: 400, failures: 1, rps: 100, p50: 20, p99: 21 },
      ...{ cpu: 0.25, throttled: 0.5, memory: 50_000_000, peak: 60_000_000, targetCpu: 0.4 },
    });
  });

  it("adds up the processes of a pod, whose counters are the same", () => {
    const other = { ...part, requests: 800, from: usage(10, 3, 100, 10), to: usage(18, 5, 180, 50) };
    const window = toWindow(50, { arrived: 50, parts: [part, other], target });
    expect(window).to.include({ requests: 1200, failures: 2, rps: 200, cpu: 0.25 });
  });

  it("is not there without a worker", () => {
    expect(() => toWindow(1, { arrived: 0, parts: [], target })).to.throw("no worker");
  });

  it("has percentiles that the right share of requests does not exceed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0.5, 0.95, 0.99, 1),
        (values, share) => {
          const times: Record<string, number> = {};
          for (const value of values) times[value] = (times[value] ?? 0) + 1;
          const found = percentile(times, share);
          const below = (limit: number) => values.filter((value) => value <= limit).length;
          expect(values).to.include(found);
          expect(below(found)).to.be.at.least(values.length * share - 1e-6);
          expect(below(found - 1)).to.be.below(values.length * share + 1e-6);
        },
      ),
    );
    expect(percentile({}, 0.99)).to.equal(0);
  });
});
