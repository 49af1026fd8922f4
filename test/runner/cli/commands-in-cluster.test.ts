import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { reportInCluster } from "../../../runner/cli/commands/in-cluster/report";
import { runInCluster } from "../../../runner/cli/commands/in-cluster/run";
import { startCommand } from "../../../runner/cli/commands/start";
import { statusCommand } from "../../../runner/cli/commands/status";
import { stopCommand } from "../../../runner/cli/commands/stop";
import { readRun } from "../../../runner/results/read";
import { type AwsCall, type ScriptedAws, useScriptedAws, withEnvironment } from "../../support/aws";
import { until } from "../../support/cluster";
import { outputOf } from "../../support/output";
import { caught } from "../places/kubernetes/api/fake-api";
import { TestContext } from "./deployed-test/context";
import { output } from "./deployed-test/tests";

describe("commands on a test in a cluster", () => {
  const write = process.stderr.write;
  let there: TestContext;
  let said: string;
  beforeEach(async () => {
    there = await TestContext.open();
    said = "";
    process.stderr.write = (text: string | Uint8Array) => {
      said += String(text);
      return true;
    };
    // The master's clock goes on.
    there.locust.onSwarm = (form) => {
      const load = {
        targetUsers: Number(form.get("user_count")),
        runTime: Number.parseInt(form.get("run_time") ?? "", 10),
      };
      there.locust.run({ users: load.targetUsers, ...load, startedAt: new Date().toISOString(), elapsed: 0 });
      return { success: true };
    };
    there.locust.onStop = () => there.locust.ended({ elapsed: 1 });
  });
  afterEach(async () => {
    process.stderr.write = write;
    await there.close();
  });

  function options() {
    const kubeconfig = join(there.results, "kubeconfig");
    writeFileSync(kubeconfig, there.namespace.api.kubeconfig);
    const where = { kubeconfig, namespace: "load", results: join(there.results, "runs"), users: "4", runTime: "1s" };
    return { ...where, readyTimeout: 10, maxRegression: "5%" };
  }
  const lease = () => there.namespace.leases.lease;
  const runs = () => readdirSync(join(there.results, "runs")).map((name) => readRun(join(there.results, "runs", name)));

  it("start leaves a run going, with its lock; status, a second start, report and stop know of it", async () => {
    const started = await outputOf(() => startCommand({ ...options(), runTime: "5m" }));
    expect(started.result).to.equal(0);
    expect(started.stdout).to.match(
      /^Started script1\.py with 4 users; it ends by itself after 300 s\.\nloadtest status /,
    );
    expect(there.noted).to.include({ mode: "start", masterId: "master-1", run: 1, users: 4 });
    expect(lease()?.spec).to.not.have.property("leaseDurationSeconds");
    const { stdout } = await outputOf(() => statusCommand({ ...options(), json: true }));
    expect(JSON.parse(stdout)).to.deep.include({ command: null, problem: null });
    expect(JSON.parse(stdout).run).to.include({ going: true, startedBy: `${there.noted?.by}@${there.noted?.host}` });
    const noted = there.noted;
    expect((await caught(startCommand(options()))).message).to.match(
      / started script1\.py with 4 users at .* Wait for it/,
    );
    expect(there.noted, "as it was").to.deep.equal(noted);
    const sofar = await outputOf(() => reportInCluster(options()));
    expect(sofar.stdout).to.match(/going on for 00:00: 4 of 4 users/);
    expect((await outputOf(() => stopCommand(options()))).stdout).to.match(/^ABORTED$/m);
    expect(runs()).to.have.length(1);
    expect(runs()[0]).to.include({ verdict: "aborted", endedBy: "interrupt", complete: true });
    expect(lease()).to.equal(undefined);
    expect((await outputOf(() => stopCommand(options()))).stdout).to.equal("No run is going on.\n");
  });

  it("run saves its results and gives the test back; a stop meanwhile leaves that to it", async () => {
    const { result, stdout } = await outputOf(async () => {
      const run = runInCluster({ ...options(), runTime: "5m" });
      await until("a run", () => there.locust.status.state === "running");
      const stop = stopCommand(options());
      return { run: await run, stop: await stop };
    });
    expect(result).to.deep.equal({ run: 3, stop: 0 });
    expect(stdout).to.match(/^Stopped\. The command of \S+, process \d+ saves the results\.$/m);
    expect(said).to.match(/ has the test: watching for up to 15 s whether that command is still there/);
    expect(runs().map(({ endedBy }) => endedBy)).to.deep.equal(["stopped-elsewhere"]);
    expect(there.locust.status.kept).to.equal(true);
    expect(lease()).to.equal(undefined);
  });

  describe("whose command was killed", () => {
    it("report tells of a run that had not begun, however often it is asked", async () => {
      there.left({});
      for (const wait of [true, true, false]) {
        const { message } = await caught(reportInCluster({ ...options(), wait }));
        expect(message).to.match(/^there are no results of the run of script1\.py that sam@.*: it had not begun when/);
      }
      expect(said.match(/^Waiting for the run of script1\.py .* to begin$/gm)).to.have.length(1);
      expect(there.noted).to.not.have.property("before");
    });

    it("stop ends its run, and saves it in the command's place", async () => {
      there.left({ masterId: "master-1", run: 1, users: 10 });
      there.locust.run({ run: 1, startedAt: new Date().toISOString(), elapsed: 0, runTime: 300 });
      expect((await outputOf(() => stopCommand(options()))).stdout).to.match(/^ABORTED$/m);
      expect(runs()[0]).to.include({ verdict: "aborted", endedBy: "interrupt", complete: true });
      expect(there.locust.calls[0]).to.equal("POST /stop");
      expect(lease()).to.equal(undefined);
    });

    it("a run waits for it to be gone for sure, and is refused while its load goes on", async () => {
      there.left({ masterId: "master-1", run: 1 });
      const left = there.noted;
      there.locust.run({ run: 1, startedAt: new Date().toISOString(), elapsed: 0, runTime: 300 });
      const { message } = await caught(runInCluster(options()));
      expect(message).to.match(/^sam@.* runs script1\.py with 20 users since .*\. Wait for it: loadtest report /);
      expect(there.noted).to.deep.equal(left);
    });
  });

  describe("on AWS", () => {
    let aws: ScriptedAws;
    useScriptedAws((one) => {
      aws = one;
    });
    let restore: () => void;
    beforeEach(() => {
      const bin = join(there.results, "bin");
      mkdirSync(bin);
      const outputs = {
        loadtest: output({ platform: "eks-fargate", region: "us-east-2", natGatewayIds: ["nat-1"] }),
        kubeconfig: there.namespace.api.kubeconfig,
      };
      writeFileSync(join(bin, "outputs.json"), JSON.stringify(outputs));
      writeFileSync(join(bin, "pulumi"), `#!/bin/sh\ncat ${bin}/outputs.json\n`, { mode: 0o755 });
      restore = withEnvironment({ PATH: `${bin}:${process.env.PATH}` });
    });
    afterEach(() => restore());

    function onStack() {
      const { kubeconfig: _, namespace: __, ...rest } = options();
      return { ...rest, stack: "dev" };
    }
    async function endedRun() {
      const run = runInCluster(onStack());
      await until("a run", () => there.locust.status.state === "running");
      there.locust.ended({ elapsed: 1 });
      return run;
    }
    const fourErrors = ({ input }: AwsCall) => {
      const { StartTime, MetricDataQueries } = input as { StartTime: number; MetricDataQueries: { Id: string }[] };
      const Timestamps = [StartTime, StartTime + 60];
      return { result: { MetricDataResults: MetricDataQueries.map(({ Id }) => ({ Id, Timestamps, Values: [4, 0] })) } };
    };

    it("run looks at the stack's NAT gateways when the test is given back, and exits by what they say", async () => {
      const leases: unknown[] = [];
      aws.replies["cloudwatch:GetMetricData"] = (call) => {
        leases.push(lease());
        return fourErrors(call);
      };
      const { result, stdout } = await outputOf(endedRun);
      expect(result).to.equal(3);
      expect(stdout).to.match(/nat: 4 connections had no free port\s+\(nat-1: 4\)/);
      expect(stdout).to.match(/^INVALID \(exit code 3\)$/m);
      expect(runs()[0]?.integrity?.nat?.gateways).to.have.length(1);
      expect(leases, "others may run by then").to.deep.equal([undefined]);
    });

    it("a signal while run waits for CloudWatch says that the results are there, and ends the wait", async () => {
      aws.replies["cloudwatch:GetMetricData"] = () => {
        setTimeout(() => process.emit("SIGTERM", "SIGTERM"), 300);
        return { result: { MetricDataResults: [] } };
      };
      const { result, stdout } = await outputOf(endedRun);
      expect(said).to.match(/^SIGTERM: the results are saved; no longer waiting$/m);
      expect(stdout).to.match(/nat: CloudWatch had no values of nat-1/);
      expect(result).to.equal(runs()[0]?.exitCode);
    });

    it("stop looks at them once, for a run that has ended and that nobody has saved", async () => {
      there.endRun();
      aws.replies["cloudwatch:GetMetricData"] = fourErrors;
      const { stdout } = await outputOf(() => stopCommand(onStack()));
      expect(stdout).to.match(/^INVALID$/m);
      expect(runs()[0]).to.include({ verdict: "invalid" });
    });
  });

  it("a start that fails leaves nothing", async () => {
    there.locust.onSwarm = () => ({ success: false, message: "no spawn rate" });
    expect((await caught(startCommand(options()))).message).to.match(/no spawn rate/);
    expect(lease()).to.equal(undefined);
  });
});
