import { expect } from "chai";
import { sharedTest } from "../support/deployed";
import { finished, onlyRun, temporaryFolder } from "../support/project";
import { countedIn } from "../support/target";

describe("an arrival rate, on a test that pulumi up has deployed", function () {
  this.timeout(180_000);
  const test = sharedTest();
  const { namespace } = test;
  const load = ["--users", "10", "--spawn-rate", "10", "--arrival-rate", "10:4s 20/s:4s"];

  it("starts in pods what its stages ask for", async () => {
    const results = temporaryFolder();
    const counts = await countedIn(namespace, async () => {
      const { code, stdout, stderr } = await test.run("run", ...load, "--results", results);
      expect(code, stdout + stderr).to.equal(0);
      expect(stderr).to.match(/wait_time is not used: iterations start at 10:4s 20\/s:4s, with at most 10 under way/);
    });
    const record = finished(onlyRun(results));
    const { due, started = 0 } = record.integrity?.arrivals ?? {};
    expect(due).to.equal(120);
    expect(started)
      .to.equal(counts.requests)
      .and.to.be.within(0.99 * 120, 120);
    expect(record.corrected?.percentiles.p95).to.be.a("number");
    await test.expectAsBefore();
  });

  it("goes on without its command, and is judged by what was asked then", async () => {
    const results = temporaryFolder();
    const started = await test.run("start", ...load, "--arrival-spacing", "poisson", "--results", results);
    expect(started.code, started.stderr).to.equal(0);
    expect(started.stdout).to.contain("at random gaps (Poisson)");
    const report = await test.run("report", "--wait", "--results", results);
    expect(report.code, report.stdout + report.stderr).to.equal(0);
    const record = finished(onlyRun(results));
    expect(record.asked.arrivals).to.deep.equal({ rate: "10:4s 20/s:4s", spacing: "poisson" });
    const { due = 0, started: starts = 0 } = record.integrity?.arrivals ?? {};
    expect(due).to.be.within(60, 180);
    expect(starts).to.be.within(0.99 * due - 1, due);
    await test.expectAsBefore();
  });

  it("is none in the run after it", async () => {
    const results = temporaryFolder();
    const { code, stderr } = await test.run("run", "--users", "4", "--run-time", "6s", "--results", results);
    expect(code, stderr).to.equal(0);
    expect(finished(onlyRun(results)).integrity).to.not.have.property("arrivals");
    await test.expectAsBefore();
  });
});
