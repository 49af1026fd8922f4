import { execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { listRuns } from "../../runner/results/history";
import { kubectl, until } from "../support/cluster";
import { sharedTest } from "../support/deployed";
import { mountOrSkip } from "../support/needs";
import { finished, onlyRun, runsIn, seriesIn, temporaryFolder } from "../support/project";
import { countedIn, countsOf } from "../support/target";

describe("loadtest run, on a test that pulumi up has deployed", function () {
  this.timeout(180_000);
  const test = sharedTest();
  const { namespace } = test;

  it("tells a second run who runs and since when, and lets the first go on", async () => {
    const results = temporaryFolder();
    const first = test.start("run", "--users", "4", "--run-time", "15s", "--results", results);
    await first.waitFor(/full load/, 60_000);
    const { code, stderr } = await test.run("run", "--users", "4", "--run-time", "15s", "--results", results);
    expect(code).to.equal(4);
    expect(stderr).to.match(/@\S+.* runs script1\.py with 4 users since \d\d:\d\d:\d\d/);
    expect((await first.ended).code).to.equal(0);
    expect(runsIn(results)).to.have.length(1);
    await test.expectAsBefore();
  });

  it("ends in good order on Ctrl-C: every request is counted, and the workers are as before", async () => {
    const results = temporaryFolder();
    const counts = await countedIn(namespace, async () => {
      const args = ["--workers", "3", "--users", "6", "--script", "script_requests.py", "--run-time", "60s"];
      args.push("--http-client", "requests");
      const command = test.start("run", ...args, "--results", results);
      await command.waitFor(/full load/, 90_000);
      command.signal("SIGINT");
      const { code, stderr } = await command.ended;
      expect(code, stderr).to.equal(130);
      expect(stderr)
        .to.match(/^SIGINT: ending the run/m)
        .and.match(/script: script1\.py/);
    });
    const record = finished(onlyRun(results));
    expect(record).to.include({ verdict: "aborted", endedBy: "interrupt", script: "script_requests.py" });
    expect(record.versions).to.include({ httpUser: "requests" }).and.not.have.property("httpUserCause");
    expect({ requests: record.totals.requests, failures: record.totals.failures }).to.deep.equal(counts);
    await test.expectAsBefore();
    const script = ".spec.template.spec.containers[*].env[?(@.name=='LOADTEST_SCRIPT')].value";
    const scripts = kubectl(namespace, ["get", "deployments", "--output", `jsonpath={.items[*]${script}}`]);
    expect(scripts).to.include("script1.py").and.not.include("script_requests.py").and.not.include("httpClient");
  });

  it("ends at once on a second Ctrl-C, stays aborted, and is completed later in its folder", async () => {
    const results = temporaryFolder();
    const before = await countsOf(namespace);
    const load = ["--workers", "3", "--users", "6", "--run-time", "120s", "--threshold", "rps>1000"];
    const command = test.start("run", ...load, "--results", results);
    await command.waitFor(/full load/, 90_000);
    await command.until(() => seriesIn(onlyRun(results)).length > 6, "samples");
    command.signal("SIGINT");
    // Two at the same moment would be one.
    await command.waitFor(/^SIGINT: ending the run/m);
    command.signal("SIGINT");
    const began = performance.now();
    const { code, stderr } = await command.ended;
    expect(code, stderr).to.equal(130);
    expect(performance.now() - began).to.be.below(8000);
    const record = finished(onlyRun(results));
    expect(record).to.include({ verdict: "aborted", endedBy: "interrupt" });
    expect(record.totals.requests).to.be.greaterThan(0);
    expect(test.replicas).to.equal(2);
    await until("no users", async () => (await test.status()).run?.going === false, 30);
    expect((await test.run("status")).stdout).to.match(/its results are not saved yet/);
    const report = await test.run("report", "--wait", "--results", results);
    expect(report.code, report.stderr).to.equal(130);
    const whole = finished(onlyRun(results));
    expect(whole).to.include({ verdict: "aborted", exitCode: 130, endedBy: "interrupt", complete: true });
    expect(whole.asked).to.include({ users: 6, workers: 3 });
    expect(whole.thresholds.map(({ threshold }) => threshold)).to.deep.equal(["rps>1000"]);
    expect(whole.totals.requests).to.equal((await countsOf(namespace)).requests - before.requests);
    await test.expectAsBefore();
  });

  it("has no results where its command was killed before the load, and is no older run; the next one is as deployed", async () => {
    const results = temporaryFolder();
    const command = test.start("run", "--workers", "3", "--users", "6", "--results", results);
    await command.waitFor(/Workers: 2 → 3/, 60_000);
    command.signal("SIGKILL");
    await command.ended;
    for (const again of [false, true]) {
      const report = await test.run("report", "--wait", "--results", results);
      expect(report.code, report.stdout).to.equal(4);
      expect(report.stderr, String(again)).to.match(/there are no results of the run .*: it had not begun/);
      expect(test.replicas).to.equal(2);
    }
    const second = test.start("run", "--workers", "3", "--users", "6", "--results", results);
    await second.waitFor(/Workers: 2 → 3/, 60_000);
    second.signal("SIGKILL");
    await second.ended;
    const next = await test.run("run", "--users", "4", "--run-time", "5s", "--results", results);
    expect(next.code, next.stderr).to.equal(0);
    const [latest] = listRuns(results);
    expect(latest?.record?.asked).to.include({ users: 4, workers: 2 });
    await test.expectAsBefore();
  });

  it("is made as it was where somebody deletes its Lease", async () => {
    const results = temporaryFolder();
    const command = test.start("run", "--workers", "3", "--users", "6", "--run-time", "15s", "--results", results);
    await command.waitFor(/full load/, 90_000);
    kubectl(namespace, ["delete", "lease", "loadtest-run"]);
    const { code, stderr } = await command.ended;
    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/deleted the lock of the run/);
    await test.expectAsBefore();
  });

  it("loses nothing where the terminal is closed", async () => {
    const results = temporaryFolder();
    const command = test.start("run", "--users", "6", "--run-time", "120s", "--results", results);
    await command.waitFor(/full load/, 60_000);
    command.signal("SIGHUP");
    expect((await command.ended).code).to.equal(130);
    expect(finished(onlyRun(results))).to.include({ verdict: "aborted" });
    await test.expectAsBefore();
  });

  it("ends a run whose results cannot be kept any more, and leaves the cluster as it was", async function () {
    const disk = temporaryFolder();
    mountOrSkip(this, disk, "size=2500k");
    try {
      const results = join(disk, "results");
      const command = test.start("run", "--workers", "3", "--users", "6", "--run-time", "120s", "--results", results);
      await command.waitFor(/full load/, 90_000);
      await command.until(() => readdirSync(onlyRun(results)).includes("requests.csv"), "numbers");
      fill(join(disk, "filler"));
      const { code, stderr, stdout } = await command.ended;
      expect(code, stderr).to.equal(4);
      expect(`${stdout}${stderr}`.replace(/\s+/g, " ")).to.match(/could not be written: .*the disk is full/);
      expect(finished(onlyRun(results))).to.include({ verdict: "error", endedBy: "results-unwritable" });
      expect(test.replicas).to.equal(2);
      rmSync(join(disk, "filler"));
      const report = await test.run("report", "--wait", "--results", results);
      expect(report.code, report.stderr).to.equal(3);
      expect(finished(onlyRun(results))).to.include({ verdict: "invalid", complete: true });
      expect(finished(onlyRun(results)).settings).to.include({ runTime: "120s" });
      await test.expectAsBefore();
    } finally {
      execFileSync("umount", [disk]);
    }
  });

  it("leaves a run to its own end where the command is killed, and the next command keeps its results", async () => {
    const results = temporaryFolder();
    const counts = await countedIn(namespace, async () => {
      const args = ["--workers", "3", "--users", "6", "--run-time", "45s", "--results", results];
      const command = test.start("run", ...args);
      await command.waitFor(/full load/, 90_000);
      await command.until(() => seriesIn(onlyRun(results)).length > 6, "samples");
      command.signal("SIGKILL");
      await command.ended;
      const during = await test.status();
      expect(during.run).to.deep.include({ going: true, targetUsers: 6, runTime: 45 });
      expect(during).to.include({ workersBefore: 2 });
      const second = await test.run("run", "--users", "4", "--run-time", "5s", "--results", results);
      expect(second.code).to.equal(4);
      expect(second.stderr).to.match(/runs script1\.py with 6 users since .*report --stack local-cluster --wait/);
      await until("its end", async () => (await test.status()).run?.going === false, 80);
      const text = await test.run("status");
      expect(text.stdout).to.match(/its results are not saved yet: loadtest report --stack local-cluster/);
      const report = await test.run("report", "--results", results);
      expect(report.code, report.stderr).to.equal(0);
      expect(report.stdout).to.match(/PASSED/);
    });
    const record = finished(onlyRun(results));
    expect(record).to.include({ verdict: "passed", endedBy: "run-time" });
    expect({ requests: record.totals.requests, failures: record.totals.failures }).to.deep.equal(counts);
    const series = seriesIn(onlyRun(results));
    expect(series.map(({ t }) => t)).to.deep.equal(series.map(({ t }) => t).sort((a, b) => a - b));
    const gaps = series.slice(1).map(({ t }, index) => t - (series[index]?.t ?? 0));
    expect(Math.max(...gaps), "gap between samples").to.be.below(3);
    await test.expectAsBefore();
    expect((await test.status()).run).to.deep.include({ kept: true });
  });
});

function fill(path: string): void {
  const file = openSync(path, "w");
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).to.equal("ENOSPC");
  } finally {
    closeSync(file);
  }
}
