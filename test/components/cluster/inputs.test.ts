import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { FargateCluster, type FargateClusterArgs } from "../../../components/cluster/fargate-cluster";
import { awsCliProblem } from "../../../components/cluster/kubeconfig";
import { answers, clusterType, inputsWith, make, outputsOf, required } from "../../support/fargate-cluster";
import { known, mockEngine } from "../../support/mock-engine";

/** Makes a cluster by these arguments alone. */
async function makeBy(args: FargateClusterArgs, opts: pulumi.ComponentResourceOptions = {}) {
  const engine = await mockEngine(outputsOf, false, ({ token }) => answers[token] ?? {});
  const cluster = new FargateCluster("load", args, opts);
  return { engine, cluster, done: () => pulumi.runtime.disconnect() };
}

describe("a FargateCluster in other programs", function () {
  this.timeout(30_000);
  afterEach(() => pulumi.runtime.setAllConfig({}));

  it("takes a network as a whole, and adds what it costs", async () => {
    for (const network of [{ ...required, hourlyCost: 0.05 }, pulumi.output({ ...required, hourlyCost: 0.05 })]) {
      const { engine, cluster, done } = await makeBy({ network });
      expect(await known(cluster.hourlyCost)).to.be.closeTo(0.174685, 1e-9);
      await done();
      expect(engine.one(clusterType).inputs).to.deep.include({ vpcId: "vpc-1", subnetIds: ["subnet-1", "subnet-2"] });
    }
  });

  it("says it where the AWS command line is missing, which the kubeconfig calls", () => {
    const folder = mkdtempSync(join(tmpdir(), "loadtest-aws-"));
    expect(awsCliProblem(folder)).to.include("aws is not on the PATH");
    writeFileSync(join(folder, "aws"), "");
    expect(awsCliProblem(["/no-such-folder", folder].join(delimiter))).to.equal(undefined);
    rmSync(folder, { recursive: true });
  });

  it("takes the network in one way alone", () => {
    const network = required;
    expect(() => new FargateCluster("load", { network, vpcId: "vpc-2" })).to.throw(
      'vpcId is "vpc-2": must be left out, as network is given',
    );
    expect(() => new FargateCluster("load", {})).to.throw(/vpcId is missing: .* or network given/);
    const wrong = { network: 5 } as unknown as FargateClusterArgs;
    expect(() => new FargateCluster("load", wrong)).to.throw("network is 5: must be a LoadTestNetwork");
    const typo = { ...required, podSubnetIDs: [] } as unknown as FargateClusterArgs;
    expect(() => new FargateCluster("load", typo)).to.throw("did you mean podSubnetIds?");
  });

  it("takes namespaces, ranges and administrators that are outputs", async () => {
    const arn = "arn:aws:iam::123456789012:role/ops";
    const { engine } = await make({
      namespaces: [pulumi.output("shop")],
      publicAccessCidrs: pulumi.output(["203.0.113.0/24"]),
      admins: [pulumi.output(arn)],
    });
    const { inputs } = engine.one("aws:eks/fargateProfile:FargateProfile");
    expect(inputs.selectors.at(-1)).to.deep.equal({ namespace: "shop" });
    expect(engine.one(clusterType).inputs).to.deep.include({
      publicAccessCidrs: ["203.0.113.0/24"],
      accessEntries: {},
    });
    expect(engine.one("aws:eks/accessEntry:AccessEntry")).to.deep.include({ name: "load-admin-1" });
    expect(engine.one("aws:eks/accessPolicyAssociation:AccessPolicyAssociation").inputs).to.include({
      principalArn: arn,
    });
  });

  it("tells its Region, its namespaces and the network's NAT gateways", async () => {
    const nat = { gateways: 3, addresses: 6 };
    const natGatewayIds = ["nat-1", pulumi.output("nat-2"), "nat-3"];
    const { cluster, done } = await makeBy({ network: { ...required, nat, natGatewayIds }, namespaces: ["shop"] });
    expect(await known(cluster.region)).to.equal("cn-north-1");
    expect(await known(cluster.namespaces)).to.deep.equal(["default", "shop"]);
    expect(await known(cluster.nat)).to.deep.equal(nat);
    expect(await known(cluster.natGatewayIds)).to.deep.equal(["nat-1", "nat-2", "nat-3"]);
    await done();
    const other = await makeBy(required);
    expect(await known(other.cluster.nat)).to.deep.equal({ gateways: 0, addresses: 0 });
    expect(await known(other.cluster.natGatewayIds)).to.deep.equal([]);
    await other.done();
  });

  it("gets tokens with the profile or the role that the cluster is made with", async () => {
    expect(await inputsWith()).to.not.have.property("providerCredentialOpts");
    expect((await inputsWith({ kubeconfigProfile: "ops" })).providerCredentialOpts).to.deep.equal({
      profileName: "ops",
    });
    pulumi.runtime.setAllConfig({ "aws:profile": "dev", "aws:assumeRoles": '[{"roleArn":"arn:aws:iam::1:role/a"}]' });
    expect((await inputsWith()).providerCredentialOpts).to.deep.equal({
      profileName: "dev",
      roleArn: "arn:aws:iam::1:role/a",
    });
  });

  it("makes a role for a service account, which no other pod may take", async () => {
    const { engine, cluster, done } = await makeBy(required);
    cluster.serviceAccountRole("shop", { namespace: "shop", policyArns: [pulumi.output("arn:aws:iam::1:policy/p")] });
    await done();
    const role = engine.registered.find(({ name }) => name === "shop");
    const [statement] = JSON.parse(role?.inputs.assumeRolePolicy).Statement;
    expect(statement).to.deep.include({ Principal: { Federated: "arn:oidc" } });
    expect(statement.Condition.StringEquals).to.deep.equal({
      "oidc:aud": "sts.amazonaws.com",
      "oidc:sub": "system:serviceaccount:shop:locust",
    });
    const attached = engine.registered.find(({ name }) => name === "shop-1");
    expect(attached?.inputs).to.include({ policyArn: "arn:aws:iam::1:policy/p" });
    const wrong = { policies: [] } as unknown as { policyArns: string[] };
    expect(() => cluster.serviceAccountRole("x", wrong)).to.throw(
      /policies is not an argument[\s\S]*policyArns is missing/,
    );
  });
});
