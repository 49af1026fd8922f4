import { expect } from "chai";
import fc from "fast-check";
import {
  allowedBy,
  cpuShare,
  isClear,
  isOfScript,
  judged,
  type StepLoad,
  searchIntegrity,
  type WorkerUse,
  whyVoid,
} from "../../../../runner/verdict/capacity/proof";
import { curveOf, type Found, kneeOf, meanOf, soFar, workersNeeded } from "../../../../runner/verdict/capacity/report";
import { answerText, capacityDecision, detailTexts, outcomeText } from "../../../../runner/verdict/capacity/words";
import { Integrity } from "../../../../runner/verdict/integrity";
import { asked, reportOf, stepAt, steps } from "./steps";

const cap: Partial<Found> = { limit: "cap", broke: null, steps: steps.slice(0, 3) };
const busy = stepAt(80, { outcome: "void", why: "CPU of the busiest worker was 97 % of what it may use" });
const workers: Partial<Found> = {
  ...{ limit: "workers", broke: null, steps: [...steps.slice(0, 3), busy], workers: { count: 2, needed: 5 } },
};
const withAtLeast = (atLeast: number) => ({ asked: { ...asked, atLeast } });

describe("a capacity", () => {
  it("is the mean of the holds at the answer, with Student's interval", () => {
    const report = reportOf();
    expect(report.rps).to.equal(400);
    expect(report.interval?.low).to.be.closeTo(400 - (4.303 * 2) / Math.sqrt(3), 0.01);
    expect(meanOf([398, 400, 402]).half).to.be.closeTo(4.97, 0.01);
    expect(meanOf([7])).to.deep.equal({ mean: 7, half: 0 });
  });

  it("may be as high as what the level that breaks would give, and no higher than that gave", () => {
    const narrow = steps.map((step) => (step.level === 40 ? { ...step, rps: 400 } : step));
    expect(reportOf({ steps: narrow }).interval).to.deep.equal({ low: 400, high: 402 });
  });

  it("has no upper end where something else than the target was the limit", () => {
    expect(reportOf(cap).interval?.high).to.equal(null);
    expect(answerText(reportOf(cap))).to.equal("The target takes at least 398 requests/s at 40 users.");
  });

  it("is said in sentences", () => {
    expect([answerText(reportOf()), ...detailTexts(reportOf())]).to.deep.equal([
      "The capacity is 400 requests/s at 40 users (95 % interval 395 to 405; 42 users are too many).",
      "First to break: p95<100 was 180 ms.",
      "The knee is at 20 users: 200 requests/s with 50 ms on average.",
      "The target was the limit, not the workers: the busiest of 2 used, or waited for, 20 % of its CPU at most.",
    ]);
    const fewer = reportOf({ steps: steps.slice(1) });
    expect(detailTexts(fewer)[1]).to.match(/^The knee is at 20 users or below: /);
    const limits = { maxUsers: 40, maxArrivalRate: 30, maxRps: 500 };
    for (const [by, says] of [
      ["users", "--max-users 40 or --max-rps 500"],
      ["arrivals", "--max-arrival-rate 30 or --max-rps 500"],
    ] as const) {
      const texts = detailTexts(reportOf({ ...cap, asked: { ...asked, ...limits, by } }));
      expect(texts.at(-1)).to.equal(`${says} ended the search, not the target.`);
    }
    const late = detailTexts(reportOf({ limit: "time", asked: { ...asked, maxSeconds: 60 } }));
    expect(late.at(-1)).to.equal("The time of the search was over (--max-run-time 60), before its answer was sure.");
    expect(answerText(reportOf({ limit: null }))).to.equal("So far: 400 requests/s at 40 users held.");
    expect(detailTexts(reportOf(workers)).at(-1)).to.equal(
      `The workers were the limit, not the target: ${busy.why}, at 80 users. To go on takes about 5 workers (--max-workers 5).`,
    );
  });

  it("says of a script that blocks its workers what to do", () => {
    const step = stepAt(80, { outcome: "void", why: "answers waited", workerDelay: 72.4 });
    expect(outcomeText(step)).to.equal("no proof: blocked for 72.4 ms");
    expect(
      detailTexts(reportOf({ limit: "script", broke: null, steps: [...steps.slice(0, 3), step] })).at(-1),
    ).to.match(
      /^The script was the limit, not the target: at 80 users answers waited\. Keep out of it what does not wait by gevent/,
    );
  });

  it("decides on the verdict", () => {
    const codes = (change: Parameters<typeof reportOf>[0]) => capacityDecision(reportOf(change)).exitCode;
    expect(codes({})).to.equal(0);
    expect(codes(cap)).to.equal(0);
    expect(codes(withAtLeast(399))).to.equal(0);
    expect(codes(withAtLeast(401))).to.equal(1);
    expect(codes({ level: null, broke: 10 })).to.equal(1);
    expect(codes(workers)).to.equal(3);
    expect(codes({ ...workers, ...withAtLeast(350) })).to.equal(0);
    expect(codes({ ...cap, ...withAtLeast(500) })).to.equal(3);
    expect(codes({ ...cap, level: null })).to.equal(3);
    expect(codes({ limit: "load" })).to.equal(3);
    expect(codes({ limit: "time" })).to.equal(3);
    expect(capacityDecision(reportOf(withAtLeast(500))).reasons[0]).to.equal(
      "500 requests/s were asked for (--at-least), and the target does not take them.",
    );
  });

  it("has its knee where throughput divided by response time is highest", () => {
    expect(kneeOf(steps)).to.deep.equal({ level: 20, rps: 200, avg: 50 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), (servers) => {
        // Users without a pause on a queue: throughput rises to the number of its servers, times from there on.
        const levels = Array.from({ length: 40 }, (_, index) => Math.ceil((servers * (index + 1)) / 10));
        const curve = levels.map((level) =>
          stepAt(level, { rps: Math.min(level, servers), avg: 10 * Math.max(1, level / servers) }),
        );
        expect(kneeOf(curve)?.level).to.equal(servers);
      }),
    );
    expect(kneeOf([])).to.equal(null);
  });

  it("has no knee where requests fail, or in what broke otherwise than by its time", () => {
    const errors = { what: "errors", threshold: null, request: null, text: "" } as const;
    const failing = stepAt(80, { rps: 9000, avg: 1, failRatio: 0.99, outcome: "broke", broke: errors });
    const dead = stepAt(20, { rps: 0, avg: null, outcome: "broke", broke: { ...errors, what: "no answers" } });
    expect(kneeOf([...steps, failing, dead])).to.deep.equal(kneeOf(steps));
    expect(kneeOf([stepAt(10, { rps: 100, failRatio: 0.1 })])?.rps).to.equal(90);
  });

  it("says of a search in the middle only what is known", () => {
    const first = reportOf({ limit: null, level: 10, broke: null, steps: [stepAt(10)], ...withAtLeast(500) });
    const { exitCode, reasons } = capacityDecision(first);
    expect(exitCode).to.equal(3);
    expect(reasons[0]).to.equal(
      "500 requests/s were asked for (--at-least), and the search was ended before that was known.",
    );
  });

  it("counts what held before a target died", () => {
    const died = {
      limit: "dead",
      level: 10,
      broke: 20,
      steps: [stepAt(10), { ...steps[3], level: 20 } as never],
    } as const;
    expect(capacityDecision(reportOf(died)).exitCode).to.equal(0);
    expect(capacityDecision(reportOf({ ...died, ...withAtLeast(90) })).exitCode).to.equal(0);
    const { exitCode, reasons } = capacityDecision(reportOf({ ...died, ...withAtLeast(110) }));
    expect(exitCode).to.equal(1);
    expect(reasons[0]).to.match(/the target has not recovered from a level that broke it\.$/);
    expect(reasons[1]).to.equal("The target takes at least 100 requests/s at 10 users.");
    expect(reasons.at(-1)).to.match(/^The target has not recovered from 20 users, /);
  });

  it("has a curve with a point for each level, without what proves nothing", () => {
    const curve = curveOf([...steps, busy]);
    expect(curve.map(({ level, held }) => [level, held])).to.deep.equal([
      [10, true],
      [20, true],
      [40, true],
      [42, false],
      [80, false],
    ]);
    expect(curve[2]?.rps).to.equal(400);
    expect(curve[4]?.rps).to.equal(404);
  });

  it("is known in the middle as what held below all that broke", () => {
    expect(soFar(steps)).to.deep.equal({ level: 40, broke: 42 });
    expect(soFar([stepAt(10, { rps: 117.7 }), stepAt(20, { rps: 119.5 }), stepAt(31, { rps: 85.8 })])).to.deep.equal({
      ...{ level: 20, broke: null },
    });
    expect(soFar([])).to.deep.equal({ level: null, broke: null });
  });

  it("has words for each step", () => {
    expect([steps[0], steps[4], busy].map((step) => step && outcomeText(step))).to.deep.equal([
      "held",
      "broke: p95<100 was 180 ms",
      `no proof: ${busy.why}`,
    ]);
  });
});

