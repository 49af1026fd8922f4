import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { tellNat } from "../../../../runner/cli/commands/in-cluster/dashboard";
import { judgeNat } from "../../../../runner/cli/deployed-test/nat";
import { saveLatestRun } from "../../../../runner/cli/deployed-test/save";
import { readRun } from "../../../../runner/results/read";
import type { LoadTestOutput } from "../../../../settings/deployed/outputs";
import { credentials, Moto, type ScriptedAws, withEnvironment } from "../../../support/aws";
import { skip } from "../../../support/needs";
import type { TestContext } from "./context";
import { judged, minute, minutesOf, natValues, onFargate, useEndedRun } from "./nat-gateways";

describe("a run's NAT gateways", function () {
  this.timeout(120_000);
  let there: TestContext;
  let aws: ScriptedAws;
  useEndedRun((run, answers) => {
    there = run;
    aws = answers;
  });

  const values = (sums: Readonly<Record<string, number>>) => {
    aws.replies["cloudwatch:GetMetricData"] = natValues(sums);
  };

  it("are asked in one call, over its minutes rounded outwards", async () => {
    values({ "nat-1 ActiveConnectionCount": 40_000 });
    const { before, record } = await judged(there);
    expect(record).to.include({ verdict: "passed", exitCode: 0 });
    expect(record.integrity?.nat?.gateways[0]).to.deep.equal({
      ...{ id: "nat-1", portErrors: 0, droppedPackets: 0, mostConnections: 40_000 },
    });
    const calls = aws.calls.filter(({ action }) => action === "cloudwatch:GetMetricData");
    const [call] = calls;
    if (call === undefined) throw new Error("CloudWatch was not asked");
    expect(calls).to.have.length(1);
    const minutes = minutesOf(call);
    const [start, end] = [Date.parse(before.startedAt), Date.parse(before.endedAt ?? "")];
    expect(minutes[0])
      .to.be.at.most(start)
      .and.be.above(start - minute);
    expect((minutes.at(-1) ?? 0) + minute)
      .to.be.at.least(end)
      .and.be.below(end + minute);
    const [first] = call.input.MetricDataQueries as { MetricStat: object }[];
    expect(first?.MetricStat).to.deep.equal({
      Metric: {
        ...{ Namespace: "AWS/NATGateway", MetricName: "ErrorPortAllocation" },
        Dimensions: [{ Name: "NatGatewayId", Value: "nat-1" }],
      },
      ...{ Period: 60, Stat: "Sum" },
    });
  });

  it("make it invalid where they had no ports; it was saved before", async () => {
    values({ "nat-2 ErrorPortAllocation": 7, "nat-1 PacketsDropCount": 3 });
    const { before, record } = await judged(there);
    expect(before).to.include({ verdict: "passed" });
    expect(record).to.include({ verdict: "invalid", exitCode: 3 });
    expect(record.reasons[0]).to.match(
      /^The load was not what was asked: nat: 7 connections had no free port \(nat-2: 7\)/,
    );
    expect(record.warnings).to.include("nat: 3 packets dropped (nat-1: 3)");
  });

  it("are only a warning where the stack says so", async () => {
    values({ "nat-2 ErrorPortAllocation": 7 });
    const { record } = await judged(there, { natErrors: "warn" });
    expect(record.verdict).to.equal("passed");
    expect(record.warnings.join()).to.match(/^nat: 7 connections had no free port/);
  });

  const denied = "User: x is not authorized to perform: cloudwatch:GetMetricData";
  const untold: readonly (readonly [string, string, string, RegExp])[] = [
    [
      "a missing permission",
      "AccessDenied",
      denied,
      /not allowed: cloudwatch:GetMetricData .*docs\/aws\.md, Permissions$/,
    ],
    ["throttling", "ThrottlingException", "Rate exceeded", /AWS gets too many requests from this account/],
    ["expired credentials", "ExpiredToken", "The token is expired", /the AWS credentials have expired/],
  ];
  for (const [name, error, message, text] of untold) {
    it(`are one warning with ${name}, and the verdict stays`, async () => {
      aws.replies["cloudwatch:GetMetricData"] = () => ({ error, message });
      const { before, record } = await judged(there, {}, { wait: 3_600_000 });
      const [warning, ...others] = record.warnings;
      expect(warning).to.match(
        /^nat: whether the NAT gateways had ports is not known: Metrics of the NAT gateways: [^\n]+$/,
      );
      expect(warning).to.match(text);
      expect(others).to.deep.equal(before.warnings);
      expect({ ...record, warnings: [] }).to.deep.equal({ ...before, warnings: [] });
    });
  }

  it("are one warning without a network, and the verdict stays", async () => {
    const restore = withEnvironment({ AWS_ENDPOINT_URL: "http://127.0.0.1:9" });
    const { before, record } = await judged(there).finally(restore);
    expect(record.warnings).to.have.length(before.warnings.length + 1);
    expect(record.warnings.join()).to.match(/AWS cannot be reached \(ECONNREFUSED\)/);
    expect(record.verdict).to.equal("passed");
  });

  it("of a run of the web UI are told when they are known: its results were shown before", async () => {
    values({ "nat-2 ErrorPortAllocation": 7 });
    const context = onFargate(there);
    const saved = await saveLatestRun({ ...there.context, seen: there.locust.status, info: undefined });
    if (saved === undefined) throw new Error("the run was not saved");
    there.said();
    await tellNat(saved, context);
    expect(there.said().join("\n")).to.match(
      /-script1 is invalid now: The load was not what was asked: nat: 7 connections/,
    );
    expect(readRun(saved.folder.path).verdict).to.equal("invalid");
  });

  it("are asked of no other cluster, nor where the stack has none of its own, nor of a run that was broken off", async () => {
    for (const change of [{ platform: "existing" }, { natGatewayIds: [] }, { natGatewayIds: undefined }] as const) {
      const { before, record } = await judged(there, change as Partial<LoadTestOutput>);
      expect(record).to.deep.equal(before);
      there.endRun();
    }
    there.interrupt.abort();
    const { context } = there;
    const saved = await saveLatestRun({ ...context, seen: there.locust.status, info: undefined, stop: true });
    if (saved === undefined) throw new Error("the run was not saved");
    expect(await judgeNat(saved, onFargate(there))).to.equal(saved);
    expect(aws.calls).to.deep.equal([]);
  });

  describe("in moto's CloudWatch", () => {
    let moto: Moto;
    before(async function () {
      moto = await Moto.start().catch((error: Error) => skip(this, `moto cannot be had: ${error.message}`));
    });
    after(() => moto?.stop());

    it("are found by their ids, summed over the run's minutes alone", async () => {
      const started = Math.floor(Date.parse(there.locust.status.startedAt ?? "") / minute) * 60;
      const put = `
import boto3
from datetime import datetime, timezone
client = boto3.client("cloudwatch", region_name="us-east-2")
def put(gateway, name, value, at):
  client.put_metric_data(Namespace="AWS/NATGateway", MetricData=[{
    "MetricName": name, "Value": value, "Timestamp": datetime.fromtimestamp(at, timezone.utc),
    "Dimensions": [{"Name": "NatGatewayId", "Value": gateway}]}])
for minute in (-120, -60, 0, 60): put("nat-2", "ActiveConnectionCount", 10, ${started} + minute)
put("nat-1", "ErrorPortAllocation", 5, ${started})
put("nat-1", "ErrorPortAllocation", 100, ${started} - 60)
put("nat-3", "ErrorPortAllocation", 9, ${started})`;
      const env = { ...process.env, ...credentials, AWS_ENDPOINT_URL: moto.url };
      execFileSync(moto.python, ["-c", put], { env, encoding: "utf8" });
      const restore = withEnvironment({ AWS_ENDPOINT_URL: moto.url });
      const { record } = await judged(there).finally(restore);
      expect(record.verdict).to.equal("invalid");
      expect(record.integrity?.nat?.gateways).to.deep.equal([
        { id: "nat-1", portErrors: 5, droppedPackets: 0, mostConnections: null },
        { id: "nat-2", portErrors: 0, droppedPackets: 0, mostConnections: 10 },
      ]);
    });
  });
});
