import { expect } from "chai";
import type { FargateClusterArgs } from "../../../components/cluster/fargate-cluster";
import { clusterType, make, outputsOf, required } from "../../support/fargate-cluster";
import { mockEngine, refusedBy } from "../../support/mock-engine";

const jo = "arn:aws:iam::123456789012:user/jo";

/** The lines of the message that some arguments end with, before anything is registered. */
async function refused(args: object, name = "load"): Promise<string[]> {
  const engine = await mockEngine(outputsOf);
  const { FargateCluster } = await import("../../../components/cluster/fargate-cluster.js");
  return (await refusedBy(engine, () => new FargateCluster(name, args as FargateClusterArgs))).split("\n");
}

describe("a FargateCluster that is given something wrong", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

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

  it("refuses a name that leaves no room for those of roles, or that EKS keeps for itself", async () => {
    for (const name of ["x".repeat(40), "a.b", "eks", "EKS-load"]) {
      const [first, line] = await refused(required, name);
      expect(first).to.equal(`1 setting is wrong (FargateCluster ${name}):`);
      expect(line).to.match(
        /^ {2}name is ".*": must be at most 39 letters, digits, "-" and "_", a letter or digit first/,
      );
    }
    const { name } = (await make({}, false, "x".repeat(39))).engine.one(clusterType);
    expect(`${name}-eksRole-role-1234567`).to.have.lengthOf(64);
  });

  const wrong: readonly [Partial<FargateClusterArgs>, RegExp][] = [
    [{ namespaces: ["a", "b", "c", "d"] }, /namespaces is .* at most 3 namespaces beside kube-system and default/],
    [{ namespaces: ["a", "a"] }, /namespaces\[1\] is "a": must be there once/],
    [{ clusterName: "x".repeat(101) }, /clusterName is .* at most 100 letters/],
    [{ clusterName: "a.b" }, /clusterName is "a.b"/],
    [{ publicAccessCidrs: [] }, /publicAccessCidrs is \[\]: must be a list of 1 to 40 IPv4 ranges/],
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
