import { expect } from "chai";
import { compareCapacities } from "../../../../runner/verdict/capacity/compare";
import { searchShape } from "../../../../runner/verdict/capacity/report";
import type { ComparedRecord } from "../../../../runner/verdict/compare/comparison";
import { asked, reportOf, steps } from "./steps";

const record: ComparedRecord = {
  ...{ verdict: "passed", place: "local", script: "shop.py", target: "http://127.0.0.1:1", durationSeconds: 100 },
  asked: { users: 80, spawnRate: 10, workers: 2, shape: searchShape },
  totals: { requests: 1, failRatio: 0, rps: 1 },
  percentiles: {},
};

const thresholds = ["p95<100", "fail_ratio<1%"];

function compared(
  times: number,
  change: Partial<ComparedRecord> = {},
  before = reportOf(),
  maxRegression = 0.05,
  held = thresholds,
) {
  const scaled = steps.map((step) => ({ ...step, rps: step.rps * times }));
  return compareCapacities(
    { name: "a", record, capacity: before, thresholds: held },
    {
      name: "b",
      record: { ...record, durationSeconds: 300, ...change },
      capacity: reportOf({ steps: scaled }),
      thresholds,
    },
    { maxRegression },
  );
}

describe("two capacities", () => {
  it("are the same where their intervals overlap", () => {
    expect(compared(1.01)).to.deep.include({ kind: "same", change: 0.01, warnings: [] });
  });

  it("are better or worse where they do not, and within what is allowed or beyond", () => {
    expect(compared(1.2).kind).to.equal("better");
    expect(compared(0.8).kind).to.equal("worse");
    expect(compared(0.8).texts.at(-1)).to.equal(
      "The capacity fell by 20 %, from 400 requests/s to 320 requests/s; 5 % is allowed.",
    );
    expect(compared(0.8, {}, reportOf(), 0.25).kind).to.equal("small");
  });

  it("are unclear where one was not found, or only its lower end", () => {
    const open = reportOf({ limit: "workers" });
    expect(compared(0.8, {}, open).kind).to.equal("worse");
    expect(compared(1.2, {}, open).kind).to.equal("unclear");
    expect(compared(1, { verdict: "aborted" }).kind).to.equal("unclear");
    expect(compared(1, {}, reportOf({ level: null })).kind).to.equal("unclear");
  });

  it("are unclear where they were held to other thresholds, whatever their order", () => {
    const other = compared(1.5, {}, reportOf(), 0.05, ["p95<2000", "fail_ratio<1%"]);
    expect(other.kind).to.equal("unclear");
    expect(other.warnings).to.deep.equal(["thresholds: fail_ratio<1%, p95<2000 before, fail_ratio<1%, p95<100 after"]);
    expect(other.texts.at(-1)).to.match(/the two were held to different thresholds/);
    expect(compared(1.5, {}, reportOf(), 0.05, [...thresholds].reverse()).kind).to.equal("better");
  });

  it("warn of other limits, holds and precision", () => {
    const other = reportOf({ asked: { ...asked, maxUsers: 50, maxRps: 900, holds: 2, precision: 0.1 } });
    expect(compared(1, {}, other).warnings).to.deep.equal([
      "most users: 50 before, no limit after",
      "most requests a second: 900 before, no limit after",
      "holds: 2 before, 3 after",
      "precision: 10 % before, 5 % after",
    ]);
  });

  it("warn of searches that were not alike", () => {
    const other = reportOf({ asked: { ...asked, by: "arrivals", stepSeconds: 5 } });
    expect(compared(1, { script: "other.py" }, other).warnings).to.deep.equal([
      "script: shop.py before, other.py after",
      "raised: arrivals before, users after",
      "step time: 5 s before, 20 s after",
      "first level: 10 arrivals/s before, 10 users after",
    ]);
  });
});
