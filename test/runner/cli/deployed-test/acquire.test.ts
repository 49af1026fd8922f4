import { readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { withAcquiredTest } from "../../../../runner/cli/deployed-test/acquire";
import { clusterSetup } from "../../../../runner/cli/deployed-test/cluster-setup";
import { withoutLeftovers } from "../../../../runner/cli/deployed-test/leftovers";
import { RunnerError, UsageError } from "../../../../runner/errors";
import { arrange } from "../../../../runner/places/kubernetes/deployed/arrange";
import { readRun } from "../../../../runner/results/read";
import type { LocustStatus } from "../../../../runner/types";
import { caught } from "../../places/kubernetes/api/fake-api";
import { names } from "../../places/kubernetes/fake-namespace";
import { runInfo } from "../../places/kubernetes/lock/infos";
import { TestContext } from "./context";
import { output } from "./tests";

describe("a test in a cluster", () => {
  let there: TestContext;
  beforeEach(async () => {
    there = await TestContext.open();
  });
  afterEach(() => there.close());

  describe("is acquired for a run", () => {
    it("with info on who, what, and what was there before", async () => {
      const { before } = await there.acquire({ users: "7", workers: "4", threshold: ["p95<9"] });
      expect(before).to.deep.equal({ workers: 2, script: "script1.py" });
      expect(there.noted).to.deep.include({
        ...{ mode: "run", host: hostname(), pid: process.pid, script: "script1.py", users: 7, workers: 4 },
        ...{ runTime: 60, thresholds: ["p95<9"], before: { workerReplicas: 2, script: "script1.py" } },
      });
    });

    it("by one command at a time", async () => {
      const { lock } = await there.acquire();
      setTimeout(() => void lock.update({}), 100);
      const error = await caught(there.acquire());
      expect(error).to.be.instanceOf(RunnerError).with.property("exitCode", 4);
      expect(error.message).to.match(/ runs script1\.py with 1 user since .*; it ends at /);
    });

    it("not while a run goes on that no command drives, with how to wait for it or end it", async () => {
      there.locust.run({ run: 3, elapsed: 65, runTime: 300, targetUsers: 40 });
      const hints =
        ". Wait for it: loadtest report --context there --namespace load --wait; or end it: loadtest stop --context there --namespace load";
      const text = (await caught(there.acquire())).message.replaceAll("--context test", "--context there");
      expect(text).to.equal(
        `a run of Locust's web UI (script1.py, 40 users) is going on for 01:05; it ends in 03:55${hints}`,
      );
      there.left({ mode: "start", masterId: "master-1", run: 3 });
      expect((await caught(there.acquire())).message).to.match(
        /^sam@\S+ started script1\.py with 20 users at .*\. Wait for it: /,
      );
      there.left({ mode: "run", masterId: "master-1", run: 3 });
      expect((await caught(there.acquire())).message, "of a killed command").to.match(
        /^sam@\S+ runs script1\.py .*\. Wait for it: /,
      );
      there.left({ masterId: "master-1", run: 2 });
      expect((await caught(there.acquire())).message, "of another run").to.match(/^a run of Locust's web UI /);
      expect(there.noted, "it stays as it was").to.deep.equal(runInfo({ masterId: "master-1", run: 2 }));
      expect(there.namespace.leases.lease?.spec).to.not.have.property("leaseDurationSeconds");
    });

    it("once a run is over that was only started, with what was there before it", async () => {
      there.left({
        mode: "start",
        masterId: "master-1",
        run: 1,
        workers: 5,
        before: { workerReplicas: 2, script: "script1.py" },
      });
      await arrange({
        cluster: there.namespace.cluster,
        names,
        wanted: { workers: 5, script: "b.py", scriptArguments: {} },
      });
      there.endRun();
      there.locust.status = { ...there.locust.status, kept: true };
      expect((await there.acquire()).before).to.deep.equal({ workers: 2, script: "script1.py" });
      expect(there.noted?.before).to.deep.equal({ workerReplicas: 2, script: "script1.py" });
    });

    it("after a killed command, with the workers that somebody has set since", async () => {
      there.left({ workers: 5, before: { workerReplicas: 2, script: "script1.py" } });
      there.namespace.scaled(names.worker, 9);
      expect((await there.acquire()).before.workers).to.equal(9);
      expect(there.noted?.before?.workerReplicas).to.equal(9);
    });

    it("after the results of the run before are saved, where nobody has done so", async () => {
      there.endRun();
      await there.acquire();
      const [name = ""] = readdirSync(there.results);
      expect(readRun(join(there.results, name))).to.include({ status: "finished", endedBy: "page" });
      expect(there.locust.calls).to.deep.equal(["POST /loadtest/kept run=1"]);
      expect(there.said().slice(-1)[0]).to.match(/^They are in .*\(passed\)\.$/);
    });

    it("as the run before was asked for, when its results are saved; its info stays until then", async () => {
      there.left({ mode: "start", masterId: "master-1", run: 1, thresholds: ["p95<1"], users: 10, runTime: 12 });
      there.endRun();
      await there.acquire({ users: "3" });
      const [name = ""] = readdirSync(there.results);
      expect(readRun(join(there.results, name))).to.include({ verdict: "failed", complete: true });
      expect(there.noted).to.include({ users: 3 }).and.not.have.any.keys("masterId", "run", "results", "aborted");
      expect(there.noted?.thresholds).to.deep.equal([]);
    });

    it("and is not where that is interrupted, or those cannot be saved: their info stays", async () => {
      const plan = { mode: "start", masterId: "master-1", run: 1, users: 10, aborted: true } as const;
      for (const how of ["interrupted", "not saved"]) {
        there.left(plan);
        there.endRun();
        if (how === "not saved") there.locust.status = { ...there.locust.status, startedAt: "no date" };
        else there.interrupt.abort();
        await caught(there.acquire());
        expect(there.noted, how).to.include(plan).and.have.property("before");
      }
    });

    it("with the workers that were there before a command that is gone, where nobody says how many", async () => {
      there.left({ workers: 5, before: { workerReplicas: 2, script: "script1.py" } });
      there.namespace.scaled(names.worker, 5);
      const test = await withoutLeftovers(there.context.test);
      expect((await clusterSetup(test, {})).plan.workers).to.equal(2);
      const { before } = await there.acquire();
      expect(before.workers).to.equal(2);
      expect(await withoutLeftovers(there.context.test)).to.deep.equal(there.context.test);
    });

    it("and is free again where those of nobody's plan cannot be saved", async () => {
      there.endRun();
      there.locust.status = { ...there.locust.status, startedAt: "no date" };
      await caught(there.acquire());
      expect(there.namespace.leases.lease).to.equal(undefined);
    });
  });

  describe("is held for a run", () => {
    const hold = (work: Parameters<typeof withAcquiredTest<void>>[2]) =>
      withAcquiredTest(there.context, { readyTimeout: 5, workers: "3" }, work);

    it("and given back as it was, also where the work fails", async () => {
      await hold(async ({ setup }) => {
        expect(setup.plan.workers).to.equal(3);
        expect(there.noted).to.include({ workers: 3, mode: "run" });
      });
      expect(there.namespace.leases.lease).to.equal(undefined);
      const failing = hold(async () => {
        throw new Error("it failed");
      });
      expect((await caught(failing)).message).to.equal("it failed");
      expect(there.namespace.leases.lease).to.equal(undefined);
    });

    it("and does not begin where HttpUser must be fast, and an earlier version is deployed", async () => {
      const begin = (client: NonNullable<LocustStatus["client"]>) => {
        const options = { readyTimeout: 5, httpClient: "fast" };
        return withAcquiredTest(there.context, options, (held) => held.begin({ ...there.locust.status, client }));
      };
      const earlier = { client: "patched", geventhttpclient: "2.6.1", gevent: "26.9.0" } as const;
      const { message } = await caught(begin(earlier));
      expect(message).to.equal("what runs there knows no httpClient: pulumi up, as an earlier version has deployed it");
      await begin({ ...earlier, requests: "2.34.2", urllib3: "2.8.0" });
    });

    it("and left with what was noted of its run, where results are owed", async () => {
      there.locust.status = { ...there.locust.status, run: 2, kept: true };
      await hold(async ({ left, begin }) => {
        await begin(there.locust.status, "/results/of-it");
        left.owed = true;
      });
      expect(there.noted).to.include({ mode: "start", masterId: "master-1", run: 3, results: "/results/of-it" });
      expect(there.noted).to.not.have.any.keys("before", "aborted");
    });

    it("and its run does not begin where another command has taken the test meanwhile", async () => {
      const { leases } = there.namespace;
      const work = hold(async ({ begin }) => {
        leases.annotate();
        leases.lease = { ...leases.lease, spec: { holderIdentity: "kim@laptop, process 8", leaseTransitions: 7 } };
        await begin(there.locust.status);
      });
      const error = await caught(work);
      expect(error).to.be.instanceOf(RunnerError);
      expect(error.message).to.equal("kim@laptop, process 8 has taken the lock of the run");
    });

    it("and left with what is to be restored, where a command left other workers and this one changes nothing", async () => {
      there.left({ workers: 5, before: { workerReplicas: 2, script: "script1.py" } });
      there.namespace.scaled(names.worker, 5);
      await caught(
        hold(async () => {
          throw new Error("no room for results");
        }),
      );
      expect(there.noted).to.deep.include({ mode: "start", before: { workerReplicas: 2, script: "script1.py" } });
    });

    it("and is not where its workers change while its Lease is watched", async () => {
      const { context } = there;
      there.namespace.scaled(names.worker, 5);
      const work = withAcquiredTest(context, { readyTimeout: 5 }, async () => undefined);
      expect((await caught(work)).message).to.equal("the number of workers has just changed, to 5: try again");
      expect(there.namespace.leases.lease).to.equal(undefined);
    });

    it("not where the run would cost more than it may: said before anything is scaled, locked or called", async () => {
      const cost = { currency: "USD" as const, region: "us-east-2", fixedPerHour: 0.3 };
      const sizes = { workerCpu: 0.25, workerMemory: 256, controlCpu: 0.25, controlMemory: 256 };
      const test = {
        ...there.context.test,
        output: output({ platform: "eks-fargate", region: "us-east-2", cost }),
        deployed: { ...there.context.test.deployed, ...sizes },
      };
      const calls = there.namespace.calls;
      const options = { readyTimeout: 5, workers: "50", runTime: "1h" };
      const dear = withAcquiredTest({ ...there.context, test }, { ...options, maxCost: 0.5 }, async () => undefined);
      const error = await caught(dear);
      expect(error).to.be.instanceOf(UsageError);
      expect(error.message).to.equal(
        "--max-cost 0.5: the run would cost about $0.94 (1 h, 50 workers, without traffic)",
      );
      expect(there.namespace.leases.lease).to.equal(undefined);
      expect(there.namespace.worker.spec?.replicas).to.equal(2);
      expect(there.namespace.calls).to.equal(calls);
      await withAcquiredTest({ ...there.context, test }, { ...options, maxCost: 1 }, async () => {
        expect(there.said()).to.include(
          "This run costs about $0.94: 1 h, 50 workers, without traffic; the stack costs $0.34 an hour while it is there",
        );
      });
    });

    it("and left as broken off after an interrupt, unless its command says otherwise", async () => {
      for (const [told, noted] of [
        [undefined, true],
        [false, undefined],
      ] as const) {
        await hold(async ({ left }) => {
          there.interrupt.abort();
          Object.assign(left, { owed: true, aborted: told });
        });
        expect(there.noted?.aborted).to.equal(noted);
        await there.close();
        there = await TestContext.open();
      }
    });
  });
});
