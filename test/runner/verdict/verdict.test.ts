import { expect } from "chai";
import fc from "fast-check";
import { type EndedBy, exitCodes, type Verdict } from "../../../runner/types";
import { Integrity, type IntegrityReport } from "../../../runner/verdict/integrity";
import { evaluateThresholds } from "../../../runner/verdict/thresholds";
import { decide } from "../../../runner/verdict/verdict";
import { parseThreshold } from "../../../settings/values/threshold";
import { goodLoad, rows } from "../results/make";
import { reportOf } from "./capacity/steps";

const good = goodLoad();
const bad: IntegrityReport = { ...good, ok: false, problems: ["users: 50 of 100 asked", "workers: w was lost"] };
const [met, missed] = ["p95<500", "p95<5"].map((text) => evaluateThresholds([parseThreshold(text)], rows));

const allEnds: EndedBy[] = [
  ...(["run-time", "shape", "page", "threshold", "interrupt", "stopped-elsewhere", "script", "data"] as const),
  ...(["workers-lost", "master-silent", "master-lost", "results-unwritable", "command-killed", "not-started"] as const),
];

describe("decide", () => {
  it("says of a silent master that it may have the rest, and how to get it", () => {
    const error = "no answer from Locust's master for 120 s";
    expect(decide({ endedBy: "master-silent", error, thresholds: [], integrity: good }).reasons).to.deep.equal([
      "Locust's master was not heard of any more: no answer from Locust's master for 120 s.",
      "It may have the rest of the run: loadtest report --wait completes these results from it.",
    ]);
  });

  it("keeps what a search has found, also where the load turns out to have been another", () => {
    const run = { endedBy: "capacity", thresholds: [], capacity: reportOf() } as const;
    const found = decide({ ...run, integrity: good });
    expect(found.verdict).to.equal("passed");
    expect(found.reasons[0]).to.match(/^The capacity is 400 requests\/s/);
    const worse = decide({ ...run, integrity: bad });
    expect([worse.verdict, worse.reasons[0]]).to.deep.equal([
      "invalid",
      "The load was not what was asked: users: 50 of 100 asked.",
    ]);
    expect(worse.reasons).to.include(found.reasons[0]);
  });

  // For each end: the verdict with nothing wrong, a threshold missed, a bad load, both.
  const table: Record<EndedBy, [Verdict, Verdict, Verdict, Verdict]> = {
    "run-time": ["passed", "failed", "invalid", "invalid"],
    shape: ["passed", "failed", "invalid", "invalid"],
    capacity: ["passed", "failed", "invalid", "invalid"],
    page: ["passed", "failed", "invalid", "invalid"],
    threshold: ["failed", "failed", "invalid", "invalid"],
    interrupt: ["aborted", "aborted", "aborted", "aborted"],
    "stopped-elsewhere": ["invalid", "invalid", "invalid", "invalid"],
    script: ["invalid", "invalid", "invalid", "invalid"],
    data: ["passed", "failed", "invalid", "invalid"],
    "workers-lost": ["invalid", "invalid", "invalid", "invalid"],
    "master-silent": ["error", "error", "error", "error"],
    "master-lost": ["error", "error", "error", "error"],
    "results-unwritable": ["error", "error", "error", "error"],
    "command-killed": ["error", "error", "error", "error"],
    "not-started": ["error", "error", "error", "error"],
  };
  for (const endedBy of allEnds) {
    it(`${endedBy}: ${table[endedBy].join(", ")}`, () => {
      const cases = [good, bad].flatMap((integrity) => [met, missed].map((thresholds) => ({ integrity, thresholds })));
      const verdicts = cases.map(
        ({ integrity, thresholds = [] }) => decide({ endedBy, thresholds, integrity }).verdict,
      );
      expect(verdicts).to.deep.equal(table[endedBy]);
    });
  }

  it("fails a run whose target stopped answering, whatever its thresholds say", () => {
    const silence = "The target answered nothing in the last 11 s of 14 s, with 5 requests under way.";
    const decided = decide({ endedBy: "run-time", thresholds: met ?? [], integrity: good, silence });
    expect(decided).to.deep.equal({ verdict: "failed", exitCode: 1, reasons: [silence] });
  });

  it("says that the rows of a file have run out, which is an end in order", () => {
    const ended = { endedBy: "data" as const, duration: 4.2, runTime: 60, thresholds: met ?? [], integrity: good };
    const reasons = ["The rows of users.csv ran out, which ended the run after 4.2 s of 60 s."];
    const scriptEnd = { file: "users.csv", line: null };
    expect(decide({ ...ended, scriptEnd })).to.deep.equal({ verdict: "passed", exitCode: 0, reasons });
    expect(decide({ ...ended, scriptEnd, thresholds: missed ?? [] }).reasons)
      .to.have.lengthOf(2)
      .and.include(reasons[0]);
  });

  it("does not pass a run that rows ended which were not what they had been", () => {
    const ended = { endedBy: "data" as const, duration: 4.2, runTime: 60, thresholds: met ?? [], integrity: good };
    const dataProblem = "users.csv was changed while it was in use";
    expect(decide({ ...ended, scriptEnd: { file: "users.csv", line: null }, dataProblem })).to.deep.equal({
      ...{ verdict: "invalid", exitCode: 3 },
      reasons: [`Rows ended the run after 4.2 s of 60 s: ${dataProblem}.`],
    });
  });

  it("has no reasons for a run that passed, with or without thresholds", () => {
    for (const thresholds of [[], met ?? []]) {
      expect(decide({ endedBy: "run-time", thresholds, integrity: good })).to.deep.equal({
        verdict: "passed",
        exitCode: 0,
        reasons: [],
      });
    }
  });

  it("lists the load's problems before the thresholds", () => {
    expect(decide({ endedBy: "workers-lost", thresholds: missed ?? [], integrity: bad }).reasons).to.deep.equal([
      "All workers were gone, so the load ended early.",
      "The load was not what was asked: users: 50 of 100 asked.",
      "Workers: w was lost.",
      "Threshold p95<5 failed: it was 8 ms.",
    ]);
  });

  it("says that a threshold ended the run early, also where it holds at the end", () => {
    expect(decide({ endedBy: "threshold", thresholds: missed ?? [], integrity: good }).reasons).to.have.length(2);
    expect(decide({ endedBy: "threshold", thresholds: met ?? [], integrity: good }).reasons).to.deep.equal([
      "The run was ended early because a threshold was breached.",
    ]);
  });

  describe("of a script that decides itself", () => {
    const scriptEnd = { file: "shop.py", line: 9 };
    const ended = { thresholds: met ?? [], integrity: good, duration: 4.2, runTime: 8 };

    it("fails with the exit code that the script has set, and says so", () => {
      expect(decide({ ...ended, endedBy: "run-time", scriptExit: 7 })).to.deep.equal({
        verdict: "failed",
        exitCode: 1,
        reasons: ["The script failed the run: it set the exit code 7 (process_exit_code)."],
      });
      expect(decide({ ...ended, endedBy: "run-time", scriptExit: 0, thresholds: missed ?? [] }).verdict).to.equal(
        "failed",
      );
      expect(decide({ ...ended, endedBy: "run-time", scriptExit: 7, integrity: bad }).verdict).to.equal("invalid");
    });

    it("is invalid where the script ends the run early, unless it says that all is well", () => {
      const end = "The script ended the run after 4.2 s of 8 s (shop.py, line 9)";
      const early = { ...ended, endedBy: "script", scriptEnd } as const;
      expect(decide(early)).to.deep.include({
        verdict: "invalid",
        reasons: [`${end}: less load was applied than asked.`],
      });
      expect(decide({ ...early, scriptExit: 0 })).to.deep.include({ verdict: "passed", reasons: [`${end}.`] });
      expect(decide({ ...early, scriptExit: 0, thresholds: missed ?? [] }).verdict).to.equal("failed");
    });

    it("says when somebody else ended the run", () => {
      expect(decide({ ...ended, endedBy: "stopped-elsewhere" }).reasons).to.deep.equal([
        "The run was stopped after 4.2 s of 8 s, in Locust's web UI or by another command: less load was applied than asked.",
      ]);
    });
  });

  it("puts what went wrong into the sentence", () => {
    const { reasons } = decide({ endedBy: "not-started", error: "no workers came.", thresholds: [], integrity: null });
    expect(reasons).to.deep.equal(["The run could not start: no workers came."]);
  });

  describe("after a comparison with another run", () => {
    const regressions = ["p95 rose."];
    const unclear = ["p99 rose."];
    const ended = { endedBy: "run-time", thresholds: [], integrity: good } as const;

    it("fails with a regression, and is invalid where it is unclear whether there is one", () => {
      expect(decide({ ...ended, regressions })).to.deep.equal({
        verdict: "failed",
        exitCode: 1,
        reasons: ["Regression: p95 rose."],
      });
      expect(decide({ ...ended, unclear })).to.deep.equal({
        verdict: "invalid",
        exitCode: 3,
        reasons: ["Unclear: p99 rose."],
      });
      expect(decide({ ...ended, regressions: [], unclear: [] }).verdict).to.equal("passed");
    });

    it("names all that is wrong, what is known for sure first", () => {
      expect(decide({ ...ended, thresholds: missed ?? [], regressions, unclear })).to.include({ verdict: "failed" });
      expect(decide({ ...ended, thresholds: missed ?? [], regressions, unclear }).reasons).to.deep.equal([
        "Threshold p95<5 failed: it was 8 ms.",
        "Regression: p95 rose.",
        "Unclear: p99 rose.",
      ]);
      const invalid = decide({ ...ended, integrity: bad, regressions, unclear });
      expect(invalid.verdict).to.equal("invalid");
      expect(invalid.reasons.slice(2)).to.deep.equal(["Regression: p95 rose.", "Unclear: p99 rose."]);
    });
  });

  it("does not pass a run of whose load nothing is known", () => {
    expect(decide({ endedBy: "run-time", thresholds: [], integrity: null }).verdict).to.equal("invalid");
    const none = new Integrity({ users: 1, spawnRate: 1, workers: 1, shape: null }).report();
    expect(decide({ endedBy: "run-time", thresholds: [], integrity: none }).verdict).to.equal("invalid");
  });

  it("never passes where anything is wrong, has the verdict's exit code, and a reason for all but a pass", () => {
    const results = fc.array(fc.constantFrom(...(met ?? []), ...(missed ?? [])));
    const reports = fc.record({ ok: fc.boolean(), problems: fc.array(fc.string({ minLength: 1 })) });
    const sentences = fc.array(fc.string({ minLength: 1 }), { maxLength: 2 });
    const changes = fc.record({ regressions: sentences, unclear: sentences });
    fc.assert(
      fc.property(
        fc.constantFrom(...allEnds),
        results,
        fc.option(reports),
        changes,
        (endedBy, thresholds, report, found) => {
          const integrity = report === null ? null : { ...good, ...report };
          const { verdict, exitCode, reasons } = decide({ endedBy, thresholds, integrity, ...found });
          const clean =
            integrity?.ok === true &&
            integrity.problems.length === 0 &&
            thresholds.every(({ passed }) => passed) &&
            found.regressions.length + found.unclear.length === 0;
          expect(verdict === "passed").to.equal(clean && ["run-time", "shape", "page"].includes(endedBy));
          expect(exitCode).to.equal(exitCodes[verdict]);
          expect(reasons.length === 0).to.equal(verdict === "passed");
        },
      ),
    );
  });
});
