import { expect } from "chai";
import { kubectl, podsOf, until } from "../support/cluster";
import { sharedTest } from "../support/deployed";
import { finished, onlyRun, runsIn, temporaryFolder } from "../support/project";
import { countsOf } from "../support/target";

describe("the commands on a deployed test", function () {
  this.timeout(120_000);
  const test = sharedTest();
  const { namespace } = test;

  it("status tells of pods, workers, and that nothing has run yet", async () => {
    const { code, stdout } = await test.run("status");
    expect(code).to.equal(0);
    expect(stdout).to.include(`script1.py in namespace ${namespace}, stack local-cluster\n`);
    expect(stdout)
      .to.match(/^master {4}locust-control-\S+ +ready/m)
      .and.match(/^worker {4}locust-worker-\S+ +ready/m);
    expect(stdout)
      .to.match(/^workers {3}2 of 2 ready$/m)
      .and.match(/^run {7}none yet: loadtest run --stack local-cluster$/m);
    expect(stdout).to.match(/^cost {6}not known/m);
    expect(await test.status()).to.deep.include({
      run: null,
      problem: null,
      command: null,
      workers: { wanted: 2, ready: 2 },
    });
  });

  it("start leaves a run going that status, report and stop look at and end", async () => {
    const before = await countsOf(namespace);
    const results = temporaryFolder();
    const { code, stdout, stderr } = await test.run("start", "--workers", "3", "--users", "4", "--run-time", "5m");
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/Started script1\.py with 4 users; it ends by itself after 300 s/);
    expect(test.replicas).to.equal(3);
    await until("users", async () => (await test.status()).run?.users === 4);
    const status = await test.run("status");
    expect(status.stdout).to.match(/^run {7}script1\.py of \S+@\S+, going on for 00:\d\d of 05:00$/m);
    expect(status.stdout).to.match(/4 of 4 users/);
    const sofar = await test.run("report");
    expect(sofar.code).to.equal(0);
    expect(sofar.stdout)
      .to.match(/going on for/)
      .and.match(/Total/)
      .and.match(/report --stack local-cluster --wait/);
    const again = await test.run("start", "--users", "4");
    expect(again.code).to.equal(4);
    expect(again.stderr).to.match(/started script1\.py with 4 users at \d\d:\d\d:\d\d UTC/);
    const stopped = await test.run("stop", "--results", results);
    expect(stopped.code, stopped.stderr).to.equal(0);
    expect(stopped.stdout).to.match(/^ABORTED$/m);
    const record = finished(onlyRun(results));
    expect(record).to.include({ verdict: "aborted", place: "kubernetes" });
    expect(record.versions, "the image has the versions that the plugin was tested with").to.include({
      client: "patched",
    });
    const after = await countsOf(namespace);
    expect(record.totals.requests).to.equal(after.requests - before.requests);
    expect(test.replicas).to.equal(2);
    expect(kubectl(namespace, ["get", "leases", "--output", "name"])).to.equal("");
    const idle = await test.run("stop", "--results", results);
    expect(idle.stdout).to.match(/No run is going on/);
  });

  it("report --wait waits for a started run, keeps it, and exits by its verdict", async () => {
    const results = temporaryFolder();
    const load = ["--users", "4", "--run-time", "8s", "--threshold", "p95<0.001"];
    expect((await test.run("start", ...load)).code).to.equal(0);
    const waiting = test.start("report", "--wait", "--results", results);
    await waiting.waitFor(/full load/, 60_000);
    waiting.signal("SIGINT");
    expect((await waiting.ended).code).to.equal(130);
    const report = await test.run("report", "--wait", "--results", results);
    expect(report.code, report.stderr).to.equal(1);
    expect(report.stdout)
      .to.match(/FAILED \(exit code 1\)/)
      .and.match(/p95<0\.001/);
    expect(runsIn(results), "one folder, begun and completed").to.have.length(1);
    expect(finished(onlyRun(results))).to.include({ endedBy: "run-time", verdict: "failed" });
    const shown = await test.run("report", "--results", results, "--json");
    expect(shown.code).to.equal(1);
    expect(JSON.parse(shown.stdout)).to.deep.equal(finished(onlyRun(results)));
    expect(runsIn(results)).to.have.length(1);
  });

  it("scale changes the workers and waits for them", async () => {
    const up = await test.run("scale", "3");
    expect(up.code, up.stderr).to.equal(0);
    expect(up.stdout).to.match(/Workers: 2 → 3, ready/);
    expect(test.replicas).to.equal(3);
    const down = await test.json("scale", "2");
    expect(down.value).to.deep.equal({ before: 3, workers: 2 });
    expect((await test.run("scale", "many")).code).to.equal(2);
  });

  it("logs shows the master's and the workers', and follows them", async () => {
    const master = await test.run("logs");
    expect(master.stdout).to.match(/Starting Locust/);
    expect(master.stdout).to.not.include(test.token);
    const [pod] = podsOf(namespace, "worker");
    const worker = await test.run("logs", "--worker", "--tail", "3", "--json");
    const lines = worker.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.length).to.be.within(1, 3);
    expect(lines[0].pod).to.equal(pod?.metadata.name);
    const following = test.start("logs", "--follow");
    await following.waitFor(/Starting Locust/);
    following.signal("SIGINT");
    expect((await following.ended).code).to.equal(0);
  });

  it("works without Pulumi, by context and namespace", async () => {
    const { stdout, code, stderr } = await test.run("status", "--namespace", namespace);
    expect(code, stderr).to.equal(0);
    expect(stdout).to.include(`script1.py in namespace ${namespace}, context loadtest\n`);
    const results = temporaryFolder();
    const run = await test.run(
      "run",
      "--namespace",
      namespace,
      "--users",
      "2",
      "--run-time",
      "5s",
      "--results",
      results,
    );
    expect(run.code, run.stderr).to.equal(0);
    expect(finished(onlyRun(results))).to.include({ stack: null, target: test.target });
  });

  it("mistakes are one line, and exit with 2", async () => {
    const cases: [args: string[], says: RegExp][] = [
      [["status", "--stack", "nope"], /no stack named 'nope'/],
      [["status", "--context", "nope", "--namespace", namespace], /context.*nope.*loadtest/],
      [["run", "--stack", "local-cluster", "--namespace", "x"], /--namespace.*cannot be used.*--stack/],
      [["run", "--users", "0", "--run-time", "soon"], /users is "0"[\s\S]*runTime is "soon"/],
      [["run", "--script", "nope.py"], /nope\.py is not deployed: there is script1\.py/],
      [["run", "--demo"], /--local/],
      [["dashboard", "--users", "3"], /--users.*--local/],
    ];
    for (const [args, says] of cases) {
      const { code, stderr } = await test.run(...args);
      expect(stderr, args.join(" "))
        .to.match(says)
        .and.not.match(/ at \w+ \(|internal error/);
      expect(code, args.join(" ")).to.equal(2);
    }
    const missing = await test.run("status", "--namespace", "default");
    expect(missing.code).to.equal(4);
    expect(missing.stderr).to.match(/there is no load test in namespace default/);
  });
});
