import { hostname } from "node:os";
import { expect } from "chai";
import { cleanUp, hasCommand, leaseOf, leaveTest, whoRuns } from "../../../../runner/cli/deployed-test/leftovers";
import { arrange } from "../../../../runner/places/kubernetes/deployed/arrange";
import { names } from "../../places/kubernetes/fake-namespace";
import { runInfo } from "../../places/kubernetes/lock/infos";
import { TestContext } from "./context";

describe("a test in a cluster", () => {
  let there: TestContext;
  beforeEach(async () => {
    there = await TestContext.open();
  });
  afterEach(() => there.close());

  const wants = { workers: 5, script: "b.py", scriptArguments: {} };
  const changed = async () => {
    await arrange({ cluster: there.namespace.cluster, names, wanted: wants });
    there.namespace.changes.length = 0;
  };
  const now = () => ({ workers: there.namespace.worker.spec?.replicas, script: there.namespace.deployed.script });

  describe("is left by a command", () => {
    it("free, where nothing is left to do", async () => {
      const { lock } = await there.acquire();
      await leaveTest(lock, true, { owed: false, aborted: true });
      expect(there.namespace.leases.lease).to.equal(undefined);
    });

    it("with its info, for the next one, where it is not as before, or results are owed", async () => {
      const { lock } = await there.acquire({ workers: "4" });
      await leaveTest(lock, false, { owed: false });
      expect(there.noted).to.deep.include({ mode: "start", before: { workerReplicas: 2, script: "script1.py" } });
      await leaveTest(lock, true, { owed: true, aborted: true });
      expect(there.noted).to.include({ mode: "start", workers: 4, aborted: true }).and.not.have.property("before");
      expect(there.namespace.leases.lease?.spec).to.not.have.property("leaseDurationSeconds");
    });
  });

  describe("has a command", () => {
    const asked = async () => hasCommand(there.context, await leaseOf(there.context.test));

    it("that renews its Lease, or gives it back meanwhile", async () => {
      expect(await asked(), "without a Lease").to.equal(false);
      const { lock } = await there.acquire();
      setTimeout(() => void lock.update({}), 100);
      expect(await asked()).to.equal(true);
      setTimeout(() => void lock.release(), 100);
      expect(await asked()).to.equal(true);
      expect(there.namespace.leases.lease).to.equal(undefined);
    });

    it("not for a run that was only started, nor where it was killed: its Lease is free at once from then on", async () => {
      there.left({ mode: "start" });
      expect(await asked()).to.equal(false);
      there.left({ masterId: "master-1", run: 1 });
      expect(await asked()).to.equal(false);
      expect(there.said()).to.have.length(1);
      expect(await asked()).to.equal(false);
      expect(there.said()).to.deep.equal([]);
      expect(there.noted).to.deep.equal(runInfo({ masterId: "master-1", run: 1 }));
    });
  });

  describe("is cleaned up when a run is over", () => {
    it("and keeps its info while its results are owed, or it had not begun", async () => {
      there.left({ ...wants, masterId: "master-1", run: 1, before: { workerReplicas: 2, script: "script1.py" } });
      await changed();
      there.endRun();
      await cleanUp(there.context, { owed: true, aborted: true });
      expect(now()).to.deep.equal({ workers: 2, script: "script1.py" });
      expect(there.noted)
        .to.include({ mode: "start", workers: 5, run: 1, aborted: true })
        .and.not.have.property("before");
      there.namespace.scaled(names.worker, 5);
      await cleanUp(there.context, { owed: false });
      expect(now().workers, "somebody's own").to.equal(5);
      expect(there.namespace.leases.lease).to.equal(undefined);
    });

    it("whose command was killed, or had only started it", async () => {
      for (const mode of ["run", "start"] as const) {
        there.left({
          mode,
          ...wants,
          masterId: "master-1",
          run: 1,
          before: { workerReplicas: 2, script: "script1.py" },
        });
        await changed();
        there.endRun();
        await cleanUp(there.context, { owed: false });
        expect(now(), mode).to.deep.equal({ workers: 2, script: "script1.py" });
        expect(there.namespace.leases.lease, mode).to.equal(undefined);
        expect(there.said().at(-1), mode).to.equal("As before: workers: 5 → 2, script: script1.py");
      }
    });

    it("and left alone where a command drives it, or nobody has", async () => {
      await cleanUp(there.context, { owed: false });
      const { lock } = await there.acquire();
      await changed();
      setTimeout(() => void lock.update({}), 100);
      await cleanUp(there.context, { owed: false });
      expect(now()).to.deep.equal({ workers: 5, script: "b.py" });
      expect(there.namespace.changes).to.deep.equal([]);
      expect(there.noted?.pid).to.equal(process.pid);
    });

    it("and keeps the lock, with a warning, while the run goes on or the API refuses", async () => {
      there.left({ mode: "start", ...wants, masterId: "master-1", run: 1 });
      await changed();
      there.locust.run({ run: 1 });
      await cleanUp(there.context, { owed: false });
      expect(there.said())
        .to.have.length(1)
        .with.property("0")
        .that.matches(/^warning: sam@\S+ started b\.py /);
      there.endRun();
      there.namespace.onCall = ({ method }, response) => {
        if (method === "PATCH") response.writeHead(403, { "content-type": "application/json" }).end("{}");
        return method === "PATCH";
      };
      await cleanUp(there.context, { owed: false });
      expect(there.said().at(-1)).to.match(/^warning: the test is not as it was before: loadtest scale 2; /);
      expect(there.noted).to.include({ mode: "start", workers: 5 });
    });
  });
});

describe("who runs a command", () => {
  const nobody = () => {
    throw new Error("ENOENT: no such file or directory, uv_os_get_passwd");
  };

  it("is a user, on a host, in a process", () => {
    const who = whoRuns(() => "sam");
    expect(who).to.include({ by: "sam", pid: process.pid });
    expect(who.host).to.equal(hostname());
  });

  it("is known also where the user has no name", () => {
    expect(whoRuns(nobody, { LOGNAME: "sam" }).by).to.equal("sam");
    expect(whoRuns(nobody, {}).by).to.match(/^user (\d+|unknown)$/);
  });
});
