import { expect } from "chai";
import fc from "fast-check";
import type { Sample } from "../../../runner/types";
import type { ArrivalsSample } from "../../../runner/types/arrivals";
import { ArrivalsWatch, startsText } from "../../../runner/verdict/arrivals";
import { Integrity } from "../../../runner/verdict/integrity";

const lag = { p50: 1, p99: 3.2, max: 7 };
const base: ArrivalsSample = {
  ...{ began: 1, rate: 100, due: 1000, started: 1000, dropped: 0, late: 0, startedPerSecond: 100, lag },
  corrected: { p50: 1, p95: 2, p99: 3 },
};

function sampleOf(arrivals: Partial<ArrivalsSample>, more: Partial<Sample> = {}): Sample {
  return {
    ...{ t: 10, time: "2026-01-01T00:00:10.000Z", phase: "hold", users: 10, targetUsers: 10, workers: 1 },
    ...{ rps: 100, failuresPerSecond: 0, requests: 1000, failures: 0, p50: 1, p95: 2, p99: 3 },
    ...{ workerCpu: { "worker-1": 0.2 }, masterCpu: 0.1, ...more },
    arrivals: { ...base, ...arrivals },
  } as Sample;
}

function judge(arrivals: Partial<ArrivalsSample>, context = {}) {
  const watch = new ArrivalsWatch({ rate: "100", spacing: "even" });
  watch.add(sampleOf(arrivals));
  return watch.judge({ users: 10, saturated: [], lostWorkers: 0, ...context });
}

describe("ArrivalsWatch", () => {
  it("has nothing to say where all started in time", () => {
    expect(judge({})).to.deep.equal({ problems: [], warnings: [] });
    expect(judge({ started: 990 })).to.deep.equal({ problems: [], warnings: [] });
    expect(judge({ due: 3, started: 2 })).to.deep.equal({ problems: [], warnings: [] });
  });

  it("says what started of what was asked, and why it was no more", () => {
    expect(judge({ started: 900, dropped: 100 }).problems).to.deep.equal([
      "arrivals: 900 of 1000 iterations asked were started: 100 were dropped, as all users, 10, were under way " +
        "(the target is slow, or --users is too low)",
    ]);
    expect(judge({ started: 900, dropped: 60 }, { saturated: ["worker-1"] }).problems[0]).to.contain(
      "were started: CPU of worker-1 was at its limit (more workers); 60 were dropped",
    );
    expect(judge({ started: 900 }, { lostWorkers: 1 }).problems[0]).to.match(/started: 100 went with lost workers$/);
    expect(judge({ started: 900 }).problems).to.deep.equal(["arrivals: 900 of 1000 iterations asked were started"]);
  });

  it("says that more was started than was due", () => {
    expect(judge({ started: 1010 })).to.deep.equal({ problems: [], warnings: [] });
    expect(judge({ started: 1011 }).problems).to.deep.equal([
      "arrivals: 1011 iterations were started, where 1000 were due: a worker that was not heard of for a while has " +
        "started what others were given",
    ]);
  });

  it("only warns of what the target was too slow for in a run that a threshold ended", () => {
    const ended = { endedBy: "threshold" };
    expect(judge({ started: 900, dropped: 100 }, ended).problems).to.deep.equal([]);
    expect(judge({ started: 900, dropped: 100 }, ended).warnings[0]).to.contain("900 of 1000");
    expect(judge({ started: 900 }, ended).problems).to.have.length(1);
  });

  it("warns of a few that were dropped, and of many that were late", () => {
    expect(judge({ started: 999, dropped: 1 }).warnings).to.deep.equal([
      "arrivals: 1 of 1000 iterations were dropped, as no user was free for them",
    ]);
    expect(judge({ late: 10 }).warnings).to.deep.equal([]);
    expect(judge({ late: 25 }, { saturated: ["worker-2"] }).warnings).to.deep.equal([
      "arrivals: 2.5 % of the iterations started more than 10 ms late (p99 3.2 ms, at most 7 ms), " +
        "as CPU of worker-2 was at its limit; corrected times have that in them",
    ]);
  });

  it("says that nothing was due, and whether the rate had begun", () => {
    const early = "arrivals: no iteration was due before the end: the rate begins when all users are there";
    expect(judge({ due: 0, started: 0, began: null }).problems).to.deep.equal([early]);
    const rare = new ArrivalsWatch({ rate: "0.0000001", spacing: "even" });
    rare.add(sampleOf({ due: 0, started: 0 }));
    expect(rare.judge({ users: 10, saturated: [], lostWorkers: 0 }).problems).to.deep.equal([
      "arrivals: no iteration was due before the end: the rate, 0.0000001, is too low for the time that there was",
    ]);
  });

  it("finds a problem exactly where more than 1 %, and more than one, are missing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), (due, part) => {
        const started = Math.floor(due * part);
        const missing = due - started;
        expect(judge({ due, started }).problems.length).to.equal(missing > 1 && missing > due / 100 ? 1 : 0);
      }),
    );
  });

  it("tells the lag in a line", () => {
    const watch = new ArrivalsWatch({ rate: "100", spacing: "even" });
    watch.add(sampleOf({ started: 999 }));
    expect(startsText(watch.report())).to.equal("999 of 1000 iterations started, 99 % within 3.2 ms");
  });
});

describe("load integrity of a run with an arrival rate", () => {
  const arrivals = { rate: "100", spacing: "even" } as const;
  const asked = { users: 10, spawnRate: 10, workers: 1, shape: null, arrivals };

  it("is invalid where starts fell short, by the numbers that come last", () => {
    const integrity = new Integrity(asked);
    integrity.add(sampleOf({ started: 500 }));
    integrity.add(sampleOf({ started: 800, dropped: 200 }, { t: 11, phase: "stop" }));
    const { ok, problems, arrivals: report } = integrity.report();
    expect(ok).to.equal(false);
    expect(problems.filter((text) => text.startsWith("arrivals: 800 of 1000"))).to.have.length(1);
    expect(report).to.deep.equal({ ...arrivals, due: 1000, started: 800, dropped: 200, late: 0, lag });
  });

  it("has no word of them without a rate", () => {
    const integrity = new Integrity({ ...asked, arrivals: undefined });
    integrity.add(sampleOf({ started: 1 }));
    expect(integrity.report()).to.not.have.property("arrivals");
  });
});