describe("the proof that the target was the limit", () => {
  const load: StepLoad = {
    ...{
      level: 40,
      by: "users",
      users: 40,
      counted: true,
      answers: 100,
      broke: true,
      lost: [],
      workers: { cpu: 0.3, busy: 0.3, delay: 1 },
      masterCpu: 0.02,
    },
  };

  const cpuOf = (cpu: number) => ({ cpu, busy: cpu, delay: 3 });
  const blocked = { cpu: 0.04, busy: 0.85, delay: 72 };

  it("is there where the workers were not", () => {
    expect(whyVoid(load)).to.equal(null);
    expect(whyVoid({ ...load, workers: { cpu: null, busy: 0, delay: 0 } })).to.equal(null);
  });

  it("is missing where the load was not what was asked", () => {
    expect(whyVoid({ ...load, workers: cpuOf(0.95) })).to.equal(
      "the busiest worker used, or waited for, 95 % of its CPU",
    );
    expect(whyVoid({ ...load, masterCpu: 0.95 })).to.match(/CPU of the master was 95 %/);
    expect(whyVoid({ ...load, users: 30, broke: false })).to.equal("there were 30 of 40 users");
    expect(whyVoid({ ...load, lost: ["worker-2"] })).to.equal("worker-2 was lost");
    expect(whyVoid({ ...load, counted: false })).to.match(/thrown away/);
    expect(whyVoid({ ...load, broke: false, answers: 0, underWay: 0 })).to.match(/^no request was made: /);
    expect(whyVoid({ ...load, broke: false, answers: 0, underWay: 4 })).to.match(/^nothing was answered/);
    expect(whyVoid({ ...load, broke: false, answers: 0 })).to.match(/nothing was answered: --step-time is too short/);
  });

  it("is missing where the script kept answers waiting for much of what they may take, or nearly all of the time", () => {
    const text =
      "answers waited in a worker for 72 ms on average, as something in the script blocks it " +
      "(event loop busy for 85 % of the time, CPU for 4 %)";
    expect(whyVoid({ ...load, workers: blocked, allowed: 200 })).to.equal(text);
    expect(whyVoid({ ...load, workers: blocked, allowed: 721 })).to.equal(null);
    expect(whyVoid({ ...load, workers: { ...blocked, busy: 0.95 }, allowed: 721 })).to.match(/^answers waited/);
    expect(whyVoid({ ...load, workers: { ...blocked, delay: 4.9 }, allowed: 20 })).to.equal(null);
    // Errors may come of it as well: a script says what is too slow, and so does a client's timeout.
    expect(whyVoid({ ...load, workers: { ...blocked, delay: 120 }, clear: true })).to.match(/^answers waited/);
    expect(whyVoid({ ...load, workers: blocked, clear: true })).to.equal(null);
    // A worker that is short of CPU is told as such, and errors are the target's then.
    expect(whyVoid({ ...load, workers: cpuOf(0.95), allowed: 200 })).to.match(/used, or waited for, 95 %/);
    expect([
      allowedBy({ what: "time", threshold: "GET /a: p95<0.2s", request: "GET /a", text: "" }),
      allowedBy({ what: "errors", threshold: "fail_ratio<1%", request: null, text: "" }),
      allowedBy({ what: "no answers", threshold: null, request: null, text: "" }),
      allowedBy(null),
    ]).to.deep.equal([200, undefined, undefined, undefined]);
  });

  it("is not lost to a little waiting for the CPU where a worker may use little of it", () => {
    // A quarter of a CPU, a fifth of which is used: that others had the CPU for a while keeps nobody from its share.
    expect(cpuShare(0.05, 0.2, 0.25)).to.equal(0.25);
    expect(cpuShare(0.24, 0.1, 0.25)).to.equal(0.96);
    expect(cpuShare(0.5, 0.45, 1)).to.equal(0.95);
    expect(cpuShare(1, 0, 4)).to.equal(0.25);
    expect(cpuShare(1, 1, 1)).to.equal(1);
  });

  it("needs neither idle workers nor all users where the target answers with errors", () => {
    const errors = { ...load, clear: true, workers: cpuOf(1), users: 14 };
    expect(whyVoid(errors)).to.equal(null);
    expect(whyVoid({ ...errors, clear: false })).to.match(/the busiest worker used/);
    // Fewer users that break it are enough.
    expect(whyVoid({ ...load, users: 14 })).to.equal(null);
    const broke = { what: "errors", threshold: null, request: null, text: "" } as const;
    expect([isClear(broke, 20), isClear(broke, 19), isClear({ ...broke, what: "time" }, 99)]).to.deep.equal([
      ...[true, false, false],
    ]);
  });

  it("needs no idle workers where everything held", () => {
    expect(whyVoid({ ...load, workers: blocked, broke: false })).to.equal(null);
  });

  it("is missing where iterations start late, but for users that wait for the target", () => {
    const arrivals = { due: 100, started: 40, dropped: 0, late: 30, underWay: 5 };
    expect(whyVoid({ ...load, by: "arrivals", arrivals })).to.equal("30 % of the iterations started late");
    expect(whyVoid({ ...load, by: "arrivals", arrivals: { ...arrivals, underWay: 39 } })).to.equal(null);
    const few = { ...arrivals, late: 0, started: 30 };
    expect(whyVoid({ ...load, by: "arrivals", arrivals: few })).to.equal("30 iterations a second were started of 40");
  });

  it("is missing for throughput that busy workers keep from rising", () => {
    const tried = [{ level: 40, held: true, rps: 400 }];
    const outcome = (rps: number, use: WorkerUse) => judged(stepAt(80, { rps }), tried, use).outcome;
    expect([outcome(420, cpuOf(0.97)), outcome(420, cpuOf(0.5)), outcome(790, cpuOf(0.97))]).to.deep.equal([
      ...["void", "held", "held"],
    ]);
    expect(judged(stepAt(80, { rps: 420 }), tried, { ...blocked, busy: 0.99 })).to.deep.include({
      ...{ outcome: "void", workerDelay: 72 },
    });
  });

  it("is missing where throughput is flat and the users that were added are in no request", () => {
    const of = (rise: (users: number) => number, avg: (users: number) => number) =>
      isOfScript([10, 20, 40].map((users) => stepAt(users, { rps: rise(users), avg: avg(users) })));
    // Four at a time are let through, for 10 ms of a request and 40 ms of a wait.
    expect(
      of(
        () => 80,
        () => 10,
      ),
    ).to.equal(true);
    // A queue of 80 a second: all that are more wait in it, also where each waits for 0.1 s by itself.
    expect(
      of(
        () => 80,
        (users) => (1000 * users) / 80,
      ),
    ).to.equal(false);
    expect(
      of(
        () => 80,
        (users) => (1000 * users) / 80 - 100,
      ),
    ).to.equal(false);
    expect(isOfScript([stepAt(10), stepAt(20)])).to.equal(false);
    const flat = [10, 20, 40].map((users) => stepAt(users, { rps: 80, avg: 10 }));
    const report = reportOf({ limit: "script", level: 10, broke: null, steps: flat });
    expect(capacityDecision(report).exitCode).to.equal(3);
    expect(detailTexts(report).at(-1)).to.equal(
      "The script was the limit, not the target: 0.8 of 40 users were inside requests on average, and more users made " +
        "no more requests. The others were in waits of the script, or in what blocks it.",
    );
    expect(answerText(report)).to.match(/^The target takes at least 80 requests\/s at 10 users/);
  });

  it("says how many workers it would take, by the CPU of those that were not busy", () => {
    expect(workersNeeded([stepAt(10, { workerCpu: 0.35 }), busy], 80, 2)).to.equal(8);
    expect(workersNeeded([stepAt(10, { workerCpu: 0.95 })], 20, 2)).to.equal(4);
    expect(workersNeeded([stepAt(100, { workerCpu: 0.01 })], 100, 7)).to.equal(8);
  });

  it("is the run's load integrity: each step has its own", () => {
    const integrity = new Integrity({ users: 80, spawnRate: 10, workers: 2, shape: "x" }).report();
    expect(searchIntegrity(integrity, reportOf())).to.deep.include({ ok: true, problems: [] });
    const { ok, problems } = searchIntegrity(integrity, reportOf(workers));
    expect([ok, problems.length]).to.deep.equal([false, 1]);
  });
});
