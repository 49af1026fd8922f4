import { join } from "node:path";
import { expect } from "chai";
import { runAtFullLoad, sharedTest } from "../support/deployed";
import { sleep } from "../support/processes";
import { expectNoGap, finished, onlyRun, temporaryFolder } from "../support/project";
import { countsOf } from "../support/target";
import { DirectWay } from "../support/ways";

describe("a run in a cluster whose connections are cut", function () {
  this.timeout(180_000);
  const test = sharedTest();
  const { namespace } = test;
  let way: DirectWay;
  let kubeconfig: string;

  before(async () => {
    kubeconfig = join(temporaryFolder(), "kubeconfig");
    way = await DirectWay.start(process.env.KUBECONFIG ?? "", kubeconfig);
  });
  after(() => way?.close());

  it("goes on, and misses nothing", async () => {
    const results = temporaryFolder();
    const before = await countsOf(namespace);
    const command = await runAtFullLoad(test, results, "--kubeconfig", kubeconfig, "--run-time", "25s");
    expect(way.reset()).to.be.greaterThan(0);
    way.refusing = true;
    await sleep(8000);
    way.refusing = false;
    const { code, stdout, stderr } = await command.ended;
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
    const { totals } = finished(onlyRun(results));
    const after = await countsOf(namespace);
    expect(totals.requests).to.equal(after.requests - before.requests);
    expectNoGap(results);
    await test.expectAsBefore();
  });

  it("goes on to its end where they are cut at the end, and its last numbers are had later", async () => {
    const results = temporaryFolder();
    const before = await countsOf(namespace);
    const command = await runAtFullLoad(test, results, "--kubeconfig", kubeconfig, "--run-time", "15s");
    way.refusing = true;
    way.reset();
    await sleep(15_000);
    way.refusing = false;
    const { code, stdout, stderr } = await command.ended;
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
    const record = finished(onlyRun(results));
    expect(record).to.include({ endedBy: "run-time", verdict: "passed" });
    expect(record.durationSeconds).to.be.within(13, 18);
    expect(record.totals.requests).to.equal((await countsOf(namespace)).requests - before.requests);
    expectNoGap(results);
    await test.expectAsBefore();
  });

  it("is given up after two minutes of silence, and completed later: as it was asked, in its folder", async function () {
    this.timeout(420_000);
    const results = temporaryFolder();
    const before = await countsOf(namespace);
    const command = await runAtFullLoad(
      test,
      results,
      "--kubeconfig",
      kubeconfig,
      "--run-time",
      "30s",
      "--threshold",
      "rps>1000",
    );
    way.refusing = true;
    way.reset();
    const { code, stdout, stderr } = await command.ended;
    expect(code, `${stdout}\n${stderr}`).to.equal(4);
    const half = finished(onlyRun(results));
    expect(half).to.include({ verdict: "error", endedBy: "master-silent", complete: false });
    expect(half.reasons.join(" "))
      .to.match(/may have the rest of the run: loadtest report/)
      .and.not.match(/was lost/);
    expect(half.warnings.join("\n")).to.match(/^the test is not as it was before: loadtest scale 2/m);
    way.refusing = false;
    const report = await test.run("report", "--wait", "--results", results);
    expect(report.code, report.stderr).to.equal(1);
    const whole = finished(onlyRun(results));
    expect(whole).to.include({ verdict: "failed", endedBy: "run-time", complete: true });
    expect(whole.totals.requests).to.equal((await countsOf(namespace)).requests - before.requests);
    expect(whole.asked).to.deep.equal(half.asked);
    expectNoGap(results);
    await test.expectAsBefore();
  });
});
