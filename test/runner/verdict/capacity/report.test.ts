import { expect } from "chai";
import fc from "fast-check";
import { curveOf, type Found, kneeOf, meanOf, soFar } from "../../../../runner/verdict/capacity/report";
import { answerText, capacityDecision, detailTexts, outcomeText } from "../../../../runner/verdict/capacity/words";
import { asked, endedByWorkers, reportOf, stepAt, steps, voidStep } from "./steps";

const cap: Partial<Found> = { limit: "cap", broke: null, steps: steps.slice(0, 3) };
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
    expect(detailTexts(reportOf(endedByWorkers)).at(-1)).to.equal(
      `The workers were the limit, not the target: ${voidStep.why}, at 80 users. To go on takes about 5 workers (--max-workers 5).`,
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
    expect(codes(endedByWorkers)).to.equal(3);
    expect(codes({ ...endedByWorkers, ...withAtLeast(350) })).to.equal(0);
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
    const curve = curveOf([...steps, voidStep]);
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
    expect([steps[0], steps[4], voidStep].map((step) => step && outcomeText(step))).to.deep.equal([
      "held",
      "broke: p95<100 was 180 ms",
      `no proof: ${voidStep.why}`,
    ]);
  });
});
