import { readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Claim, claimTest, leaveLock, withoutLeftovers } from "../../../../runner/cli/deployed-test/claim";
import { cleanUp } from "../../../../runner/cli/deployed-test/clean-up";
import { clusterSetup } from "../../../../runner/cli/deployed-test/setup";
import { RunnerError } from "../../../../runner/errors";
import { arrange } from "../../../../runner/places/kubernetes/deployed/arrange";
import { leaseName, makeLease } from "../../../../runner/places/kubernetes/lock/lease";
import { type RunNote, readNote } from "../../../../runner/places/kubernetes/lock/note";
import { readRun } from "../../../../runner/results/read";
import { caught } from "../../places/kubernetes/api/fake-api";
import { names } from "../../places/kubernetes/fake-namespace";
import { note } from "../../places/kubernetes/lock/notes";
import { deadWriter } from "../../results/folders";
import { TestContext } from "./context";

/** A command on this machine that was killed. */
const { pid: dead } = deadWriter();

describe("a test in a cluster", () => {
  let there: TestContext;
  let claims: Claim[];
  beforeEach(async () => {
    there = await TestContext.open();
    claims = [];
  });
  afterEach(async () => {
    for (const { lock } of claims) await lock.release();
    await there.close();
  });

  async function claim(options: Parameters<typeof clusterSetup>[1] = {}): Promise<Claim> {
    const { context } = there;
    const taken = await claimTest({
      ...context,
      setup: await clusterSetup(await withoutLeftovers(context.test), options),
    });
    claims.push(taken);
    return taken;
  }
  /** What a command has left that took the lock so many seconds ago. */
  function left(parts: Partial<RunNote>, seconds = 100): void {
    const at = new Date(Date.now() - seconds * 1000);
    const lease = makeLease({
      ...{ namespace: "load", owner: { name: names.control, uid: "uid-of-locust-control" }, holder: "sam@laptop" },
      ...{ note: note({ pid: dead, ...parts }), acquired: at, renewed: at, duration: 15, transitions: 0 },
    });
    there.namespace.leases.lease = {
      ...lease,
      metadata: { ...lease.metadata, name: leaseName, uid: "u", resourceVersion: "1" },
    };
  }
  const noted = () => readNote(there.namespace.leases.lease?.metadata?.annotations?.["loadtest/run"]).note;
  const wants = { workers: 5, script: "b.py", scriptArguments: {} };
  const changed = async () => {
    await arrange({ cluster: there.namespace.cluster, names, wanted: wants });
    there.namespace.changes.length = 0;
  };
  const now = () => ({ workers: there.namespace.worker.spec?.replicas, script: there.namespace.deployed.script });

  describe("is claimed for a run", () => {
    it("with a note of who, what, and what was there before", async () => {
      const { before } = await claim({ users: "7", workers: "4", threshold: ["p95<9"] });
      expect(before).to.deep.equal({ workers: 2, script: "script1.py" });
      expect(noted()).to.deep.include({
        ...{ mode: "run", host: hostname(), pid: process.pid, script: "script1.py", users: 7, workers: 4 },
        ...{ runTime: 60, thresholds: ["p95<9"], before: { workerReplicas: 2, script: "script1.py" } },
      });
    });

    it("by one command at a time", async () => {
      await claim();
      const error = await caught(claim());
      expect(error).to.be.instanceOf(RunnerError).with.property("exitCode", 4);
      expect(error.message).to.match(/ runs script1\.py with 1 user since .*; it ends at /);
    });

    it("not while a run goes on that no command drives, with how to wait for it or end it", async () => {
      there.locust.run({ run: 3, elapsed: 65, runTime: 300, targetUsers: 40 });
      const hints =
        ". Wait for it: loadtest report --context there --namespace load --wait; or end it: loadtest stop --context there --namespace load";
      const text = (await caught(claim())).message.replaceAll("--context test", "--context there");
      expect(text).to.equal(
        `a run of Locust's page (script1.py, 40 users) is going on for 01:05; it ends in 03:55${hints}`,
      );
      left({ mode: "start", masterId: "master-1", run: 3 });
      expect((await caught(claim())).message).to.match(
        /^sam@\S+ started script1\.py with 20 users at .*\. Wait for it: /,
      );
      left({ mode: "run", masterId: "master-1", run: 3 });
      expect((await caught(claim())).message, "of a killed command").to.match(
        /^sam@\S+ runs script1\.py .*\. Wait for it: /,
      );
      left({ masterId: "master-1", run: 2 });
      expect((await caught(claim())).message, "of another run").to.match(/^a run of Locust's page /);
      expect(there.namespace.leases.asked).to.not.include("replace");
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
      expect((await claim()).before).to.deep.equal({ workers: 2, script: "script1.py" });
      expect(noted()?.before).to.deep.equal({ workerReplicas: 2, script: "script1.py" });
    });

    it("after a killed command, with the workers that somebody has set since", async () => {
      left({ workers: 5, before: { workerReplicas: 2, script: "script1.py" } });
      there.namespace.scaled(names.worker, 9);
      expect((await claim()).before.workers).to.equal(9);
      expect(noted()?.before?.workerReplicas).to.equal(9);
    });

    it("after the results of the run before are kept, where nobody has done so", async () => {
      there.endRun();
      await claim();
      const [name = ""] = readdirSync(there.results);
      expect(readRun(join(there.results, name))).to.include({ status: "finished", endedBy: "page" });
      expect(there.locust.calls).to.deep.equal(["POST /loadtest/kept run=1"]);
      expect(there.said().slice(-1)[0]).to.match(/^They are in .*\(passed\)\.$/);
    });

    it("as the run before was asked for, when its results are kept; its note stays until then", async () => {
      left({ mode: "start", masterId: "master-1", run: 1, thresholds: ["p95<1"], users: 10, runTime: 12 });
      there.endRun();
      await claim({ users: "3" });
      const [name = ""] = readdirSync(there.results);
      expect(readRun(join(there.results, name))).to.include({ verdict: "failed", complete: true });
      expect(noted()).to.include({ users: 3 }).and.not.have.any.keys("masterId", "run", "results", "aborted");
      expect(noted()?.thresholds).to.deep.equal([]);
    });

    it("and is not where that is interrupted, or those cannot be kept: their note stays", async () => {
      const plan = { mode: "start", masterId: "master-1", run: 1, users: 10, aborted: true } as const;
      for (const how of ["interrupted", "not kept"]) {
        left(plan);
        there.endRun();
        if (how === "not kept") there.locust.status = { ...there.locust.status, startedAt: "no date" };
        else there.interrupt.abort();
        await caught(claim());
        expect(noted(), how).to.include(plan).and.have.property("before");
      }
    });

    it("with the workers that were there before a command that is gone, where nobody says how many", async () => {
      left({ workers: 5, before: { workerReplicas: 2, script: "script1.py" } });
      there.namespace.scaled(names.worker, 5);
      const test = await withoutLeftovers(there.context.test);
      expect((await clusterSetup(test, {})).plan.workers).to.equal(2);
      const { before } = await claim();
      expect(before.workers).to.equal(2);
      expect(await withoutLeftovers(there.context.test), "of a living one").to.deep.equal(there.context.test);
    });

    it("and is free again where those of nobody's plan cannot be kept", async () => {
      there.endRun();
      there.locust.status = { ...there.locust.status, startedAt: "no date" };
      await caught(claim());
      expect(there.namespace.leases.lease).to.equal(undefined);
    });
  });

  describe("is left by a command", () => {
    it("free, where nothing is left to do", async () => {
      const { lock } = await claim();
      await leaveLock(lock, { asBefore: true, owed: false, aborted: true });
      expect(there.namespace.leases.lease).to.equal(undefined);
    });

    it("with its note, for the next one, where it is not as before, or results are owed", async () => {
      const { lock } = await claim({ workers: "4" });
      await leaveLock(lock, { asBefore: false, owed: false });
      expect(noted()).to.deep.include({ mode: "start", before: { workerReplicas: 2, script: "script1.py" } });
      await leaveLock(lock, { asBefore: true, owed: true, aborted: true });
      expect(noted()).to.include({ mode: "start", workers: 4, aborted: true }).and.not.have.property("before");
      expect(there.namespace.leases.lease?.spec).to.not.have.property("leaseDurationSeconds");
    });
  });

  describe("is cleaned up when a run is over", () => {
    it("and keeps its note while its results are owed, or it had not begun", async () => {
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
        expect(there.said(), mode).to.deep.equal(["As before: workers: 5 → 2, script: script1.py"]);
      }
    });

    it("and left alone where a command drives it, or nobody has", async () => {
      await cleanUp(there.context, { owed: false });
      await claim();
      await changed();
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
