import { expect } from "chai";
import {
  type CapacityOptions,
  expectedSeconds,
  searchedPlan,
  searchIntro,
  searchPlan,
} from "../../../../runner/cli/capacity/capacity";
import type { RunPlan } from "../../../../runner/engine/plan";
import { poolSize, silenceOf, stepLimit } from "../../../../runner/engine/search/load";
import { parseThreshold } from "../../../../settings/values/threshold";

const options: CapacityOptions = { by: "users", stepTime: 20, holds: 3, precision: 0.05 };
const thresholds = ["p95<500", "rps>100", "corrected_p99<900"].map(parseThreshold);
const plan: RunPlan = { users: 100, spawnRate: 10, runTime: 60, workers: 2, thresholds };

describe("what loadtest capacity is asked for", () => {
  it("begins at 10 users, or at the most that there may be", () => {
    expect(searchPlan(options).asked).to.deep.include({ from: 10, maxUsers: null, atLeast: null });
    expect(searchPlan({ ...options, maxUsers: 4 }).asked.from).to.equal(4);
    expect(searchPlan({ ...options, from: 50, maxUsers: 80 }).asked).to.deep.include({ from: 50, maxUsers: 80 });
    expect(() => searchPlan({ ...options, from: 90, maxUsers: 80 })).to.throw(/more than --max-users 80/);
    expect(() => searchPlan({ ...options, by: "arrivals", from: 90, maxRps: 80 })).to.throw(/more than --max-rps 80/);
    expect(() => searchPlan({ ...options, from: 2.5 })).to.throw(/users are a whole number/);
    expect(searchPlan({ ...options, by: "arrivals", from: 2.5 }).asked.from).to.equal(2.5);
  });

  it("is no more exact than it can be, and no less than its levels are apart", () => {
    expect(searchPlan({ ...options, precision: 0.5 }).asked.precision).to.equal(0.5);
    const of = (precision: number) => () => searchPlan({ ...options, precision });
    expect(of(0)).to.throw("--precision 0 %: it must be more than 0 and at most 50 %");
    expect(of(2)).to.throw("--precision 200 %: it must be more than 0 and at most 50 %");
  });

  it("holds the thresholds that more load can break, and times from when iterations were due by arrivals alone", () => {
    const search = searchPlan(options);
    const texts = (made: RunPlan) => made.thresholds.map(({ text }) => text);
    expect(texts(searchedPlan(plan, search))).to.deep.equal(["p95<500"]);
    expect(texts(searchedPlan({ ...plan, thresholds: [] }, search))).to.deep.equal(["fail_ratio<1%"]);
    const arrivals = searchPlan({ ...options, by: "arrivals" });
    expect(texts(searchedPlan(plan, arrivals))).to.deep.equal(["p95<500", "corrected_p99<900"]);
  });

  it("is a plan without an end of its own, whose first level is the search's", () => {
    const made = searchedPlan(plan, searchPlan(options));
    expect([made.users, made.runTime, made.arrivals]).to.deep.equal([10, undefined, undefined]);
    // Within three seconds, whatever the stack has.
    expect(searchedPlan(plan, searchPlan({ ...options, from: 300 })).spawnRate).to.equal(100);
    expect(searchedPlan(plan, searchPlan({ ...options, spawnRate: "7" })).spawnRate).to.equal(7);
    const arrivals = searchedPlan(plan, searchPlan({ ...options, by: "arrivals", from: 40, maxUsers: 100 }), "poisson");
    expect(arrivals.arrivals).to.deep.equal({ rate: "40", spacing: "poisson" });
    // Three times those that are busy while answers take as long as they may: 40 a second for 0.9 s.
    expect(arrivals.users).to.equal(100);
    expect(poolSize(thresholds, 40)).to.equal(108);
    expect(poolSize([], 40)).to.equal(120);
  });

  it("says before what it looks for, what must hold and how long it takes", () => {
    const search = searchPlan({ ...options, maxUsers: 640, maxRps: 900, maxWorkers: 8 });
    expect(searchIntro(searchedPlan({ ...plan, thresholds: [] }, search), search)).to.deep.equal([
      "Looking for the most that the target takes: from 10 users up, 20 s a step, to 5 %; at most 640 users; " +
        "at most 900 requests/s; at most 8 workers",
      "What must hold: fail_ratio<1% (none was given: --threshold)",
      "It takes about 06:18, 40 steps at most; Ctrl-C keeps what is found",
    ]);
    expect(expectedSeconds(search)).to.equal(14 * 27);
  });

  it("takes no answer for silence while a threshold allows it to take as long", () => {
    expect(silenceOf({ silence: 5000 }, thresholds)).to.equal(5000);
    expect(silenceOf({ silence: 5000 }, ["p95<10000", "fail_ratio<1%"].map(parseThreshold))).to.equal(10_000);
    expect(silenceOf({ silence: 5000 }, [parseThreshold("fail_ratio<1%")])).to.equal(5000);
  });

  it("has each level end by itself some time after its step", () => {
    const timing = { ready: 60_000 } as Parameters<typeof stepLimit>[0]["timing"];
    expect(stepLimit({ timing }, searchPlan(options))).to.be.within(60, 300);
  });
});
