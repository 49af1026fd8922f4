import { expect } from "chai";
import type { Capacity } from "../../bench/cluster/capacity";
import { type Configuration, guidance, requestsPerDollar } from "../../bench/cluster/configurations";
import { capacityFigures, variantFigures } from "../../bench/cluster/page/figures";
import { fill } from "../../bench/cluster/page/page";
import type { Results } from "../../bench/cluster/results";
import type { Window } from "../../bench/cluster/window";

function window(users: number, rps: number): Window {
  const numbers = { seconds: 4, requests: rps * 4, failures: 0, p50: 20, p99: 22, cpu: 0.2, throttled: 0 };
  return { users, arrived: users, rps, ...numbers, memory: 0, peak: 0, targetCpu: 0.1 };
}

function capacity(round: number, configuration: Configuration, users: number | null, rps: number): Capacity {
  return {
    ...{ round, configuration, at: "2026-01-31T00:00:00.000Z", busiest: window(8, rps), unloaded: window(30, 15) },
    fullest: users === null ? null : window(users, users / 2),
    targetBound: { busiest: false, fullest: false },
    steps: { busy: [], calm: [] },
  };
}

describe("the figures of the benchmarks' page", () => {
  const fast: Configuration = { userClass: "FastHttpUser", cpu: 1, tls: false };
  const results = {
    capacity: [
      capacity(1, guidance, 200, 300),
      capacity(1, fast, 8000, 6000),
      capacity(1, { ...fast, variant: "bare" }, 16_000, 6000),
      capacity(2, guidance, 400, 300),
      capacity(2, fast, null, 3000),
    ],
  } as unknown as Results;

  it("compare what a dollar buys within each round", () => {
    const [base, other] = capacityFigures(results);
    expect(base?.toGuidance).to.deep.include({ median: 1, rounds: 2 });
    // Forty times the requests, of a worker that costs four times as much; in round 2 no users fitted.
    expect(other?.toGuidance?.rounds).to.equal(1);
    expect(other?.toGuidance?.median).to.be.closeTo(10, 0.01);
    expect(other?.busyToGuidance?.median).to.be.closeTo((5 + 2.5) / 2, 0.01);
  });

  it("hold a variant against the same without it", () => {
    // Nothing was measured of the guidance's worker with the plugin.
    expect(variantFigures(results).map(({ users }) => users?.median)).to.deep.equal([undefined, 2]);
  });

  it("say where memory was what ended the search, and not where it was a guess far too high", () => {
    const boundWith = (outOfMemory: readonly number[]) => {
      const one = { ...capacity(1, guidance, 200, 300), outOfMemory };
      return capacityFigures({ capacity: [one] } as unknown as Results)[0]?.memoryBound;
    };
    expect(boundWith([300, 208])).to.equal(true);
    expect(boundWith([300])).to.equal(false);
    expect(capacityFigures(results).some(({ memoryBound }) => memoryBound)).to.equal(false);
  });

  it("price a worker at the cheapest size of its CPU", () => {
    // 0.04048 for the vCPU and 2 × 0.004445 for its memory.
    expect(requestsPerDollar(100, 1)).to.be.closeTo(360_000 / 0.04937, 1);
  });

  it("come into the page by name, and none may be missing", () => {
    expect(fill("a {{x}} b {{chart:y}}", { x: "1", "chart:y": "2" })).to.equal("a 1 b 2");
    expect(() => fill("{{x}}", {})).to.throw("asks for x");
  });
});
