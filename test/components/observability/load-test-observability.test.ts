import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import type { LoadTestObservabilityArgs } from "../../../components/observability/load-test-observability";
import { isKnown, known, mockEngine, refusedBy } from "../../support/mock-engine";
import {
  type Filter,
  observabilityKinds as kinds,
  lineOf,
  listed,
  make,
  metricsFrom,
  named,
  observabilityType,
  ofKind,
  outputsOf,
} from "../../support/observability";

const nat = ["nat-0123456789abcdef0", "nat-0123456789abcdef1"];
const tagged = { team: "load", "load-test:stack": "test" };

/** The message that some arguments end with, before anything is registered. */
async function refused(args: object): Promise<string> {
  const engine = await mockEngine(outputsOf);
  const { LoadTestObservability } = await import("../../../components/observability/load-test-observability.js");
  return refusedBy(engine, () => new LoadTestObservability("load", args as LoadTestObservabilityArgs));
}

/** What the metric filters are given. */
async function filters(): Promise<Filter[]> {
  return ofKind((await make()).engine, kinds.filter).map(({ inputs }) => inputs as Filter);
}

describe("LoadTestObservability", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

  describe("its log router", () => {
    it("is what EKS looks for, and writes bare lines of all pods to a group that ends with the stack", async () => {
      const { engine } = await make({ ...named, logRetentionDays: 7, tags: { team: "load" } });
      expect(engine.one(kinds.group).inputs).to.deep.equal({
        name: "/aws/eks/load-test/pods",
        retentionInDays: 7,
        tags: tagged,
      });
      expect(engine.one(kinds.namespace).inputs.metadata).to.deep.equal({
        name: "aws-observability",
        labels: { "aws-observability": "enabled" },
      });
      const { metadata, data } = engine.one(kinds.configMap).inputs;
      expect(metadata).to.deep.equal({ name: "aws-logging", namespace: "aws-observability" });
      expect(data["output.conf"]).to.equal(
        [
          "[OUTPUT]",
          "    Name cloudwatch_logs",
          "    Match kube.*",
          "    region us-east-2",
          "    log_group_name /aws/eks/load-test/pods",
          "    log_stream_prefix fargate-",
          "    log_key log",
          "    auto_create_group false",
          "",
        ].join("\n"),
      );
      expect(data["filters.conf"]).to.match(/^\[FILTER\]\n {4}Name parser\n {4}Match \*\n {4}Key_name log\n/);
      expect(data.flb_log_cw).to.equal("false");
    });

    it("takes a line of the container runtime apart", async () => {
      const { data } = (await make()).engine.one(kinds.configMap).inputs;
      const [, regex = ""] = /^ {4}Regex (.*)$/m.exec(data["parsers.conf"]) ?? [];
      const { log } = new RegExp(regex).exec(`2026-11-29T16:00:00.123456789Z stdout F ${lineOf()}`)?.groups ?? {};
      expect(log).to.equal(lineOf());
    });

    it("may write to that group alone, and cannot make it anew", async () => {
      const { role, policy } = (await make()).engine.one(kinds.policy).inputs;
      const group = "arn:aws:logs:us-east-2:123456789012:log-group:/aws/eks/load-test/pods";
      expect(role).to.equal("pods");
      expect(JSON.parse(policy).Statement).to.deep.equal([
        {
          Effect: "Allow",
          Action: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
          Resource: [group, `${group}:*`],
        },
      ]);
    });

    it("is no more than EKS takes, with the longest name that a cluster can have", async () => {
      const { engine } = await make({ ...named, clusterName: "c".repeat(100) });
      const data = engine.one(kinds.configMap).inputs.data as Record<string, string>;
      expect(Object.entries(data).flat().join("").length).to.be.within(500, 5300);
    });
  });

  describe("its metric filters", () => {
    it("are one a value of the master's lines, under the listed names and units, without dimensions", async () => {
      const { engine } = await make();
      const made = ofKind(engine, kinds.filter).map(({ inputs }) => inputs);
      expect(made.map(({ metricTransformation }) => metricTransformation)).to.deep.equal(
        listed.map(({ key, metric, unit }) => ({
          name: metric,
          namespace: "LoadTest/load-test",
          value: `$.${key}`,
          unit,
        })),
      );
      for (const { logGroupName } of made) expect(logGroupName).to.equal("/aws/eks/load-test/pods");
    });

    it("publish each value of a line, and nothing for one that is not in it", async () => {
      const all = metricsFrom(await filters(), [lineOf()]);
      expect([...all.values()]).to.deep.equal(listed.map((_, index) => [index + 1]));
      const without = metricsFrom(await filters(), [lineOf(["p95", "users"])]);
      expect(without.get("ResponseTimeP95")).to.deep.equal([]);
      expect(without.get("Users")).to.deep.equal([]);
      expect(without.get("ResponseTimeP99")).to.have.length(1);
    });

    it("publish nothing for other lines: Locust's own, and JSON of a script", async () => {
      const others = ["[2026-11-29 16:00:00,000] pod/INFO/locust.main: Starting Locust", '{"users": 7, "rps": 3}', ""];
      for (const [name, values] of metricsFrom(await filters(), others)) expect(values, name).to.deep.equal([]);
    });
  });

  describe("who is told", () => {
    it("is a topic alone, unless told", async () => {
      const { engine, observability } = await make();
      expect(engine.one(kinds.topic).inputs).to.deep.equal({
        name: "load-test-alarms",
        tags: { "load-test:stack": "test" },
      });
      for (const kind of [kinds.subscription, kinds.slack, kinds.role]) expect(ofKind(engine, kind)).to.deep.equal([]);
      expect(await known(observability.alarmTopicArn)).to.equal("arn:aws:sns:us-east-2:123456789012:load-test-alarms");
    });

    it("are mails and webhooks, which keep their names when others come and go", async () => {
      const alarmEmails = ["me@example.com", "you@example.com"];
      const { engine } = await make({ ...named, alarmEmails, alarmWebhooks: ["https://hooks.example.com/load"] });
      const topic = "arn:aws:sns:us-east-2:123456789012:load-test-alarms";
      const made = ofKind(engine, kinds.subscription);
      expect(made.map(({ inputs }) => inputs)).to.deep.equal([
        { topic, protocol: "email", endpoint: "me@example.com" },
        { topic, protocol: "email", endpoint: "you@example.com" },
        { topic, protocol: "https", endpoint: "https://hooks.example.com/load" },
      ]);
      const fewer = ofKind((await make({ ...named, alarmEmails: ["you@example.com"] })).engine, kinds.subscription);
      expect(fewer.map(({ name }) => name)).to.deep.equal([made[1]?.name]);
      // Names are in URNs, and so in every log.
      for (const { name } of made) expect(name).to.match(/^load-[0-9a-f]{8}$/);
    });

    it("is a channel of Slack, whose people may look at CloudWatch and no more", async () => {
      const { engine } = await make({ ...named, alarmSlack: "T07EA123LEP/C07EZ1ABC23", tags: { team: "load" } });
      expect(engine.one(kinds.slack).inputs).to.deep.equal({
        configurationName: "load-test-alarms",
        slackTeamId: "T07EA123LEP",
        slackChannelId: "C07EZ1ABC23",
        iamRoleArn: "arn:aws:iam::123456789012:role/load-chat",
        snsTopicArns: ["arn:aws:sns:us-east-2:123456789012:load-test-alarms"],
        guardrailPolicyArns: ["arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"],
        tags: tagged,
      });
      const { assumeRolePolicy, tags } = engine.one(kinds.role).inputs;
      expect(JSON.parse(assumeRolePolicy).Statement[0].Principal).to.deep.equal({ Service: "chatbot.amazonaws.com" });
      expect(tags).to.deep.equal(tagged);
      const policies = ofKind(engine, kinds.policy).map(({ inputs }) => JSON.parse(inputs.policy).Statement[0].Action);
      expect(policies).to.deep.include(["cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*"]);
    });
  });

  it("takes a cluster as a whole, and reaches it by its kubeconfig", async () => {
    const cluster = { clusterName: pulumi.output("mine"), podExecutionRoleName: "its-pods", kubeconfig: "{}" };
    const { engine } = await make({ cluster });
    expect(engine.one(kinds.topic).inputs.name).to.equal("mine-alarms");
    expect(engine.one(kinds.policy).inputs.role).to.equal("its-pods");
    for (const kind of [kinds.namespace, kinds.configMap]) {
      expect(engine.one(kind).provider).to.match(/pulumi:providers:kubernetes::load-cluster::/);
    }
  });

  for (const preview of [false, true]) {
    it(`registers the same resources under itself, and its outputs, in ${preview ? "a preview" : "an update"}`, async () => {
      // Before the gateways are made, nobody knows their ids.
      const later = pulumi.output(preview ? (pulumi.unknown as unknown as string[]) : nat);
      const args = { ...named, natGatewayIds: later, alarmEmails: ["me@example.com"], alarmSlack: "T1/C1" };
      const { engine, observability } = await make(args, preview);
      const counts = Object.fromEntries(
        Object.entries(kinds).map(([kind, type]) => [kind, ofKind(engine, type).length]),
      );
      expect(counts).to.deep.equal({
        ...{ group: 1, filter: 16, alarm: 8, dashboard: 1, topic: 1, subscription: 1 },
        ...{ role: 1, policy: 2, slack: 1, namespace: 1, configMap: 1 },
      });
      const urns = [...engine.states.keys()].filter((urn) => !urn.includes("::pulumi:pulumi:Stack::"));
      for (const urn of urns) expect(urn).to.include(`::${observabilityType}`);
      const component = urns.find((urn) => urn.endsWith("::load")) ?? "";
      expect(Object.keys(engine.states.get(component) ?? {})).to.have.members([
        ...["logGroupName", "metricNamespace", "dashboardName", "dashboardUrl", "alarmNames", "alarmTopicArn"],
      ]);
      expect(await known(observability.metricNamespace)).to.equal("LoadTest/load-test");
      expect(await known(observability.dashboardUrl)).to.equal(
        "https://console.aws.amazon.com/cloudwatch/home?region=us-east-2#dashboards:name=load-test",
      );
      expect(await isKnown(observability.alarmTopicArn)).to.equal(!preview);
    });
  }

  it("has the dashboard's address in the console of the partition", async () => {
    for (const [partition, host] of [
      ["aws", "console.aws.amazon.com"],
      ["aws-cn", "console.amazonaws.cn"],
      ["aws-us-gov", "console.amazonaws-us-gov.com"],
    ] as const) {
      const { observability } = await make(named, false, partition);
      expect(await known(observability.dashboardUrl)).to.match(
        new RegExp(`^https://${host}/cloudwatch/home\\?region=`),
      );
    }
  });

  it("refuses wrong arguments with all that is wrong and what is allowed, before anything is registered", async () => {
    const message = await refused({
      ...{ cluster: { clusterName: "mine" }, clusterName: "other", natGatewayIds: "nat-1", thresholds: ["p95"] },
      ...{
        idleAlarmHours: 0,
        alarmEmails: ["me"],
        alarmWebhooks: ["http://a.test"],
        alarmSlack: "load",
        logRetentionDays: 2,
      },
      ...{ alarmEmail: ["me@example.com"] },
    });
    const [first, ...lines] = message.split("\n");
    expect(first).to.equal("10 settings are wrong (LoadTestObservability load):");
    expect(lines.map((line) => line.replace(/ is .*/, "").trim())).to.have.members([
      ...["alarmEmail", "alarmEmails[0]", "alarmSlack", "alarmWebhooks[0]", "cluster", "clusterName", "idleAlarmHours"],
      ...["logRetentionDays", "natGatewayIds", "thresholds[0]"],
    ]);
    expect(message).to.include("alarmEmail is not an argument (did you mean alarmEmails?)");
  });

  it("refuses to guess which cluster it is", async () => {
    expect(await refused({})).to.match(
      /clusterName is missing: must be .*, or cluster given\n {2}podExecutionRoleName is missing/,
    );
    expect(await refused({ ...named, natGatewayIds: Array.from({ length: 11 }, (_, i) => `nat-${i}`) })).to.include(
      "must be a list of up to 10 ids of NAT gateways",
    );
  });
});
