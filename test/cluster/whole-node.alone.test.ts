import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { root } from "../support/cli";
import { sharedTest } from "../support/deployed";
import { listeners } from "../support/listeners";
import { skip } from "../support/needs";
import { sleep } from "../support/processes";
import { expectNoGap, finished, onlyRun, seriesIn, temporaryFolder } from "../support/project";
import { countedIn, countsOf } from "../support/target";

describe("a deployed test that takes the whole node", function () {
  this.timeout(180_000);
  const test = sharedTest();
  const { namespace } = test;

  it("runs 60 s with 8 workers, counts what the target counts, and scales back", async () => {
    const results = temporaryFolder();
    const counts = await countedIn(namespace, async () => {
      const command = test.start("run", "--workers", "8", "--users", "40", "--run-time", "60s", "--results", results);
      await command.waitFor(/full load/, 120_000);
      for (const { address, port } of listeners(command.pid)) expect(address, String(port)).to.match(/^127\.|^::1$/);
      const { code, stdout, stderr } = await command.ended;
      expect(code, `${stdout}\n${stderr}`).to.equal(0);
      expect(stderr)
        .to.match(/Workers: 2 → 8/)
        .and.match(/As before: workers: 8 → 2/);
      expect(stdout)
        .to.match(/PASSED \(exit code 0\)/)
        .and.match(/40 of 40 users, 8 workers/);
      for (const text of [stdout, stderr]) expect(text).to.not.include(test.token);
    });
    const directory = onlyRun(results);
    const record = finished(directory);
    expect(record).to.include({ verdict: "passed", place: "kubernetes", stack: "local-cluster", endedBy: "run-time" });
    expect(record.asked).to.include({ users: 40, workers: 8 });
    expect(record.totals.requests).to.be.greaterThan(300);
    expect({ requests: record.totals.requests, failures: record.totals.failures }).to.deep.equal(counts);
    expect(Object.keys(record.integrity?.workerCpu ?? {})).to.have.length(8);
    expect(seriesIn(directory).length).to.be.greaterThan(55);
    const files = readdirSync(directory, { recursive: true, encoding: "utf8" });
    expect(files).to.include.members(["run.json", "series.ndjson", "requests.csv", "report.html", "junit.xml"]);
    expect(files.filter((name) => /^logs.locust-(control|worker)-.*\.log$/.test(name))).to.have.length(9);
    for (const name of files.filter((file) => /\.\w+$/.test(file))) {
      expect(readFileSync(join(directory, name), "utf8"), name).to.not.include(test.token);
    }
    await test.expectAsBefore();
  });

  it("scale says, pod by pod, why workers are not ready", async () => {
    const { code, stderr } = await test.run("scale", "30", "--ready-timeout", "8s");
    expect(code).to.equal(4);
    expect(stderr)
      .to.match(/not ready after \d+ s/)
      .and.match(/too little cpu/);
    expect((await test.run("scale", "2")).code).to.equal(0);
    await test.expectAsBefore();
  });

  it("goes on, and has all that was measured, where the API server is restarted", async function () {
    const pidFile = join(dirname(process.env.KUBECONFIG ?? ""), "pid", "apiserver");
    const up = join(root, "..", "shared", "cluster", "up");
    if (!existsSync(pidFile) || !existsSync(up)) {
      skip(this, "the cluster's API server is not one that can be restarted here");
    }
    const results = temporaryFolder();
    const before = await countsOf(test.namespace);
    const load = ["--workers", "3", "--users", "6", "--run-time", "20s"];
    const command = test.start("run", ...load, "--results", results);
    await command.waitFor(/full load/, 90_000);
    await command.until(() => seriesIn(onlyRun(results)).length > 8, "samples");
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
    await sleep(3000);
    expect(spawnSync(up, { timeout: 90_000 }).status).to.equal(0);
    const { code, stdout, stderr } = await command.ended;
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
    const { requests } = await countsOf(test.namespace);
    expect(finished(onlyRun(results)).totals.requests).to.equal(requests - before.requests);
    expectNoGap(results);
    await test.expectAsBefore();
  });
});
