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

function watchOf(...samples: readonly Sample[]): ArrivalsWatch {
  const watch = new ArrivalsWatch({ rate: "100", spacing: "even" });
  for (const sample of samples) watch.add(sample);
  return watch;
}

function judge(arrivals: Partial<ArrivalsSample>, context = {}, more: Partial<Sample> = {}) {
  const watch = watchOf(sampleOf(arrivals, more));
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
        "(the target is slow, --users is too low, or tasks block their worker)",
    ]);
    expect(judge({ started: 900, dropped: 60 }, { saturated: ["worker-1"] }).problems[0]).to.contain(
      "were started: CPU of worker-1 was at its limit (more workers); 60 were dropped",
    );
    expect(judge({ started: 900 }, { lostWorkers: 1 }).problems[0]).to.match(/started: 100 went with lost workers$/);
    expect(judge({ started: 900 }).problems).to.deep.equal(["arrivals: 900 of 1000 iterations asked were started"]);
  });

  it("says that users were missing, and blames no target then", () => {
    const missing = ["10 ended as no rows were left (shop.py, line 9)"];
    const had = "had no user, as users were missing (10 ended as no rows were left (shop.py, line 9))";
    expect(judge({ started: 89, dropped: 900 }, { missing }).problems).to.deep.equal([
      `arrivals: 89 of 1000 iterations asked were started: 911 ${had}`,
    ]);
    expect(judge({ started: 89, dropped: 900 }, { missing, lostWorkers: 1 }).problems[0]).to.match(
      /: 900 had no user, as .*\)\); 11 went with lost workers$/,
    );
    const integrity = new Integrity({
      users: 10,
      spawnRate: 10,
      workers: 1,
      shape: false,
      arrivals: { rate: "100", spacing: "even" },
    });
    integrity.add(sampleOf({ started: 89, dropped: 900 }));
    integrity.explainUsers(missing);
    expect(integrity.report().problems.join("\n")).to.contain(`911 ${had}`);
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

  it("says how many users took iterations, where not all were there", () => {
    const dropped = (users: number, ready: number) =>
      judge({ started: 900, dropped: 100, ready, underWay: 0 }, {}, { users }).problems;
    const said = "arrivals: 900 of 1000 iterations asked were started: 100 were dropped, as ";
    expect(dropped(0, 0)).to.deep.equal([`${said}only 0 of 10 users took any: 10 had left or were not there yet`]);
    expect(dropped(10, 0)).to.deep.equal([`${said}only 0 of 10 users took any: 10 were still in their on_start`]);
    expect(dropped(8, 5)[0]).to.match(/only 5 of 10 users took any: 2 had left or were not there yet, 3 were still in/);
    // Whoever is between two iterations is not under way for a moment.
    expect(dropped(10, 9)[0]).to.match(/as all users, 10, were under way/);
  });

  it("takes the users of when most were dropped, and none of after the load", () => {
    const watch = watchOf(
      sampleOf({ started: 90, dropped: 10, ready: 10, underWay: 10 }),
      sampleOf({ started: 90, dropped: 900, ready: 0, underWay: 0 }, { t: 11 }),
      sampleOf({ started: 90, dropped: 910, ready: 10, underWay: 10 }, { t: 12, phase: "stop" }),
    );
    expect(watch.judge({ users: 10, saturated: [], lostWorkers: 0 }).problems[0]).to.contain("only 0 of 10 users");
  });

  it("is invalid where more than half of the starts were late, with the cause as far as known", () => {
    const late = (underWay: number | undefined, context = {}) =>
      judge({ late: 501, ready: 10, ...(underWay === undefined ? {} : { underWay }) }, context);
    expect(judge({ late: 500, ready: 10, underWay: 1 }).problems).to.deep.equal([]);
    expect(judge({ late: 500, ready: 10, underWay: 1 }).warnings).to.have.length(1);
    expect(late(1)).to.deep.equal({
      warnings: [],
      problems: [
        "arrivals: 50.1 % of the iterations started more than 10 ms late (p99 3.2 ms, at most 7 ms), as workers had no " +
          "CPU, or tasks block them: at most 1 of 10 users were under way",
      ],
    });
    expect(late(10).problems[0]).to.match(
      /late .*, as all users, 10, were under way \(the target is slow, .* or tasks block/,
    );
    expect(late(1, { saturated: ["worker-1"] }).problems[0]).to.match(/, as CPU of worker-1 was at its limit$/);
    expect(late(undefined).problems[0]).to.match(/, as users were still under way, or workers had no CPU/);
    expect(late(10, { endedBy: "threshold" }).problems, "what the target is too slow for").to.deep.equal([]);
    expect(late(1, { endedBy: "threshold" }).problems).to.have.length(1);
  });

  it("claims no shortfall that only comes from news that is late, where the last reports are missing", () => {
    const at = (t: number, due: number, started: number) => sampleOf({ due, started }, { t });
    const lost = { users: 10, saturated: [], lostWorkers: 0, complete: false };
    const late = watchOf(at(6, 100, 100), at(8, 300, 266), at(10, 506, 266));
    expect(late.judge({ ...lost, complete: true }).problems[0]).to.contain("266 of 506");
    expect(late.judge(lost)).to.deep.equal({ problems: [], warnings: [] });
    expect(late.report(false)).to.include({ due: 266, started: 266 });
    const short = watchOf(at(5, 400, 200), at(10, 900, 200));
    expect(short.judge(lost).problems[0]).to.contain("200 of 400 iterations asked were started");
    expect(watchOf(at(1, 50, 0)).judge(lost), "nothing was heard yet").to.deep.equal({ problems: [], warnings: [] });
  });

  it("warns of a rate that was changed in the run, and keeps it", () => {
    const watch = watchOf(
      sampleOf({ asked: "100" }),
      sampleOf({ asked: "50" }, { t: 11.04 }),
      sampleOf({ asked: "50" }, { t: 12 }),
    );
    expect(watch.report().changes).to.deep.equal([{ t: 11, from: "100", to: "50" }]);
    expect(watch.judge({ users: 10, saturated: [], lostWorkers: 0 })).to.deep.equal({
      problems: [],
      warnings: ["arrivals: the rate was changed from 100 to 50, 11 s into the run"],
    });
    expect(watchOf(sampleOf({ asked: "100" })).report()).to.not.have.property("changes");
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
