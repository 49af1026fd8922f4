import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import type { FargateClusterArgs } from "../../components/fargate-cluster";
import {
  answers,
  clusterType,
  inputsWith,
  kubeconfig,
  make,
  outputsOf,
  required,
  roleArn,
  roleType,
} from "../support/fargate-cluster";
import { isKnown, known, mockEngine } from "../support/mock-engine";

const componentType = "serverless-load-testing:index:FargateCluster";
const logGroupType = "aws:cloudwatch/logGroup:LogGroup";
const attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";
const rolePolicyType = "aws:iam/rolePolicy:RolePolicy";
const jo = "arn:aws:iam::123456789012:user/jo";

/** The lines of the message that some arguments end with, before anything is registered. */
async function refused(args: object): Promise<string[]> {
  const engine = await mockEngine(outputsOf);
  const { FargateCluster } = await import("../../components/fargate-cluster.js");
  try {
    new FargateCluster("load", args as FargateClusterArgs);
  } catch (error) {
    await pulumi.runtime.disconnect();
    expect(engine.registered, "nothing is registered").to.deep.equal([]);
    expect(error, "shown without a stack trace").to.be.instanceOf(pulumi.RunError);
    return (error as Error).message.split("\n");
  }
  throw new Error("These arguments are right.");
}

