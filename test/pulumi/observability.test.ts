import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { containerName } from "../../settings/deployed/deployed-test";
import { deleteNamespace, kubectl, type Pod, podsOf, until } from "../support/cluster";
import { dashboardSchema } from "../support/dashboard-body";
import { inSteps, needs, skip } from "../support/needs";
import { type Filter, metricsFrom } from "../support/observability";
import { PulumiProject } from "../support/pulumi";
import { PulumiProgram, type StateResource } from "../support/pulumi-program";

const namespace = `lt-seen-${process.pid}`;

const program = `
import { Config } from "@pulumi/pulumi";
import { FargateCluster, LoadTestNetwork, LoadTestObservability, LocustDeployment } from "./components";

const config = new Config();
const network = new LoadTestNetwork("load", { layout: "single-az" });
const cluster = new FargateCluster("load", { network, namespaces: ["${namespace}"] });
const seen = new LoadTestObservability("load", {
  cluster,
  natGatewayIds: network.natGatewayIds,
  logRetentionDays: 7,
  thresholds: ["p95<500"],
  alarmEmails: config.requireObject<string[]>("emails"),
  alarmWebhooks: ["https://hooks.example.com/load"],
  alarmSlack: "T07EA123LEP/C07EZ1ABC23",
  tags: { team: "load" },
});
const size = { workerReplicas: 1, workerCpu: 0.25, controlCpu: 0.25 };
const scripts = { scriptsFolder: "load", script: "visit.py" };
new LocustDeployment(
  "shop",
  { cluster, namespace: "${namespace}", metricsLogSeconds: 10, ...size, ...scripts },
  { dependsOn: seen.logRouter },
);
export const { natGatewayIds } = network;
export const { logGroupName, metricNamespace, dashboardUrl, alarmNames, alarmTopicArn } = seen;
`;

const script =
  "from locust import HttpUser, task\n\n\nclass Visitor(HttpUser):\n    @task\n    def front(self):\n        self.client.get('/')\n";

const routerMap = "kubernetes:core/v1:ConfigMap";
const routerNamespace = "kubernetes:core/v1:Namespace";

