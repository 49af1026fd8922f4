import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { stackTag } from "../../settings/deployed/stack-tag";
import { known, mockEngine } from "../support/mock-engine";

/** What becomes of a part of another package's component; undefined where it stays as it is. */
async function partOf(type: string, props: Record<string, unknown>): Promise<Record<string, unknown> | undefined> {
  await mockEngine(() => ({}));
  const { insideOf } = await import("../../components/stack-tags.js");
  const { transform } = insideOf("net", { team: "load", owner: pulumi.output("me") });
  const result = await transform({ custom: true, type, name: "net-vpc-public-1", props, opts: {} });
  const changed = result && ((await known(pulumi.output(result.props))) as Record<string, unknown>);
  await pulumi.runtime.disconnect();
  return changed;
}

describe("parts of other packages' components", () => {
  const ours = { team: "load", owner: "me", [stackTag]: "test" };

  it("have our tags beside their own, and the stack's name in Name", async () => {
    const tags = { Name: "net-vpc-public-1", SubnetType: "Public" };
    expect(await partOf("aws:ec2/routeTable:RouteTable", { vpcId: "vpc-1", tags })).to.deep.equal({
      vpcId: "vpc-1",
      tags: { ...ours, Name: "net-test-vpc-public-1", SubnetType: "Public" },
    });
    expect(await partOf("aws:iam/openIdConnectProvider:OpenIdConnectProvider", {})).to.deep.equal({ tags: ours });
  });

  it("give no public address to what starts in a subnet", async () => {
    const subnet = await partOf("aws:ec2/subnet:Subnet", { mapPublicIpOnLaunch: true, tags: pulumi.output({}) });
    expect(subnet).to.deep.equal({ mapPublicIpOnLaunch: false, tags: ours });
  });

  it("stay as they are where they cannot have tags", async () => {
    expect(await partOf("aws:ec2/route:Route", { gatewayId: "igw-1" })).to.equal(undefined);
  });
});