describe("FargateCluster", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

  describe("its EKS cluster", () => {
    it("has only Fargate, access entries, every log and standard support", async () => {
      const { kubeProxyAddonOptions, ...inputs } = await inputsWith();
      // Pulumi's SDK adds defaults to it.
      expect(kubeProxyAddonOptions).to.include({ enabled: false });
      expect(inputs).to.deep.equal({
        name: "load-test",
        version: "1.36",
        vpcId: "vpc-1",
        subnetIds: ["subnet-1", "subnet-2"],
        fargate: {
          podExecutionRoleArn: roleArn,
          selectors: [
            { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
            { namespace: "default" },
            { namespace: "locust" },
          ],
          subnetIds: ["subnet-1"],
        },
        authenticationMode: "API",
        accessEntries: {},
        endpointPrivateAccess: true,
        endpointPublicAccess: true,
        publicAccessCidrs: ["0.0.0.0/0"],
        enabledClusterLogTypes: ["api", "audit", "authenticator", "controllerManager", "scheduler"],
        upgradePolicy: { supportType: "STANDARD" },
        deletionProtection: false,
        createOidcProvider: true,
        skipDefaultNodeGroup: true,
        skipDefaultSecurityGroups: true,
        useDefaultVpcCni: true,
      });
    });

    const options: readonly [Partial<FargateClusterArgs>, string, unknown][] = [
      [{ clusterName: "mine" }, "name", "mine"],
      [{ version: "1.35" }, "version", "1.35"],
      [{ publicAccessCidrs: ["203.0.113.0/24"] }, "publicAccessCidrs", ["203.0.113.0/24"]],
      [{ deletionProtection: true }, "deletionProtection", true],
      [{ tags: { team: "load" } }, "tags", { team: "load" }],
      [{ podSubnetIds: ["subnet-2", "subnet-3"] }, "fargate.subnetIds", ["subnet-2", "subnet-3"]],
      [{ namespaces: ["a", "b", "c"] }, "fargate.selectors[4].namespace", "c"],
      [{ namespaces: [] }, "fargate.selectors.length", 2],
      [{ namespaces: ["default", "a", "b", "c"] }, "fargate.selectors.length", 5],
      [{ namespaces: ["kube-system"] }, "fargate.selectors", [{ namespace: "default" }, { namespace: "kube-system" }]],
    ];
    for (const [args, property, value] of options) {
      it(`is told of ${JSON.stringify(args)}`, async () => {
        expect(await inputsWith(args)).to.have.deep.nested.property(property, value);
      });
    }

    it("takes ids that are outputs", async () => {
      const inputs = await inputsWith({
        vpcId: pulumi.output("vpc-2"),
        controlPlaneSubnetIds: pulumi.output(["subnet-3", "subnet-4"]),
        podSubnetIds: [pulumi.output("subnet-4")],
      });
      expect(inputs).to.include({ vpcId: "vpc-2" });
      expect(inputs.subnetIds).to.deep.equal(["subnet-3", "subnet-4"]);
      expect(inputs.fargate.subnetIds).to.deep.equal(["subnet-4"]);
    });
  });

  it("has a log group that ends with it, with the name that EKS writes to", async () => {
    expect((await make()).engine.one(logGroupType).inputs).to.deep.equal({
      name: "/aws/eks/load-test/cluster",
      retentionInDays: 30,
    });
    const args = { clusterName: "mine", logRetentionDays: 7, tags: { team: "load" } };
    expect((await make(args)).engine.one(logGroupType).inputs).to.deep.equal({
      name: "/aws/eks/mine/cluster",
      retentionInDays: 7,
      tags: { team: "load" },
    });
  });

  it("gives out what its users need, the kubeconfig as a secret", async () => {
    const { cluster } = await make();
    expect(await known(cluster.clusterName)).to.equal("load-test");
    expect(await known(cluster.endpoint)).to.equal("https://cluster");
    expect(await known(cluster.kubeconfig)).to.equal(kubeconfig);
    expect(await pulumi.isSecret(cluster.kubeconfig)).to.equal(true);
    expect(await known(cluster.oidcProviderArn)).to.equal("arn:oidc");
    expect(await known(cluster.oidcProviderUrl)).to.equal("https://oidc");
    expect(await known(cluster.podExecutionRoleArn)).to.equal(roleArn);
    expect(await known(cluster.podExecutionRoleName)).to.equal("pods");
  });

  it("asks for region, account and partition with the provider that it is given", async () => {
    const asked: pulumi.runtime.MockCallArgs[] = [];
    const engine = await mockEngine(outputsOf, false, (call) => {
      asked.push(call);
      return answers[call.token] ?? {};
    });
    const { Provider } = await import("@pulumi/aws/provider.js");
    const { FargateCluster } = await import("../../components/fargate-cluster.js");
    const provider = new Provider("other", { region: "cn-north-1" });
    const cluster = new FargateCluster("load", required, { provider });
    await known(cluster.urn);
    await pulumi.runtime.disconnect();
    expect(new Set(asked.map(({ token }) => token))).to.deep.equal(new Set(Object.keys(answers)));
    const made = engine.registered.filter(({ type }) => type.startsWith("aws:"));
    expect(made).to.have.lengthOf(4);
    for (const { provider: used } of [...asked, ...made]) expect(used).to.include("pulumi:providers:aws::other::");
  });

  it("knows its name in a preview, and registers the same resources", async () => {
    const { cluster, engine } = await make({}, true);
    expect(await known(cluster.clusterName)).to.equal("load-test");
    expect(await isKnown(cluster.kubeconfig)).to.equal(false);
    expect(await pulumi.isSecret(cluster.kubeconfig)).to.equal(true);
    const types = engine.registered.map(({ type }) => type);
    expect(types).to.have.members([
      ...[componentType, clusterType, logGroupType],
      ...[roleType, attachmentType, rolePolicyType],
    ]);
  });

  for (const preview of [false, true]) {
    it(`registers its resources under itself, and its outputs, in ${preview ? "a preview" : "an update"}`, async () => {
      const { engine } = await make({}, preview);
      const urns = [...engine.states.keys()].filter((urn) => !urn.includes("::pulumi:pulumi:Stack::"));
      expect(urns).to.have.lengthOf(6);
      for (const urn of urns) expect(urn).to.include(`::${componentType}`);
      const component = urns.find((urn) => urn.endsWith("::load")) ?? "";
      expect(Object.keys(engine.states.get(component) ?? {})).to.include.members([
        ...["clusterName", "endpoint", "kubeconfig", "oidcProviderArn", "oidcProviderUrl"],
        ...["podExecutionRoleArn", "podExecutionRoleName"],
      ]);
    });
  }

  it("refuses wrong arguments with all that is wrong and what is allowed, before anything is registered", async () => {
    const lines = await refused({
      controlPlaneSubnetIds: ["subnet-1"],
      podSubnetIds: [],
      clusterName: "-mine",
      version: "1.30",
      namespaces: ["Locust"],
      publicAccessCidrs: ["203.0.113.1/24"],
      admins: ["jo"],
      deletionProtection: "perhaps",
      logRetentionDays: 2,
    });
    expect(lines.shift()).to.equal("10 settings are wrong (FargateCluster load):");
    expect(lines.map((line) => line.replace(/must be .*/, ""))).to.deep.equal([
      "  vpcId is missing: ",
      '  controlPlaneSubnetIds is ["subnet-1"]: ',
      "  podSubnetIds is []: ",
      '  clusterName is "-mine": ',
      '  namespaces[0] is "Locust": ',
      '  version is "1.30": ',
      '  publicAccessCidrs[0] is "203.0.113.1/24": ',
      '  admins[0] is "jo": ',
      '  deletionProtection is "perhaps": ',
      "  logRetentionDays is 2: ",
    ]);
    for (const line of lines) expect(line).to.match(/must be \S/);
  });

  const wrong: readonly [Partial<FargateClusterArgs>, RegExp][] = [
    [{ namespaces: ["a", "b", "c", "d"] }, /namespaces is .* at most 3 namespaces beside kube-system and default/],
    [{ namespaces: ["a", "a"] }, /namespaces\[1\] is "a": must be there once/],
    [{ clusterName: "x".repeat(101) }, /clusterName is .* at most 100 letters/],
    [{ clusterName: "a.b" }, /clusterName is "a.b"/],
    [{ publicAccessCidrs: [] }, /publicAccessCidrs is \[\]: must be a list of one IPv4 range or more/],
    [{ admins: [jo, jo] }, /admins\[1\] is .* must be there once/],
  ];
  for (const [args, message] of wrong) {
    it(`refuses ${JSON.stringify(args).slice(0, 50)}`, async () => {
      const [first, line] = await refused({ ...required, ...args });
      expect(first).to.match(/^1 setting is wrong/);
      expect(line).to.match(message);
    });
  }
});