describe("LoadTestObservability, on the real engine and a real cluster", function () {
  this.timeout(300_000);
  inSteps();
  let project: PulumiProgram;

  needs("pulumi", "cluster");
  before(() => {
    project = new PulumiProgram(program);
    cpSync("locust", join(project.folder, "locust"), { recursive: true });
    mkdirSync(join(project.folder, "load"));
    writeFileSync(join(project.folder, "load", "visit.py"), script);
    setEmails("me@example.com");
  });
  after(() => {
    if (project === undefined) return;
    project.run("destroy", "--yes", "--skip-preview");
    project.remove();
    for (const one of [namespace, "aws-observability"]) deleteNamespace(one);
  });

  const setEmails = (...emails: string[]) => project.mustRun("config", "set", "emails", JSON.stringify(emails));
  const ours = ({ urn }: StateResource) => urn.includes(":index:LoadTestObservability");
  const ofType = (type: string) => project.resources().filter((one) => one.type === type && ours(one));
  const inputsOf = (type: string) => ofType(type).map(({ outputs = {} }) => outputs);
  /** Where the output of a command says that something is done: a type, the start of a name, and what is done. */
  const places = (output: string, what: readonly (readonly [string, string])[], done: string) =>
    what.map(([type, name]) => output.search(new RegExp(`${type}\\s+${name}\\s+${done}`)));

  it("previews all of it on an empty stack, and makes nothing", () => {
    const { steps } = JSON.parse(project.mustRun("preview", "--json", "--suppress-progress")) as {
      steps: { op: string; urn: string }[];
    };
    const seen = steps.filter(({ urn }) => urn.includes(":index:LoadTestObservability$"));
    const types = seen.map(({ urn }) => urn.split("::").at(-2)?.split("$").at(-1) ?? "");
    const count = (type: string) => types.filter((one) => one === type).length;
    expect(count("aws:cloudwatch/logMetricFilter:LogMetricFilter")).to.equal(16);
    expect(count("aws:cloudwatch/metricAlarm:MetricAlarm")).to.equal(8);
    expect([routerMap, routerNamespace].map(count)).to.deep.equal([1, 1]);
    expect(new Set(seen.map(({ op }) => op))).to.deep.equal(new Set(["create"]));
    expect(project.resources()).to.deep.equal([]);
  });

  it("makes the log router before Locust's pods, and its log group before it", () => {
    const output = project.up();
    const order = [
      ["aws:cloudwatch:LogGroup", "load-pods"],
      [routerNamespace, "load-log-router"],
      [routerMap, "load-log-router"],
      ["kubernetes:apps/v1:Deployment", "shop-control"],
    ] as const;
    const found = places(output, order, "created");
    expect(found, output).to.not.include(-1);
    expect(found).to.deep.equal([...found].sort((a, b) => a - b));
    // Not by chance: what a component depends on, its parts are made after and deleted before.
    const locust = project.resources().find(({ type }) => type.endsWith(":LocustDeployment"));
    const router = ofType(routerMap).map(({ urn }) => urn);
    expect(locust?.dependencies).to.deep.equal(router).and.have.length(1);
  });

  it("gives Fargate what it looks for: a label, and 5,300 characters at most", () => {
    const label = "jsonpath={.metadata.labels.aws-observability}";
    expect(kubectl("default", ["get", "namespace", "aws-observability", "--output", label])).to.equal("enabled");
    const { data } = JSON.parse(
      kubectl("aws-observability", ["get", "configmap", "aws-logging", "--output", "json"]),
    ) as { data: Record<string, string> };
    expect(Object.keys(data)).to.have.members(["flb_log_cw", "parsers.conf", "filters.conf", "output.conf"]);
    expect(data["output.conf"]).to.include("log_group_name /aws/eks/load-test/pods\n");
    expect(JSON.stringify(data).length).to.be.below(5300);
    const seconds = ["exec", "deploy/locust-control", "--", "printenv", "LOADTEST_METRICS_LOG_SECONDS"];
    expect(kubectl(namespace, seconds)).to.equal("10");
  });

  it("makes metrics of the lines that the master's container writes, as the node's disk has them", async function () {
    const [{ metadata }] = podsOf(namespace, "control") as [Pod];
    const folder = join("/var/log/pods", `${namespace}_${metadata.name}_${metadata.uid}`, containerName);
    if (!existsSync(folder)) skip(this, "the cluster's node is another machine");
    const raw = () => readFileSync(join(folder, "0.log"), "utf8").split("\n");
    const parsers = kubectl("aws-observability", [
      "get",
      "configmap",
      "aws-logging",
      "--output",
      "jsonpath={.data.parsers\\.conf}",
    ]);
    const cri = new RegExp(/^ {4}Regex (.*)$/m.exec(parsers)?.[1] ?? "(?!)");
    const filters = inputsOf("aws:cloudwatch/logMetricFilter:LogMetricFilter") as unknown as Filter[];
    const written = () => raw().map((line) => cri.exec(line)?.groups?.log ?? "");
    // The first line may be older than the worker's connection.
    await until(
      "a line of metrics with the worker",
      () => metricsFrom(filters, written()).get("Workers")?.at(-1) === 1,
    );
    const metrics = metricsFrom(filters, written());
    // No run so far.
    expect(metrics.get("WorkersIdle")?.at(-1)).to.equal(1);
    expect(metrics.get("Users")?.at(-1)).to.equal(0);
    expect(metrics.get("ResponseTimeP95")).to.deep.equal([]);
  });

  it("has what AWS is given: alarms on the gateways that are there, a dashboard, who is told, and tags", () => {
    const { natGatewayIds, ...outputs } = project.outputs() as { natGatewayIds: string[] } & Record<string, unknown>;
    expect(outputs).to.deep.include({
      logGroupName: "/aws/eks/load-test/pods",
      metricNamespace: "LoadTest/load-test",
      dashboardUrl: "https://console.aws.amazon.com/cloudwatch/home?region=us-east-2#dashboards:name=load-test",
      alarmTopicArn: "arn:aws:sns:us-east-2:123456789012:load-test-alarms",
    });
    const alarms = inputsOf("aws:cloudwatch/metricAlarm:MetricAlarm");
    expect(alarms.map(({ name }) => name)).to.have.members(outputs.alarmNames as string[]);
    const ports = alarms.find(({ name }) => name === "load-test-nat-ports");
    expect(ports).to.have.deep.nested.property("metricQueries[0].metric.dimensions", {
      NatGatewayId: natGatewayIds[0],
    });
    expect(alarms.find(({ name }) => name === "load-test-p95")).to.include({ threshold: 0.5 });

    const [dashboard] = inputsOf("aws:cloudwatch/dashboard:Dashboard");
    const text = String(dashboard?.dashboardBody);
    dashboardSchema.parse(JSON.parse(text));
    expect(text)
      .to.include(natGatewayIds[0])
      .and.include("arn:aws:cloudwatch:us-east-2:123456789012:alarm:load-test-idle");

    const subscriptions = inputsOf("aws:sns/topicSubscription:TopicSubscription");
    expect(subscriptions.map(({ endpoint }) => endpoint)).to.have.members([
      ...["me@example.com", "https://hooks.example.com/load"],
    ]);
    const tagged = project.resources().filter((one) => ours(one) && one.outputs?.tags !== undefined);
    // The log group, the alarms, the topic, Slack's role and its channel.
    expect(tagged).to.have.length(1 + 8 + 1 + 2);
    for (const { urn, outputs } of tagged) {
      expect(outputs?.tags, urn).to.include({ team: "load", "load-test:stack": "test" });
    }
  });

  // AWS is a stand-in, which gives back what it was given: what AWS would normalise does not show.
  it("changes nothing the second time, with a stand-in for AWS, and one subscription where somebody else is to be told", () => {
    project.mustRun("up", "--yes", "--skip-preview", "--expect-no-changes");
    setEmails("me@example.com", "you@example.com");
    const { steps } = JSON.parse(project.mustRun("preview", "--json", "--suppress-progress")) as {
      steps: { op: string; urn: string }[];
    };
    const created = steps.filter(({ op }) => op === "create").map(({ urn }) => urn.split("::").at(-1));
    expect(created).to.have.length(1);
    expect(created[0]).to.match(/^load-[0-9a-f]{8}$/);
    const others = steps
      .filter(({ op }) => !["same", "create", "read"].includes(op))
      .map(({ urn }) => urn.split("::").at(-2));
    // The component itself, whose arguments have changed.
    for (const type of others) expect(type).to.match(/:index:LoadTestObservability$/);
  });

  it("leaves nothing: pods go first, then the log router, then its group", () => {
    const output = project.mustRun("destroy", "--yes", "--skip-preview");
    expect(project.resources()).to.deep.equal([]);
    for (const gone of [namespace, "aws-observability"]) {
      expect(() => kubectl("default", ["get", "namespace", gone])).to.throw("NotFound");
    }
    const order = [
      ["kubernetes:apps/v1:Deployment", "shop-control"],
      [routerMap, "load-log-router"],
      [routerNamespace, "load-log-router"],
    ] as const;
    const found = places(output, order, "deleted");
    const [, router = 0] = found;
    const [group = 0] = places(output, [["aws:cloudwatch:LogGroup", "load-pods"]], "deleted");
    expect([...found, group], output).to.not.include(-1);
    expect(found).to.deep.equal([...found].sort((a, b) => a - b));
    expect(group).to.be.greaterThan(router);
  });
});

describe("the program with observability, on the real engine", function () {
  this.timeout(120_000);
  let project: PulumiProject;

  needs("pulumi");
  before(() => {
    project = new PulumiProject();
    project.mustRun("stack", "init", "dev");
    project.mustRun("config", "set", "observability", "true");
  });
  after(() => project?.remove());

  it("makes Locust after the log router, by the same provider, and not after alarms and whom they tell", () => {
    const { steps } = JSON.parse(project.mustRun("preview", "--json", "--suppress-progress")) as {
      steps: { newState: StateResource }[];
    };
    const states = steps.map(({ newState }) => newState);
    const locust = states.find(({ type }) => type.endsWith(":LocustDeployment"));
    const router = states.find(({ type, urn }) => type === routerMap && urn.endsWith("::load-test-log-router"));
    expect(locust?.dependencies).to.deep.equal([router?.urn]);
    const pods = states.find(({ urn }) => urn.endsWith("::locust-control") && urn.includes("apps/v1:Deployment"));
    expect(router?.provider).to.equal(pods?.provider).and.include("pulumi:providers:kubernetes::cluster::");
  });
});
