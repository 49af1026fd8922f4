import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { parse } from "yaml";
import type { LoadTestOutput } from "../../settings/deployed/outputs";
import { known, type MockEngine, mockEngine, type Registered } from "../support/mock-engine";
import { vpcOutputs } from "../support/vpc";

const root = join(__dirname, "..", "..");
const load = createRequire(__filename);

/** The config of a stack's file, as Pulumi hands it to the program. */
function configOf(stack: string): Record<string, string> {
  const { config } = parse(readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8")) as {
    config: Record<string, unknown>;
  };
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key.includes(":") ? key : `serverless-load-testing:${key}`,
      typeof value === "object" ? JSON.stringify(value) : String(value),
    ]),
  );
}

function outputsOf(resource: Registered): Record<string, unknown> {
  const { type } = resource;
  if (type === "eks:index:Cluster") return { kubeconfigJson: "{}", eksCluster: { name: "load-test-dev" } };
  if (type === "random:index/randomPassword:RandomPassword") return { result: "0123456789abcdef" };
  return vpcOutputs(resource);
}

/** Runs the whole program on a stack's file, with changes to its config. */
async function run(stack: string, preview: boolean, change: Record<string, string> = {}): Promise<MockEngine> {
  const engine = await mockEngine(preview ? () => ({}) : outputsOf, preview);
  const changes = Object.entries(change).map(([key, value]) => [`serverless-load-testing:${key}`, value]);
  pulumi.runtime.setAllConfig({ ...configOf(stack), ...Object.fromEntries(changes) });
  // The program runs once a process; here it runs anew for each stack.
  delete load.cache[load.resolve("../../index.ts")];
  load("../../index.ts");
  await pulumi.runtime.disconnect();
  return engine;
}

const kubernetesObjects = ({ registered }: MockEngine) =>
  registered.filter(({ type }) => type.startsWith("kubernetes:") && !type.includes("provider"));

