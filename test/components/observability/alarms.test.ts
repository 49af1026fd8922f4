import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import type { LoadTestObservabilityArgs } from "../../../components/observability/load-test-observability";
import { alarmMetrics, customMetrics, observabilityPerMonth } from "../../../settings/cost/observability";
import { usEast2 } from "../../../settings/cost/us-east-2";
import { usersTolerance } from "../../../settings/limits";
import { parseSettings } from "../../../settings/parse";
import { known, type Registered } from "../../support/mock-engine";
import {
  type Filter,
  observabilityKinds as kinds,
  lineOf,
  listed,
  make,
  metricsFrom,
  named,
  ofKind,
} from "../../support/observability";

const nat = ["nat-0123456789abcdef0", "nat-0123456789abcdef1", "nat-0123456789abcdef2"];

interface Alarm {
  readonly name: string;
  readonly metricName?: string;
  readonly namespace?: string;
  readonly period?: number;
  readonly statistic?: string;
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm?: number;
  readonly comparisonOperator: string;
  readonly threshold: number;
  readonly treatMissingData: string;
  readonly alarmDescription: string;
  readonly metricQueries?: readonly {
    readonly id: string;
    readonly expression?: string;
    readonly returnData: boolean;
    readonly metric?: { readonly namespace: string; readonly metricName: string; readonly dimensions?: object };
  }[];
}

async function alarmsOf(args: Partial<LoadTestObservabilityArgs> = {}): Promise<Map<string, Alarm>> {
  const { engine } = await make({ ...named, ...args });
  return new Map(ofKind(engine, kinds.alarm).map(({ inputs }) => [inputs.name.replace("load-test-", ""), inputs]));
}

const aboveOf = (alarm: Alarm | undefined) => [alarm?.comparisonOperator, alarm?.threshold];

