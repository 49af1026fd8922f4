import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { acquireTest } from "../../../../runner/cli/deployed-test/acquire";
import { clusterSetup } from "../../../../runner/cli/deployed-test/cluster-setup";
import { judgeNat } from "../../../../runner/cli/deployed-test/nat";
import { saveLatestRun } from "../../../../runner/cli/deployed-test/save";
import { listRuns } from "../../../../runner/results/history";
import { readRun } from "../../../../runner/results/read";
import { type ScriptedAws, withEnvironment } from "../../../support/aws";
import type { TestContext } from "./context";
import { judged, natValues, onFargate, useEndedRun } from "./nat-gateways";

const hour = 3_600_000;

describe("CloudWatch's values of a run's NAT gateways", function () {
  this.timeout(60_000);
  let there: TestContext;
  let aws: ScriptedAws;
  useEndedRun((run, answers) => {
    there = run;
    aws = answers;
  });

  const looks = () => aws.calls.filter(({ action }) => action === "cloudwatch:GetMetricData").length;

  type Reply = ScriptedAws["replies"][string];
  /** The replies one after the other, the last one for good. */
  function replies(...all: readonly Reply[]) {
    aws.replies["cloudwatch:GetMetricData"] = (call) => all[Math.min(looks(), all.length) - 1]?.(call) ?? "silence";
  }

  it("are waited for, until there are some of its last minute", async () => {
    const sums = { "nat-1 ErrorPortAllocation": 2 };
    replies(natValues(sums, { late: 1 }), natValues(sums));
    const { record, said } = await judged(there, {}, { wait: hour });
    expect(record.integrity?.nat).to.deep.include({ missingMinutes: 0 });
    expect(record.verdict).to.equal("invalid");
    expect(said).to.match(
      /^The results are saved\. Waiting \d+ s at most for CloudWatch's values of the NAT gateways; Ctrl-C/,
    );
  });

  it("are waited for, until there are some of ErrorPortAllocation itself", async () => {
    const sums = { "nat-1 ErrorPortAllocation": 2 };
    replies(natValues({}, { lateErrors: 1 }), natValues(sums));
    const { record } = await judged(there, {}, { wait: hour });
    expect(record.verdict).to.equal("invalid");
    expect(looks()).to.equal(2);
  });

  it("may lack those that are 0: where others are there in the end, none is missing", async () => {
    replies(natValues({}, { lateErrors: 1 }));
    const { record } = await judged(there);
    expect(record.integrity?.nat).to.deep.include({ missingMinutes: 0 });
    expect(record.warnings.join()).to.not.match(/nat: /);
  });

  it("are waited for no longer than that", async () => {
    replies(natValues({}, { late: 1 }));
    const { record } = await judged(there);
    expect(record.verdict).to.equal("passed");
    expect(record.warnings.join()).to.match(/nat: CloudWatch had no values of /);
    expect(looks()).to.equal(1);
  });

  it("are not waited for after Ctrl-C, nor asked for anew", async () => {
    replies((call) => {
      setTimeout(() => there.interrupt.abort(), 500);
      return natValues({}, { late: 1 })(call);
    });
    const { record } = await judged(there, {}, { wait: hour, interval: hour });
    expect(record.verdict).to.equal("passed");
    expect(record.warnings.join()).to.match(/nat: CloudWatch had no values of /);
    expect(looks()).to.equal(1);
  });

  it("are not asked for after Ctrl-C, which is a warning", async () => {
    const saved = await saveLatestRun({ ...there.context, seen: there.locust.status, info: undefined });
    if (saved === undefined) throw new Error("the run was not saved");
    there.interrupt.abort();
    const { record } = await judgeNat(saved, onFargate(there));
    expect(readRun(saved.folder.path)).to.deep.equal(record);
    expect(looks()).to.equal(0);
    expect(record.verdict).to.equal("passed");
    expect(record.warnings).to.include(
      "nat: whether the NAT gateways had ports is not known: interrupted before CloudWatch was asked",
    );
  });

  it("stay what they were where a later call fails", async () => {
    there.endRun(1, 119, 120_000);
    const throttled = { error: "ThrottlingException", message: "Rate exceeded" };
    replies(natValues({ "nat-2 ErrorPortAllocation": 7 }, { late: 1 }), () => throttled);
    const { record } = await judged(there, {}, { wait: hour });
    expect(record).to.include({ verdict: "invalid", exitCode: 3 });
    expect(record.integrity?.nat?.missingMinutes).to.equal(1);
    expect(record.warnings.join()).to.match(/nat: CloudWatch had no values of 1 of the run's \d minutes/);
  });

  it("of a run that has just ended hold up no other run", async () => {
    there.endRun(1, 59);
    replies(natValues({}, { late: 1 }));
    const setup = await clusterSetup(there.context.test, {});
    const { lock } = await acquireTest({ ...onFargate(there), setup });
    await lock.release();
    expect(looks()).to.equal(1);
    const [run] = listRuns(there.results);
    expect(run?.state === "finished" && run.record.warnings.join()).to.match(/nat: CloudWatch had no values of /);
    expect(there.said().join("\n")).to.not.match(/Waiting/);
  });

  it("are not waited for where the program that gives credentials does not end", async () => {
    const config = join(there.results, "aws-config");
    writeFileSync(config, "[default]\ncredential_process = sleep 4\n");
    const none = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
    const restore = withEnvironment({ ...none, AWS_CONFIG_FILE: config });
    const { record } = await judged(there, {}, { limit: 500 }).finally(restore);
    expect(record.verdict).to.equal("passed");
    expect(record.warnings.join()).to.match(/ is not known: no answer from AWS within 0\.5 s/);
  });

  it("are not waited for after the second Ctrl-C, whatever is under way", async () => {
    replies(() => {
      setTimeout(() => {
        there.interrupt.abort();
        there.kill.abort();
      }, 100);
      return "silence";
    });
    const { record } = await judged(there);
    expect(record.warnings.join()).to.match(/ is not known: interrupted/);
  });
});