describe("the program", function () {
  // The first test loads the SDKs.
  this.timeout(60_000);

  for (const preview of [true, false]) {
    for (const stack of ["dev", "single-az"]) {
      it(`makes network, cluster and Locust for ${stack} in ${preview ? "a preview" : "an update"}`, async () => {
        const engine = await run(stack, preview);
        expect(engine.one("awsx:ec2:Vpc").inputs).to.include({ numberOfAvailabilityZones: stack === "dev" ? 3 : 2 });
        const gateways = engine.registered.filter(({ type }) => type === "aws:ec2/natGateway:NatGateway");
        expect(gateways).to.have.lengthOf(stack === "dev" ? 3 : 1);
        expect(engine.one("eks:index:Cluster").inputs).to.include({ version: "1.36", authenticationMode: "API" });
        expect(kubernetesObjects(engine)).to.have.length.of.at.least(9);
        expect(engine.registered.filter(({ type }) => type.startsWith("aws:ecr"))).to.deep.equal([]);
      });
    }

    it(`makes only Locust on a cluster that exists in ${preview ? "a preview" : "an update"}`, async () => {
      const engine = await run("local-cluster", preview);
      expect(engine.registered.filter(({ type }) => /^(aws|awsx|eks):/.test(type))).to.deep.equal([]);
      expect(kubernetesObjects(engine)).to.have.length.of.at.least(9);
    });
  }

  it("gives every object of Kubernetes the cluster's provider", async () => {
    const objects = kubernetesObjects(await run("dev", false));
    const providers = new Set(objects.map(({ provider }) => provider?.split("::").at(-2)));
    expect([...providers]).to.deep.equal(["cluster"]);
  });

  it("tells the command line what a cluster of its own costs by the hour, also in a preview", async () => {
    const costOf = async (stack: string, change: Record<string, string> = {}) => {
      await run(stack, true, change);
      const { loadtest } = load("../../index.ts") as { loadtest: Pick<LoadTestOutput, "cost"> };
      return loadtest.cost && (await known(pulumi.output(loadtest.cost)));
    };
    const rest = { currency: "USD", region: "us-east-2" };
    expect(await costOf("dev")).to.deep.equal({ ...rest, fixedPerHour: 0.2747, perHour: 0.3364 });
    const fifty = await costOf("dev", { workerReplicas: "50" });
    expect(fifty).to.deep.equal({ ...rest, fixedPerHour: 0.2747, perHour: 1.5213 });
    expect(await costOf("single-az")).to.deep.equal({ ...rest, fixedPerHour: 0.1747, perHour: 0.2364 });
    expect(await costOf("local-cluster")).to.equal(undefined);
  });

  it("builds an image and has the pods use it by digest when scripts are delivered so", async () => {
    const engine = await run("dev", false, { scriptDelivery: "image" });
    expect(engine.one("aws:ecr/repository:Repository").inputs).to.include({ name: "locust-test" });
    expect(engine.one("docker-build:index:Image").inputs).to.include({ push: true, buildOnPreview: false });
    const images = engine.registered
      .filter(({ type }) => type.endsWith(":Deployment"))
      .map(({ inputs }) => inputs.spec.template.spec.containers[0].image);
    expect(images).to.have.length(2);
    for (const image of images) expect(image).to.not.include("locustio/locust");
  });

  it("brings Locust's image into ECR where it is to come from there, and delivers the scripts as before", async () => {
    const engine = await run("dev", false, { imageSource: "ecr" });
    expect(engine.one("docker-build:index:Image").inputs.context.location).to.equal("locust/mirror");
    const images = engine.registered
      .filter(({ type }) => type.endsWith(":Deployment"))
      .map(({ inputs }) => inputs.spec.template.spec.containers[0].image);
    expect(images).to.have.length(2);
    for (const image of images) expect(image).to.not.include("locustio/locust");
    const maps = engine.registered.filter(({ type }) => type.endsWith(":ConfigMap"));
    expect(maps.some(({ inputs }) => "script1.py" in inputs.data)).to.equal(true);
  });

  it("makes logs, metrics, a dashboard and alarms in CloudWatch only where it is told", async () => {
    const ours = /^aws:(cloudwatch\/(logMetricFilter|metricAlarm|dashboard)|sns|chatbot)|:LoadTestObservability$/;
    const seen = ({ registered }: MockEngine) => registered.filter(({ type }) => ours.test(type));
    expect(seen(await run("dev", false))).to.deep.equal([]);
    for (const preview of [false, true]) {
      const engine = await run("dev", preview, {
        ...{ observability: "true", thresholds: '["p95<500"]', idleAlarmHours: "9", logRetentionDays: "7" },
        ...{ alarmEmails: '["me@example.com"]', alarmWebhooks: '["https://a.test"]', alarmSlack: "T1/C1" },
      });
      expect(seen(engine)).to.have.lengthOf(1 + 16 + 8 + 1 + 1 + 2 + 1);
      const alarm = (end: string) => engine.registered.find(({ name }) => name === `load-test-${end}`)?.inputs;
      expect(alarm("p95")?.threshold).to.equal(0.5);
      expect(alarm("idle")?.evaluationPeriods).to.equal(9);
      expect(alarm("pods")?.retentionInDays).to.equal(7);
      const router = kubernetesObjects(engine).filter(({ inputs }) => /^aws-/.test(inputs.metadata?.name));
      expect(router).to.have.lengthOf(2);
      for (const { provider } of router) expect(provider?.split("::").at(-2)).to.equal("cluster");
    }
  });

  it("has the master write lines of metrics only where CloudWatch is to read them", async () => {
    const seconds = (engine: MockEngine, role: string) => {
      const found = engine.registered.find(
        ({ type, name }) => type.endsWith(":Deployment") && name === `locust-${role}`,
      );
      const env = found?.inputs.spec.template.spec.containers[0].env as { name: string; value?: string }[];
      return env.find(({ name }) => name === "LOADTEST_METRICS_LOG_SECONDS")?.value;
    };
    const seen = await run("dev", false, { observability: "true" });
    expect([seconds(seen, "control"), seconds(seen, "worker")]).to.deep.equal(["10", undefined]);
    const plain = await run("dev", false);
    expect([seconds(plain, "control"), seconds(plain, "worker")]).to.deep.equal([undefined, undefined]);
  });

  it("has no alarms on the NAT gateways of a VPC that exists, which it does not know", async () => {
    const engine = await run("dev", false, {
      observability: "true",
      vpcId: "vpc-01234567",
      podSubnetIds: '["subnet-01234567"]',
      controlPlaneSubnetIds: '["subnet-01234567","subnet-01234568"]',
    });
    const alarms = engine.registered.filter(({ type }) => type.endsWith(":MetricAlarm")).map(({ name }) => name);
    expect(alarms).to.have.lengthOf(6).and.not.include("load-test-nat-ports");
  });

  it("gives NAT gateways the addresses that they are to have", async () => {
    const engine = await run("single-az", true, { natAddressesPerGateway: "3" });
    const further = engine.registered.filter(({ type }) => type.endsWith(":NatGatewayEipAssociation"));
    expect(further).to.have.lengthOf(2);
  });

  it("uses a VPC that exists", async () => {
    const engine = await run("dev", false, {
      vpcId: "vpc-01234567",
      podSubnetIds: '["subnet-01234567"]',
      controlPlaneSubnetIds: '["subnet-01234567","subnet-01234568"]',
    });
    expect(engine.registered.filter(({ type }) => type.startsWith("awsx:"))).to.deep.equal([]);
    expect(engine.one("eks:index:Cluster").inputs).to.deep.include({ vpcId: "vpc-01234567" });
  });

  const passedOn: ReadonlyArray<readonly [Record<string, string>, string, Record<string, unknown>]> = [
    [{ coreDnsVersion: "v1.12.4-eksbuild.1" }, "aws:eks/addon:Addon", { addonVersion: "v1.12.4-eksbuild.1" }],
    [{ kubernetesVersion: "1.35" }, "eks:index:Cluster", { version: "1.35" }],
    [{ deletionProtection: "true" }, "eks:index:Cluster", { deletionProtection: true }],
    [{ publicAccessCidrs: '["203.0.113.0/24"]' }, "eks:index:Cluster", { publicAccessCidrs: ["203.0.113.0/24"] }],
    [{ logRetentionDays: "7" }, "aws:cloudwatch/logGroup:LogGroup", { retentionInDays: 7 }],
    [{ vpcCidr: "10.9.0.0/16" }, "awsx:ec2:Vpc", { cidrBlock: "10.9.0.0/16" }],
    [{ availabilityZoneCount: "2" }, "awsx:ec2:Vpc", { numberOfAvailabilityZones: 2 }],
    [
      { availabilityZoneNames: '["us-east-2a","us-east-2c"]' },
      "awsx:ec2:Vpc",
      { availabilityZoneNames: ["us-east-2a", "us-east-2c"] },
    ],
  ];
  for (const [change, type, inputs] of passedOn) {
    it(`passes ${Object.keys(change).join(", ")} on`, async () => {
      expect((await run("dev", false, change)).one(type).inputs).to.deep.include(inputs);
    });
  }

  it("passes the load, the sizes, the scripts' environment and the namespace on", async () => {
    const engine = await run("local-cluster", false, {
      ...{ namespace: "shop", users: "7", spawnRate: "2.5", runTime: "9m", script: "script2.py", autostart: "true" },
      prometheusScrape: "true",
      ...{ workerReplicas: "3", workerCpu: "0.5", workerMemory: "300", controlCpu: "0.3", controlMemory: "200" },
      ...{
        targetHost: "http://shop.test",
        environment: '{"GREETING":"hello"}',
        secretEnvironment: '{"KEY":"hunter2"}',
      },
    });
    const [control, worker] = ["locust-control", "locust-worker"].map((wanted) => {
      const found = engine.registered.find(
        ({ type, inputs }) => /Deployment$/.test(type) && inputs.metadata?.name === wanted,
      );
      return found?.inputs.spec;
    });
    const text = JSON.stringify([control, worker]);
    for (const part of [
      "7",
      "2.5",
      "9m",
      "script2.py",
      "--autostart",
      "http://shop.test",
      "prometheus.io/scrape",
      "GREETING",
      "hello",
    ]) {
      expect(text).to.include(part);
    }
    expect(worker.replicas).to.equal(3);
    const sizes = [control, worker].map(({ template }) => template.spec.containers[0].resources.limits);
    expect(sizes.map(({ cpu }) => cpu)).to.deep.equal(["300m", "500m"]);
    expect(sizes.map(({ memory }) => memory)).to.deep.equal(["200Mi", "300Mi"]);
    expect(text).to.not.include("hunter2");
    expect(
      engine.registered.filter(({ type }) => type.endsWith("/v1:Namespace")).map(({ inputs }) => inputs.metadata.name),
    ).to.deep.equal(["shop"]);
  });
});