describe("the alarms of LoadTestObservability", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

  it("are on failures, response times, lost workers, missing users and idle workers, and tell the topic", async () => {
    const alarms = await alarmsOf();
    expect([...alarms.keys()]).to.deep.equal([
      "fail-ratio",
      "p95",
      "no-answer",
      "workers-lost",
      "users-missing",
      "idle",
    ]);
    for (const [name, alarm] of alarms) {
      expect(alarm, name).to.deep.include({
        alarmActions: ["arn:aws:sns:us-east-2:123456789012:load-test-alarms"],
        tags: { "load-test:stack": "test" },
      });
    }
    expect(await known((await make()).observability.alarmNames)).to.include("load-test-idle");
  });

  it("each look at a metric that the master's lines produce", async () => {
    const { engine } = await make();
    const metrics = metricsFrom(
      ofKind(engine, kinds.filter).map(({ inputs }) => inputs as Filter),
      [lineOf()],
    );
    for (const { inputs } of ofKind(engine, kinds.alarm)) {
      expect(inputs.namespace, inputs.name).to.equal("LoadTest/load-test");
      expect(metrics.get(inputs.metricName), inputs.name).to.have.length(1);
    }
  });

  it("are within what CloudWatch takes", async () => {
    for (const idleAlarmHours of [1, 168]) {
      for (const [name, alarm] of await alarmsOf({ natGatewayIds: nat, idleAlarmHours })) {
        const { period = 60, evaluationPeriods, datapointsToAlarm = 1, alarmDescription } = alarm;
        expect(period % 60, name).to.equal(0);
        // PutMetricAlarm: a day for periods below an hour, and seven days.
        expect(period * evaluationPeriods, name).to.be.at.most(period < 3600 ? 86_400 : 604_800);
        expect(datapointsToAlarm, name).to.be.within(1, evaluationPeriods);
        expect(alarmDescription.length, name).to.be.within(1, 1024);
        expect(["Average", "Minimum", "Maximum", undefined], name).to.include(alarm.statistic);
      }
    }
  });

  it("take missing data for right: no master, no run, no value", async () => {
    for (const [name, { treatMissingData }] of await alarmsOf({ natGatewayIds: nat })) {
      expect(treatMissingData, name).to.equal("notBreaching");
    }
  });

  it("have the limits of a run's own default and of 5 s, unless thresholds on all requests say others", async () => {
    const limits = async (thresholds: string[]) => {
      const alarms = await alarmsOf({ thresholds });
      return [...aboveOf(alarms.get("fail-ratio")), ...aboveOf(alarms.get("p95"))];
    };
    const [above, from] = ["GreaterThanThreshold", "GreaterThanOrEqualToThreshold"];
    expect(await limits([])).to.deep.equal([above, 0.5, above, 5]);
    expect(await limits(["p95<500", "fail_ratio<1%"])).to.deep.equal([from, 0.01, from, 0.5]);
    expect(await limits(["fail_ratio<=7%", "p95<=1.5s", "p95<9s"])).to.deep.equal([above, 0.07, above, 1.5]);
    expect(await limits(["GET /: p95<500", "p99<800", "rps>10", "p95>100"])).to.deep.equal([above, 0.5, above, 5]);
  });

  it("say when they go off: above a limit that is still right, and at one that is not", async () => {
    const told = async (...thresholds: string[]) => {
      const alarms = await alarmsOf({ thresholds });
      return ["fail-ratio", "p95"].map((name) => alarms.get(name)?.alarmDescription);
    };
    const [failed, times] = ["of the run's requests have failed", "The 95th percentile of response times is"];
    expect(await told("fail_ratio<=7%", "p95<=500")).to.deep.equal([
      `More than 7 % ${failed}, for two minutes.`,
      `${times} above 0.5 s, for three minutes.`,
    ]);
    expect(await told("fail_ratio<1%", "p95<500")).to.deep.equal([
      `At least 1 % ${failed}, for two minutes.`,
      `${times} at least 0.5 s, for three minutes.`,
    ]);
  });

  it("allow as many users to be missing as a run does, and no worker to be lost", async () => {
    const alarms = await alarmsOf();
    expect(aboveOf(alarms.get("users-missing"))).to.deep.equal(["GreaterThanThreshold", usersTolerance]);
    expect(aboveOf(alarms.get("workers-lost"))).to.deep.equal(["GreaterThanThreshold", 0]);
  });

  it("tell of workers that are idle in every minute of so many hours", async () => {
    for (const idleAlarmHours of [4, 24]) {
      const alarm = (await alarmsOf({ idleAlarmHours })).get("idle");
      expect(alarm).to.include({ period: 3600, evaluationPeriods: idleAlarmHours, statistic: "Minimum", threshold: 0 });
      expect(alarm).to.not.have.property("datapointsToAlarm");
      expect(alarm?.alarmDescription).to.include(`for ${idleAlarmHours} h`);
    }
  });

  it("look at all NAT gateways together, in two alarms", async () => {
    const alarms = await alarmsOf({ natGatewayIds: nat });
    for (const [name, metricName] of [
      ["nat-ports", "ErrorPortAllocation"],
      ["nat-drops", "PacketsDropCount"],
    ] as const) {
      const alarm = alarms.get(name);
      expect(aboveOf(alarm)).to.deep.equal(["GreaterThanThreshold", 0]);
      const each = alarm?.metricQueries?.filter(({ metric }) => metric !== undefined) ?? [];
      expect(each.map(({ metric }) => metric)).to.deep.equal(
        nat.map((NatGatewayId) => ({
          ...{ namespace: "AWS/NATGateway", metricName, period: 60, stat: "Sum" },
          dimensions: { NatGatewayId },
        })),
      );
      const returned = alarm?.metricQueries?.filter(({ returnData }) => returnData);
      expect(returned?.map(({ expression }) => expression)).to.deep.equal(["SUM(METRICS())"]);
      const ids = alarm?.metricQueries?.map(({ id }) => id) ?? [];
      expect(new Set(ids).size).to.equal(ids.length);
      for (const id of ids) expect(id).to.match(/^[a-z]\w*$/);
      // With these, CloudWatch takes no metric beside them.
      expect(alarm).to.not.have.any.keys("metricName", "namespace", "period", "statistic");
    }
  });

  it("look at no NAT gateway where the list is empty, and have no data where that shows too late", async () => {
    expect((await alarmsOf({ natGatewayIds: [] })).size).to.equal(6);
    const alarms = await alarmsOf({ natGatewayIds: pulumi.output([]) });
    expect(alarms.size).to.equal(8);
    for (const name of ["nat-ports", "nat-drops"]) {
      const [one, sum, ...others] = alarms.get(name)?.metricQueries ?? [];
      // Metric math needs a metric; NAT gateways' all have dimensions.
      expect(one?.metric).to.include({ namespace: "AWS/NATGateway" }).and.not.have.property("dimensions");
      expect(sum).to.include({ expression: "SUM(METRICS())", returnData: true });
      expect(others).to.deep.equal([]);
    }
  });

  it("and metrics are as many as loadtest cost counts", async () => {
    const { engine } = await make({ ...named, natGatewayIds: nat });
    const metricsIn = ({ inputs }: Registered) =>
      inputs.metricQueries?.filter((one: { metric?: object }) => one.metric).length ?? 1;
    const looked = ofKind(engine, kinds.alarm).reduce((sum, alarm) => sum + metricsIn(alarm), 0);
    expect(looked).to.equal(alarmMetrics(parseSettings({}, "a test")));
    expect(listed).to.have.length(customMetrics);
    expect(observabilityPerMonth(usEast2.perMonth, nat.length)).to.be.closeTo(
      customMetrics * 0.3 + looked * 0.1 + 3,
      1e-9,
    );
  });
});
