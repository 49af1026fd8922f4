import { readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type AcquiredTest, acquireTest } from "../../../../runner/cli/deployed-test/acquire";
import { clusterSetup } from "../../../../runner/cli/deployed-test/cluster-setup";
import {
  cleanUp,
  hasCommand,
  leaseOf,
  leaveTest,
  whoRuns,
  withoutLeftovers,
} from "../../../../runner/cli/deployed-test/leftovers";
import { RunnerError } from "../../../../runner/errors";
import { arrange } from "../../../../runner/places/kubernetes/deployed/arrange";
import { makeLease } from "../../../../runner/places/kubernetes/lock/lease";
import { type RunInfo, readInfo } from "../../../../runner/places/kubernetes/lock/run-info";
import { readRun } from "../../../../runner/results/read";
import { caught } from "../../places/kubernetes/api/fake-api";
import { names } from "../../places/kubernetes/fake-namespace";
import { runInfo } from "../../places/kubernetes/lock/infos";
import { TestContext } from "./context";

describe("a test in a cluster", () => {
  let there: TestContext;
  let acquired: AcquiredTest[];
  beforeEach(async () => {
    there = await TestContext.open();
    acquired = [];
  });
  afterEach(async () => {
    for (const { lock } of acquired) await lock.release();
    await there.close();
  });

  async function acquire(options: Parameters<typeof clusterSetup>[1] = {}): Promise<AcquiredTest> {
    const { context } = there;
    const taken = await acquireTest({
      ...context,
      setup: await clusterSetup(await withoutLeftovers(context.test), options),
    });
    acquired.push(taken);
    return taken;
  }
  /** What a command has left: one of `run` that was killed, or of `start`. */
  function left(parts: Partial<RunInfo>): void {
    const duration = parts.mode === "start" ? {} : { leaseDurationSeconds: 0.2 };
    const lease = makeLease({
      owner: { name: names.control, uid: "uid-of-locust-control" },
      spec: { holderIdentity: "sam@laptop", leaseTransitions: 0, ...duration },
      info: runInfo(parts),
    });
    there.namespace.leases.lease = { ...lease, metadata: { ...lease.metadata, uid: "u", resourceVersion: "1" } };
  }
  const noted = () => readInfo(there.namespace.leases.lease?.metadata?.annotations?.["loadtest/run"]).info;
  const wants = { workers: 5, script: "b.py", scriptArguments: {} };
  const changed = async () => {
    await arrange({ cluster: there.namespace.cluster, names, wanted: wants });
    there.namespace.changes.length = 0;
  };
  const now = () => ({ workers: there.namespace.worker.spec?.replicas, script: there.namespace.deployed.script });

  describe("is acquired for a run", () => {
    it("with info on who, what, and what was there before", async () => {
      const { before } = await acquire({ users: "7", workers: "4", threshold: ["p95<9"] });
      expect(before).to.deep.equal({ workers: 2, script: "script1.py" });
      expect(noted()).to.deep.include({
        ...{ mode: "run", host: hostname(), pid: process.pid, script: "script1.py", users: 7, workers: 4 },
        ...{ runTime: 60, thresholds: ["p95<9"], before: { workerReplicas: 2, script: "script1.py" } },
      });
    });

    it("by one command at a time", async () => {
      const { lock } = await acquire();
      setTimeout(() => void lock.update({}), 100);
      const error = await caught(acquire());
      expect(error).to.be.instanceOf(RunnerError).with.property("exitCode", 4);
      expect(error.message).to.match(/ runs script1\.py with 1 user since .*; it ends at /);
    });

    it("not while a run goes on that no command drives, with how to wait for it or end it", async () => {
      there.locust.run({ run: 3, elapsed: 65, runTime: 300, targetUsers: 40 });
      const hints =
        ". Wait for it: loadtest report --context there --namespace load --wait; or end it: loadtest stop --context there --namespace load";
      const text = (await caught(acquire())).message.replaceAll("--context test", "--context there");
      expect(text).to.equal(
        `a run of Locust's web UI (script1.py, 40 users) is going on for 01:05; it ends in 03:55${hints}`,
      );
      left({ mode: "start", masterId: "master-1", run: 3 });
      expect((await caught(acquire())).message).to.match(
        /^sam@\S+ started script1\.py with 20 users at .*\. Wait for it: /,
      );
      left({ mode: "run", masterId: "master-1", run: 3 });
      expect((await caught(acquire())).message, "of a killed command").to.match(
        /^sam@\S+ runs script1\.py .*\. Wait for it: /,
      );
      left({ masterId: "master-1", run: 2 });
      expect((await caught(acquire())).message, "of another run").to.match(/^a run of Locust's web UI /);
      expect(noted(), "it stays as it was").to.deep.equal(runInfo({ masterId: "master-1", run: 2 }));
      expect(there.namespace.leases.lease?.spec).to.not.have.property("leaseDurationSeconds");
    });

    it("once a run is over that was only started, with what was there before it", async () => {
      left({
        mode: "start",
        masterId: "master-1",
        run: 1,
        workers: 5,
        before: { workerReplicas: 2, script: "script1.py" },
      });
      await changed();
      there.endRun();
      there.locust.status = { ...there.locust.status, kept: true };
      expect((await acquire()).before).to.deep.equal({ workers: 2, script: "script1.py" });
      expect(noted()?.before).to.deep.equal({ workerReplicas: 2, script: "script1.py" });
    });

    it("after a killed command, with the workers that somebody has set since", async () => {
      left({ workers: 5, before: { workerReplicas: 2, script: "script1.py" } });
      there.namespace.scaled(names.worker, 9);
      expect((await acquire()).before.workers).to.equal(9);
      expect(noted()?.before?.workerReplicas).to.equal(9);
    });

    it("after the results of the run before are kept, where nobody has done so", async () => {
      there.endRun();
      await acquire();
      const [name = ""] = readdirSync(there.results);
      expect(readRun(join(there.results, name))).to.include({ status: "finished", endedBy: "page" });
      expect(there.locust.calls).to.deep.equal(["POST /loadtest/kept run=1"]);
      expect(there.said().slice(-1)[0]).to.match(/^They are in .*\(passed\)\.$/);
    });

    it("as the run before was asked for, when its results are kept; its info stays until then", async () => {
      left({ mode: "start", masterId: "master-1", run: 1, thresholds: ["p95<1"], users: 10, runTime: 12 });
      there.endRun();
      await acquire({ users: "3" });
      const [name = ""] = readdirSync(there.results);
      expect(readRun(join(there.results, name))).to.include({ verdict: "failed", complete: true });
      expect(noted()).to.include({ users: 3 }).and.not.have.any.keys("masterId", "run", "results", "aborted");
      expect(noted()?.thresholds).to.deep.equal([]);
    });

    it("and is not where that is interrupted, or those cannot be kept: their info stays", async () => {
      const plan = { mode: "start", masterId: "master-1", run: 1, users: 10, aborted: true } as const;
      for (const how of ["interrupted", "not kept"]) {
        left(plan);
        there.endRun();
        if (how === "not kept") there.locust.status = { ...there.locust.status, startedAt: "no date" };
        else there.interrupt.abort();
        await caught(acquire());
        expect(noted(), how).to.include(plan).and.have.property("before");
      }
    });

    it("with the workers that were there before a command that is gone, where nobody says how many", async () => {
      left({ workers: 5, before: { workerReplicas: 2, script: "script1.py" } });
      there.namespace.scaled(names.worker, 5);
      const test = await withoutLeftovers(there.context.test);
      expect((await clusterSetup(test, {})).plan.workers).to.equal(2);
      const { before } = await acquire();
      expect(before.workers).to.equal(2);
      expect(await withoutLeftovers(there.context.test)).to.deep.equal(there.context.test);
    });

    it("and is free again where those of nobody's plan cannot be kept", async () => {
      there.endRun();
      there.locust.status = { ...there.locust.status, startedAt: "no date" };
      await caught(acquire());
      expect(there.namespace.leases.lease).to.equal(undefined);
    });
  });

  describe("is left by a command", () => {
    it("free, where nothing is left to do", async () => {
      const { lock } = await acquire();
      await leaveTest(lock, { asBefore: true, owed: false, aborted: true });
      expect(there.namespace.leases.lease).to.equal(undefined);
    });

    it("with its info, for the next one, where it is not as before, or results are owed", async () => {
      const { lock } = await acquire({ workers: "4" });
      await leaveTest(lock, { asBefore: false, owed: false });
      expect(noted()).to.deep.include({ mode: "start", before: { workerReplicas: 2, script: "script1.py" } });
      await leaveTest(lock, { asBefore: true, owed: true, aborted: true });
      expect(noted()).to.include({ mode: "start", workers: 4, aborted: true }).and.not.have.property("before");
      expect(there.namespace.leases.lease?.spec).to.not.have.property("leaseDurationSeconds");
    });
  });

  describe("has a command", () => {
    const asked = async () => hasCommand(there.context, await leaseOf(there.context.test));

    it("that renews its Lease, or gives it back meanwhile", async () => {
      expect(await asked(), "without a Lease").to.equal(false);
      const { lock } = await acquire();
      setTimeout(() => void lock.update({}), 100);
      expect(await asked()).to.equal(true);
      setTimeout(() => void lock.release(), 100);
      expect(await asked()).to.equal(true);
      expect(there.namespace.leases.lease).to.equal(undefined);
    });

    it("not for a run that was only started, nor where it was killed: its Lease is free at once from then on", async () => {
      left({ mode: "start" });
      expect(await asked()).to.equal(false);
      left({ masterId: "master-1", run: 1 });
      expect(await asked()).to.equal(false);
      expect(there.said()).to.have.length(1);
      expect(await asked()).to.equal(false);
      expect(there.said()).to.deep.equal([]);
      expect(noted()).to.deep.equal(runInfo({ masterId: "master-1", run: 1 }));
    });
  });

  describe("is cleaned up when a run is over", () => {
    it("and keeps its info while its results are owed, or it had not begun", async () => {
      left({ ...wants, masterId: "master-1", run: 1, before: { workerReplicas: 2, script: "script1.py" } });
      await changed();
      there.endRun();
      await cleanUp(there.context, { owed: true, aborted: true });
      expect(now()).to.deep.equal({ workers: 2, script: "script1.py" });
      expect(noted()).to.include({ mode: "start", workers: 5, run: 1, aborted: true }).and.not.have.property("before");
      there.namespace.scaled(names.worker, 5);
      await cleanUp(there.context, { owed: false });
      expect(now().workers, "somebody's own").to.equal(5);
      expect(there.namespace.leases.lease).to.equal(undefined);
    });

    it("whose command was killed, or had only started it", async () => {
      for (const mode of ["run", "start"] as const) {
        left({ mode, ...wants, masterId: "master-1", run: 1, before: { workerReplicas: 2, script: "script1.py" } });
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
      const { lock } = await acquire();
      await changed();
      setTimeout(() => void lock.update({}), 100);
      await cleanUp(there.context, { owed: false });
      expect(now()).to.deep.equal({ workers: 5, script: "b.py" });
      expect(there.namespace.changes).to.deep.equal([]);
      expect(noted()?.pid).to.equal(process.pid);
    });

    it("and keeps the lock, with a warning, while the run goes on or the API refuses", async () => {
      left({ mode: "start", ...wants, masterId: "master-1", run: 1 });
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
      expect(noted()).to.include({ mode: "start", workers: 5 });
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
