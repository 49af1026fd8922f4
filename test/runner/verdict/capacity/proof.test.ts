import { expect } from "chai";
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
import { workersNeeded } from "../../../../runner/verdict/capacity/report";
import { answerText, capacityDecision, detailTexts } from "../../../../runner/verdict/capacity/words";
import { Integrity } from "../../../../runner/verdict/integrity";
import { endedByWorkers, reportOf, stepAt, voidStep } from "./steps";

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
    expect(workersNeeded([stepAt(10, { workerCpu: 0.35 }), voidStep], 80, 2)).to.equal(8);
    expect(workersNeeded([stepAt(10, { workerCpu: 0.95 })], 20, 2)).to.equal(4);
    expect(workersNeeded([stepAt(100, { workerCpu: 0.01 })], 100, 7)).to.equal(8);
  });

  it("is the run's load integrity: each step has its own", () => {
    const integrity = new Integrity({ users: 80, spawnRate: 10, workers: 2, shape: "x" }).report();
    expect(searchIntegrity(integrity, reportOf())).to.deep.include({ ok: true, problems: [] });
    const { ok, problems } = searchIntegrity(integrity, reportOf(endedByWorkers));
    expect([ok, problems.length]).to.deep.equal([false, 1]);
  });
});
