import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { kubectl, podsOf, until } from "../support/cluster";
import { runAtFullLoad, sharedTest } from "../support/deployed";
import { skip } from "../support/needs";
import { finished, onlyRun, seriesIn, temporaryFolder } from "../support/project";

describe("a run in a cluster whose pods are disturbed", function () {
  this.timeout(180_000);
  const test = sharedTest();
  const { namespace } = test;

  it("is invalid where workers are killed, with all that the others did", async () => {
    const results = temporaryFolder();
    const command = await runAtFullLoad(test, results);
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

  for (const [how, args] of [
    ["deleted", []],
    ["deleted at once", ["--grace-period=0", "--force"]],
  ] as const) {
    it(`ends with what was measured where the master is ${how}`, async () => {
      await until("a master", () => podsOf(namespace, "control").length === 1);
      const results = temporaryFolder();
      const command = await runAtFullLoad(test, results);
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
    const command = await runAtFullLoad(test, results, "--run-time", "30s");
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
    const command = await runAtFullLoad(test, results);
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
