import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type Command, startCommand } from "../support/cli";
import { kubectl, podsOf, until } from "../support/cluster";
import { sharedTest } from "../support/deployed";
import { skip } from "../support/needs";
import { sleep } from "../support/processes";
import { expectNoGap, finished, onlyRun, seriesIn, temporaryFolder } from "../support/project";
import { countsOf } from "../support/target";
import { DirectWay } from "../support/ways";

describe("a run in a cluster that is disturbed", function () {
  this.timeout(180_000);
  const test = sharedTest();
  const { namespace } = test;
  let way: DirectWay;
  let folder: string;
  let kubeconfig: string;

  before(async () => {
    folder = temporaryFolder();
    kubeconfig = join(folder, "kubeconfig");
    way = await DirectWay.start(process.env.KUBECONFIG ?? "", kubeconfig);
  });
  after(() => way?.close());

  /** A run without Pulumi, over the way that can be cut, at its full load. */
  async function running(results: string, ...args: readonly string[]): Promise<Command> {
    const where = ["--kubeconfig", kubeconfig, "--namespace", namespace, "--results", results];
    const load = ["--workers", "3", "--users", "6", "--run-time", "20s"];
    const command = startCommand(["run", ...where, ...load, ...args], { cwd: folder });
    await command.waitFor(/full load/, 90_000);
    await command.until(() => seriesIn(onlyRun(results)).length > 8, "samples");
    return command;
  }

  it("goes on where its connections are cut, and misses nothing", async () => {
    const results = temporaryFolder();
    const before = await countsOf(namespace);
    const command = await running(results, "--run-time", "25s");
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

  it("goes on to its end where it is cut at the end, and its last numbers are had later", async () => {
    const results = temporaryFolder();
    const before = await countsOf(namespace);
    const command = await running(results, "--run-time", "15s");
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

  it("is invalid where workers are killed, with all that the others did", async () => {
    const results = temporaryFolder();
    const command = await running(results);
    const [first, second] = podsOf(namespace, "worker").map(({ metadata }) => metadata.name);
    kubectl(namespace, ["delete", "pod", String(first), String(second), "--grace-period=0", "--force"]);
    const { code, stdout, stderr } = await command.ended;
    expect(code, `${stdout}\n${stderr}`).to.equal(3);
    const record = finished(onlyRun(results));
    expect(record).to.include({ verdict: "invalid", endedBy: "run-time" });
    // Kubernetes may leave them the time to say goodbye.
    const { lost, left = [] } = record.integrity?.workers ?? { lost: [] };
    expect([...lost, ...left].map(({ name }) => name)).to.have.members([first, second]);
    for (const name of [first, second]) expect(record.reasons.join("\n")).to.include(name);
    await test.expectAsBefore();
  });

  it("is given up after two minutes of silence, and completed later: as it was asked, in its folder", async function () {
    this.timeout(420_000);
    const results = temporaryFolder();
    const before = await countsOf(namespace);
    const command = await running(results, "--run-time", "30s", "--threshold", "rps>1000");
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

  for (const [how, args] of [
    ["deleted", []],
    ["deleted at once", ["--grace-period=0", "--force"]],
  ] as const) {
    it(`ends with what was measured where the master is ${how}`, async () => {
      await until("a master", () => podsOf(namespace, "control").length === 1);
      const results = temporaryFolder();
      const command = await running(results);
      const [pod] = podsOf(namespace, "control");
      kubectl(namespace, ["delete", "pod", String(pod?.metadata.name), "--wait=false", ...args]);
      const { code, stdout, stderr } = await command.ended;
      expect(code, `${stdout}\n${stderr}`).to.equal(4);
      const record = finished(onlyRun(results));
      expect(record).to.include({ verdict: "error", endedBy: "master-lost" });
      const { lost, left = [] } = record.integrity?.workers ?? {};
      expect({ lost, left }, "which follow their master").to.deep.equal({ lost: [], left: [] });
      expect(record.totals.requests).to.be.greaterThan(5);
      expect(seriesIn(onlyRun(results)).length).to.be.greaterThan(8);
      await test.expectAsBefore();
      // Workers that their master sent home come back later and later.
      test.renew();
    });
  }

  it("says which workers somebody's scale has brought in the middle", async () => {
    const results = temporaryFolder();
    const command = await running(results, "--run-time", "30s");
    kubectl(namespace, ["scale", "deployment", "locust-worker", "--replicas=4"]);
    const { code, stdout, stderr } = await command.ended;
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
    expect(finished(onlyRun(results)).warnings.join("\n")).to.match(
      /^workers: locust-worker-\S+ joined \d+ s into the run$/m,
    );
    expect(test.replicas, "somebody's own").to.equal(4);
    expect((await test.run("scale", "2")).code).to.equal(0);
    await test.expectAsBefore();
  });

  it("ends with what was measured where the master's process is killed in its pod", async function () {
    await until("a master", () => podsOf(namespace, "control").length === 1);
    const results = temporaryFolder();
    const command = await running(results);
    const master = masterProcess(podsOf(namespace, "control")[0]?.metadata.uid ?? "");
    if (master === undefined) {
      command.signal("SIGINT");
      await command.ended;
      skip(this, "processes of the cluster's pods cannot be seen from here");
    }
    process.kill(master, "SIGKILL");
    const { code, stdout, stderr } = await command.ended;
    expect(code, `${stdout}\n${stderr}`).to.equal(4);
    expect(finished(onlyRun(results))).to.include({ verdict: "error", endedBy: "master-lost" });
    await test.expectAsBefore();
  });
});

/** Locust's master in a pod of this machine, by the pod's uid. */
function masterProcess(uid: string): number | undefined {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    const cgroup = read(`/proc/${pid}/cgroup`);
    return (
      (cgroup.includes(uid) || cgroup.includes(uid.replaceAll("-", "_"))) &&
      read(`/proc/${pid}/cmdline`).includes("--master")
    );
  });
  return found === undefined ? undefined : Number(found);
}

/** A process may have ended in the meantime. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
