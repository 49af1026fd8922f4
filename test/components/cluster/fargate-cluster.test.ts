import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import type { FargateClusterArgs } from "../../../components/cluster/fargate-cluster";
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
} from "../../support/fargate-cluster";
import { isKnown, known, mockEngine } from "../../support/mock-engine";

const componentType = "serverless-load-testing:index:FargateCluster";
const protectionType = "serverless-load-testing:index:DeletionProtection";
const profileType = "aws:eks/fargateProfile:FargateProfile";
const addonType = "aws:eks/addon:Addon";
const tagged = { team: "load", "load-test:stack": "test" };
const logGroupType = "aws:cloudwatch/logGroup:LogGroup";
const attachmentType = "aws:iam/rolePolicyAttachment:RolePolicyAttachment";

describe("FargateCluster", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

  describe("its EKS cluster", () => {
    it("has only Fargate, access entries, every log and standard support", async () => {
      const { kubeProxyAddonOptions, corednsAddonOptions, ...inputs } = await inputsWith();
      // Pulumi's SDK adds defaults to them.
      expect(kubeProxyAddonOptions).to.include({ enabled: false });
      expect(corednsAddonOptions).to.include({ enabled: false });
      expect(inputs).to.deep.equal({
        name: "load-test",
        version: "1.36",
        vpcId: "vpc-1",
        subnetIds: ["subnet-1", "subnet-2"],
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
        tags: { "load-test:stack": "test" },
      });
    });

    it("has a Fargate profile, with a name that Pulumi makes up anew for each, and then CoreDNS on it", async () => {
      const { engine } = await make();
      const { inputs: profile, name: profileName } = engine.one(profileType);
      expect(profileName).to.equal("load-fargate");
      expect(profile).to.deep.equal({
        clusterName: "load-test",
        podExecutionRoleArn: roleArn,
        selectors: [
          { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
          { namespace: "default" },
          { namespace: "locust" },
        ],
        subnetIds: ["subnet-1"],
        tags: { "load-test:stack": "test" },
      });
      expect(engine.one(addonType).inputs, "no version: EKS's, once").to.deep.equal({
        clusterName: "load-test",
        addonName: "coredns",
        configurationValues: '{"computeType":"Fargate"}',
        resolveConflictsOnCreate: "OVERWRITE",
        resolveConflictsOnUpdate: "OVERWRITE",
        tags: { "load-test:stack": "test" },
      });
      const order = engine.registered.map(({ type }) => type);
      expect(order.indexOf(profileType)).to.be.lessThan(order.indexOf(addonType));
    });

    const options: readonly [Partial<FargateClusterArgs>, string, unknown, string?][] = [
      [{ clusterName: "mine" }, "name", "mine"],
      [{ version: "1.35" }, "version", "1.35"],
      [{ publicAccessCidrs: ["203.0.113.0/24"] }, "publicAccessCidrs", ["203.0.113.0/24"]],
      [{ deletionProtection: true }, "deletionProtection", true],
      [{ tags: { team: "load" } }, "tags", tagged],
      [{ tags: { team: "load" } }, "tags", tagged, profileType],
      [{ tags: { team: "load" } }, "tags", tagged, addonType],
      [{ coreDnsVersion: "v1.12.4-eksbuild.1" }, "addonVersion", "v1.12.4-eksbuild.1", addonType],
      [{ clusterName: "mine" }, "clusterName", "mine", addonType],
      [{ podSubnetIds: ["subnet-2", "subnet-3"] }, "subnetIds", ["subnet-2", "subnet-3"], profileType],
      [{ namespaces: ["a", "b", "c"] }, "selectors[4].namespace", "c", profileType],
      [{ namespaces: [] }, "selectors.length", 2, profileType],
      [{ namespaces: ["default", "a", "b", "c"] }, "selectors.length", 5, profileType],
      [
        { namespaces: ["kube-system"] },
        "selectors",
        [{ namespace: "default" }, { namespace: "kube-system" }],
        profileType,
      ],
    ];
    for (const [args, property, value, type = clusterType] of options) {
      it(`is told of ${JSON.stringify(args)}: ${type}`, async () => {
        expect((await make(args)).engine.one(type).inputs).to.have.deep.nested.property(property, value);
      });
    }

    it("takes ids that are outputs", async () => {
      const { engine } = await make({
        vpcId: pulumi.output("vpc-2"),
        controlPlaneSubnetIds: pulumi.output(["subnet-3", "subnet-4"]),
        podSubnetIds: [pulumi.output("subnet-4")],
      });
      const { inputs } = engine.one(clusterType);
      expect(inputs).to.include({ vpcId: "vpc-2" });
      expect(inputs.subnetIds).to.deep.equal(["subnet-3", "subnet-4"]);
      expect(engine.one(profileType).inputs.subnetIds).to.deep.equal(["subnet-4"]);
    });
  });

  it("has a log group that ends with it, with the name that EKS writes to", async () => {
    expect((await make()).engine.one(logGroupType).inputs).to.deep.equal({
      name: "/aws/eks/load-test/cluster",
      retentionInDays: 30,
      tags: { "load-test:stack": "test" },
    });
    const args = { clusterName: "mine", logRetentionDays: 7, tags: { team: "load" } };
    expect((await make(args)).engine.one(logGroupType).inputs).to.deep.equal({
      name: "/aws/eks/mine/cluster",
      retentionInDays: 7,
      tags: tagged,
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
    const { FargateCluster } = await import("../../../components/cluster/fargate-cluster.js");
    const provider = new Provider("other", { region: "cn-north-1" });
    const cluster = new FargateCluster("load", required, { provider });
    await known(cluster.urn);
    await pulumi.runtime.disconnect();
    expect(new Set(asked.map(({ token }) => token))).to.deep.equal(new Set(Object.keys(answers)));
    const made = engine.registered.filter(({ type }) => type.startsWith("aws:"));
    expect(made).to.have.lengthOf(5);
    for (const { provider: used } of [...asked, ...made]) expect(used).to.include("pulumi:providers:aws::other::");
  });

  it("knows its name in a preview, and registers the same resources", async () => {
    const { cluster, engine } = await make({}, true);
    expect(await known(cluster.clusterName)).to.equal("load-test");
    expect(await isKnown(cluster.kubeconfig)).to.equal(false);
    expect(await pulumi.isSecret(cluster.kubeconfig)).to.equal(true);
    const types = engine.registered.map(({ type }) => type);
    expect(types).to.have.members([
      ...[componentType, clusterType, logGroupType, profileType, addonType, protectionType],
      ...[roleType, attachmentType],
    ]);
  });

  for (const preview of [false, true]) {
    it(`registers its resources under itself, and its outputs, in ${preview ? "a preview" : "an update"}`, async () => {
      const { engine } = await make({}, preview);
      const urns = [...engine.states.keys()].filter((urn) => !urn.includes("::pulumi:pulumi:Stack::"));
      expect(urns).to.have.lengthOf(8);
      for (const urn of urns) expect(urn).to.include(`::${componentType}`);
      const component = urns.find((urn) => urn.endsWith("::load")) ?? "";
      expect(Object.keys(engine.states.get(component) ?? {})).to.include.members([
        ...["clusterName", "endpoint", "kubeconfig", "oidcProviderArn", "oidcProviderUrl"],
        ...["podExecutionRoleArn", "podExecutionRoleName"],
      ]);
    });
  }
});
