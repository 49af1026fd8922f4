import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { InvalidArgumentError } from "commander";
import { compareCommand } from "../../../runner/cli/commands/compare";
import { limit, share } from "../../../runner/cli/readers";
import { RunnerError, UsageError } from "../../../runner/errors";
import { readRun } from "../../../runner/results/read";
import { columns } from "../../../runner/results/tables/text";
import { parseShare } from "../../../settings/values/share";
import { outputOf } from "../../support/output";
import { deadWriter, makeRun, nameAt, recordAt } from "../results/folders";
import { runningRecord, temporaryFolder } from "../results/make";
import { type Moment, runOf, usual } from "../verdict/compare/runs";

describe("loadtest compare", () => {
  let results: string;
  beforeEach(() => {
    results = temporaryFolder();
  });
  afterEach(() => rmSync(results, { recursive: true, force: true }));

  /** Keeps a run of so many windows, all alike. */
  function keep(minute: number, moment: Partial<Moment> = {}, more: Parameters<typeof recordAt>[1] = {}, windows = 6) {
    const { record, samples } = runOf("x", Array(windows).fill({ ...usual, ...moment }));
    const { totals, percentiles, durationSeconds } = record;
    const whole = { ...recordAt(minute), durationSeconds, percentiles };
    return makeRun(results, nameAt(minute), { ...whole, totals: { ...whole.totals, ...totals }, ...more }, samples);
  }
  const compare = (a: string, b: string, more: { maxRegression?: string; json?: boolean } = {}) =>
    outputOf(() => compareCommand(a, b, { results, maxRegression: "5%", ...more }));

  async function failure(work: Promise<unknown>): Promise<RunnerError> {
    const error = await work.then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).to.be.instanceOf(RunnerError);
    expect(error.message).to.not.include("\n");
    return error;
  }

  it("shows what changed, and exits with 1 for a regression", async () => {
    keep(1);
    keep(2, { p95: 400 });
    const { result, stdout } = await compare("previous", "latest");
    expect(result).to.equal(1);
    expect(stdout.split("\n")).to.deep.equal([
      `before  ${nameAt(1)}  passed`,
      `after   ${nameAt(2)}  passed`,
      "",
      "  metric      before   after       change",
      "✓ p50          42 ms   42 ms    0 % ± 0 %  same",
      "✗ p95         310 ms  400 ms  +29 % ± 0 %  worse, beyond 5 %",
      "✓ p99         780 ms  780 ms    0 % ± 0 %  same",
      "✓ fail_ratio    0.02    0.02    0 % ± 0 %  same",
      "✓ rps             50      50    0 % ± 0 %  same",
      "",
      "REGRESSION beyond 5 % (exit code 1)",
      "  p95 rose by 29 %, from 310 ms to 400 ms; 5 % is allowed.",
      "",
    ]);
  });

  it("exits with 0 where nothing is worse by more than is allowed", async () => {
    keep(1);
    keep(2, { p95: 400 });
    for (const allowed of ["30%", "0.3"]) {
      const { result, stdout } = await compare("previous", "latest", { maxRegression: allowed });
      expect(result).to.equal(0);
      expect(stdout)
        .to.match(/^✓ p95 .* worse, within 30 %$/m)
        .and.to.match(/^NO REGRESSION beyond 30 % \(exit code 0\)$/m);
    }
    expect((await compare("latest", "previous")).stdout).to.match(/^✓ p95 .* better$/m);
  });

  it("exits with 3 where it cannot tell, and says why", async () => {
    keep(1);
    keep(2, { p95: 400 }, {}, 2);
    const { result, stdout } = await compare("previous", "latest");
    expect(result).to.equal(3);
    expect(stdout).to.match(/^! p95 .* unclear, beyond 5 %$/m);
    expect(stdout)
      .to.match(/^! run time: 70 s before, 30 s after$/m)
      .and.to.match(/^! noise: cannot be told, as there are/m);
    expect(stdout).to.match(/UNCLEAR \(exit code 3\)\n {2}p95 rose by 29 %/);
  });

  it("exits with 3 where a run is worth nothing, whatever the numbers say", async () => {
    keep(1, {}, { verdict: "invalid" });
    keep(2, { p95: 400 });
    const { result, stdout } = await compare("previous", "latest");
    expect(result).to.equal(3);
    expect(stdout)
      .to.match(/^! verdict: invalid before, passed after$/m)
      .and.to.match(
        /^UNCLEAR \(exit code 3\)\n {2}The verdict before is invalid: the numbers of that run prove nothing.$/m,
      );
    keep(3, {}, { verdict: "aborted" });
    expect((await compare("20261124T1102", "latest")).result).to.equal(3);
  });

  it("says so of the baseline's numbers too, and of a regression it seems to show", async () => {
    keep(1, {}, { verdict: "aborted" });
    keep(2, { p95: 400 });
    const { result, stdout } = await compare("previous", "latest");
    expect(result).to.equal(3);
    expect(stdout).to.match(/The verdict before is aborted.*\n {2}p95 rose by 29 %/);
  });

  it("does not mind a run that missed its thresholds", async () => {
    keep(1, {}, { verdict: "failed" });
    keep(2);
    expect((await compare("previous", "latest")).result).to.equal(0);
  });

  it("prints the comparison as JSON and nothing else", async () => {
    keep(1);
    keep(2, { p95: 400 });
    const { stdout } = await compare("previous", "latest", { json: true });
    const comparison = JSON.parse(stdout);
    expect(comparison).to.include({ before: nameAt(1), after: nameAt(2), maxRegression: 0.05, exitCode: 1 });
    expect(comparison.metrics[1]).to.deep.equal({
      ...{ metric: "p95", before: 310, after: 400, change: 0.290323, noise: 0, kind: "worse" },
    });
  });

  it("completes a run whose command was killed, and does not touch one that goes on", async () => {
    keep(1);
    const killed = makeRun(results, nameAt(2), {
      ...runningRecord(),
      ...{ startedAt: recordAt(2).startedAt },
      writer: deadWriter(),
    });
    expect((await compare("previous", "latest")).result).to.equal(3);
    expect(readRun(killed)).to.include({ status: "finished", endedBy: "command-killed" });
    const going = makeRun(results, nameAt(3), runningRecord());
    const error = await failure(compare("latest", going));
    expect(error.message).to.match(/is still being written: process \d+ runs this load test$/);
    expect(readRun(going).status).to.equal("running");
    expect(existsSync(join(going, "junit.xml"))).to.equal(false);
  });

  it("compares without a series, and says that noise cannot be told", async () => {
    keep(1);
    rmSync(join(keep(2, { p95: 400 }), "series.ndjson"));
    const { result, stdout } = await compare("previous", "latest");
    expect(result).to.equal(3);
    expect(stdout).to.match(/full load was never reached after/);
  });

  it("refuses a run that is not there, and a share that is none", async () => {
    keep(1);
    expect(await failure(compare("latest", "nothing"))).to.be.instanceOf(UsageError);
    const error = await failure(compare("latest", "latest", { maxRegression: "much" }));
    expect(error).to.include({ exitCode: 2 });
    expect(error.message).to.equal('--max-regression "much" is wrong: must be a share such as 5%, 2.5% or 0.05');
  });

  it("fits 80 columns, whatever the names, and writes none of their control characters", async () => {
    keep(1, { rps: 123_456.7, p99: 123_456 });
    const path = keep(2, { rps: 1.2345, p99: 9, p50: 90_000 }, { script: `\u001b[31m${"x".repeat(90)}\n` });
    const { stdout } = await compare("previous", path);
    expect(stdout.split("\n").filter((line) => columns(line) > 80)).to.deep.equal([]);
    expect(stdout).to.not.include("\u001b");
  });
});

describe("values of options", () => {
  it("are shares with a sign or from 0 to 1", () => {
    expect(["5%", "0.05", "2.5 %", "7%", "0", "1", "150%"].map(parseShare)).to.deep.equal([
      ...[0.05, 0.05, 0.025, 0.07, 0, 1, 1.5],
    ]);
    for (const text of ["5", "1.1", "-5%", "five", "", "%", "5%%", "1e-2", "0x1", "Infinity"]) {
      expect(() => share(text), text).to.throw(InvalidArgumentError, "It must be a share such as 5%, 2.5% or 0.05.");
    }
    expect(share("5%")).to.equal("5%");
  });

  it("are limits from 1 on", () => {
    expect(limit("20")).to.equal(20);
    for (const text of ["0", "-1", "1.5", "all", ""]) expect(() => limit(text), text).to.throw(InvalidArgumentError);
  });
});
