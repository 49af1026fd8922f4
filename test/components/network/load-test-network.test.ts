import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import type { LoadTestNetworkArgs } from "../../../components/network/load-test-network";
import { componentType, make, refused } from "../../support/load-test-network";
import { isKnown, known, type MockEngine } from "../../support/mock-engine";
import { eipType, natType, privateIds, publicIds, vpcType } from "../../support/vpc";

const routeType = "aws:ec2/route:Route";
const associationType = "aws:ec2/natGatewayEipAssociation:NatGatewayEipAssociation";
const groupType = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup";

/** The inputs of the only VPC that some arguments make. */
async function vpcOf(args?: LoadTestNetworkArgs): Promise<Record<string, unknown>> {
  return (await make(args)).engine.one(vpcType).inputs;
}

/** Which table sends pods to which gateway. */
function waysOut({ registered }: MockEngine): readonly (readonly [string, string])[] {
  const routes = registered.filter(({ type }) => type === routeType).map(({ inputs }) => inputs);
  for (const route of routes) expect(route.destinationCidrBlock).to.equal("0.0.0.0/0");
  return routes.map(({ routeTableId, natGatewayId }) => [routeTableId, natGatewayId] as const);
}

describe("LoadTestNetwork", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

  describe("a new VPC", () => {
    it("has three zones, a NAT gateway in each and the names that EKS needs", async () => {
      expect(await vpcOf()).to.deep.equal({
        cidrBlock: "10.0.0.0/16",
        numberOfAvailabilityZones: 3,
        subnetStrategy: "Auto",
        subnetSpecs: [
          {
            type: "Public",
            cidrBlocks: ["10.0.4.0/22", "10.0.12.0/22", "10.0.20.0/22"],
            tags: { "kubernetes.io/role/elb": "1" },
          },
          {
            type: "Private",
            cidrBlocks: ["10.0.0.0/22", "10.0.8.0/22", "10.0.16.0/22"],
            tags: { "kubernetes.io/role/internal-elb": "1" },
          },
        ],
        natGateways: { strategy: "None" },
        enableDnsHostnames: true,
      });
    });

    it("has two zones and one NAT gateway in a single-az layout", async () => {
      const { engine } = await make({ layout: "single-az" });
      expect(engine.one(vpcType).inputs.numberOfAvailabilityZones).to.equal(2);
      expect(engine.one(natType).inputs).to.deep.equal({
        ...{ subnetId: "subnet-1b", allocationId: "eipalloc-1" },
        tags: { Name: "net-test-nat-1", "load-test:stack": "test" },
      });
      expect(waysOut(engine)).to.deep.equal([
        ["rtb-1a", "net-nat-1-id"],
        ["rtb-2a", "net-nat-1-id"],
      ]);
    });

    it("has a NAT gateway with an address in each zone, and a way to it from that zone's pods", async () => {
      const { engine } = await make();
      const gateways = engine.registered.filter(({ type }) => type === natType);
      expect(gateways.map(({ inputs }) => [inputs.subnetId, inputs.allocationId])).to.deep.equal([
        ["subnet-1b", "eipalloc-1"],
        ["subnet-2b", "eipalloc-2"],
        ["subnet-3b", "eipalloc-3"],
      ]);
      expect(waysOut(engine)).to.deep.equal([
        ["rtb-1a", "net-nat-1-id"],
        ["rtb-2a", "net-nat-2-id"],
        ["rtb-3a", "net-nat-3-id"],
      ]);
    });

    it("has the addresses that it is given", async () => {
      const { cidrBlock, subnetSpecs } = await vpcOf({ cidrBlock: "172.20.0.0/20", subnetMask: 24 });
      expect(cidrBlock).to.equal("172.20.0.0/20");
      expect(subnetSpecs).to.have.nested.property("[0].cidrBlocks[2]", "172.20.5.0/24");
      expect(subnetSpecs).to.have.nested.property("[1].cidrBlocks[2]", "172.20.4.0/24");
    });

    it("has as many zones as it is told", async () => {
      expect((await vpcOf({ availabilityZoneCount: 4 })).numberOfAvailabilityZones).to.equal(4);
    });

    it("has the zones that are named, and no number of them, which awsx would refuse", async () => {
      const availabilityZoneNames = ["us-east-2b", "us-east-2c"];
      const vpc = await vpcOf({ availabilityZoneNames });
      expect(vpc.availabilityZoneNames).to.deep.equal(availabilityZoneNames);
      expect(vpc).to.not.have.property("numberOfAvailabilityZones");
    });

    it("has a default security group that lets nothing through", async () => {
      const { engine } = await make();
      expect(engine.one(groupType).inputs).to.deep.equal({
        vpcId: "vpc-new",
        ingress: [],
        egress: [],
        tags: { Name: "net-test-default", "load-test:stack": "test" },
      });
    });

    it("has the tags that it is given, also those that are outputs", async () => {
      const { engine } = await make({ tags: { team: "load", owner: pulumi.output("me") } });
      expect(engine.one(vpcType).inputs.tags).to.deep.equal({ team: "load", owner: "me" });
      const tagged = engine.registered.filter(({ type }) => [groupType, natType, eipType].includes(type));
      expect(tagged).to.have.lengthOf(7);
      for (const { name, inputs } of tagged) {
        const all = { Name: name.replace("net", "net-test"), team: "load", owner: "me", "load-test:stack": "test" };
        expect(inputs.tags).to.deep.equal(all);
      }
    });

    it("gives out its subnets, the pods' and the control plane's among them, and its addresses", async () => {
      const { network } = await make();
      expect(await known(network.vpcId)).to.equal("vpc-new");
      expect(await known(network.publicSubnetIds)).to.deep.equal(publicIds);
      expect(await known(network.privateSubnetIds)).to.deep.equal(privateIds);
      expect(await known(network.podSubnetIds)).to.deep.equal(privateIds);
      expect(await known(network.controlPlaneSubnetIds)).to.deep.equal(privateIds.slice(0, 2));
      expect(await known(network.natAddresses)).to.deep.equal(["203.0.113.1", "203.0.113.2", "203.0.113.3"]);
      expect(await known(network.natGatewayIds)).to.deep.equal(["net-nat-1-id", "net-nat-2-id", "net-nat-3-id"]);
    });

    it("gives each NAT gateway further addresses, one after the other, and tells them all", async () => {
      const { engine, network } = await make({ layout: "single-az", natAddressesPerGateway: 3 });
      expect(engine.one(natType).inputs).to.include({ allocationId: "eipalloc-1" });
      const further = engine.registered.filter(({ type }) => type === associationType);
      expect(further.map(({ inputs }) => inputs)).to.deep.equal([
        { natGatewayId: "net-nat-1-id", allocationId: "eipalloc-12" },
        { natGatewayId: "net-nat-1-id", allocationId: "eipalloc-13" },
      ]);
      expect(await known(network.natAddresses)).to.deep.equal(["203.0.113.1", "203.0.113.12", "203.0.113.13"]);
      expect(await known(network.hourlyCost)).to.be.closeTo(0.045 + 3 * 0.005, 1e-9);
    });

    it("knows how many addresses it will have in a preview", async () => {
      const { network } = await make({ natAddressesPerGateway: 2 }, { preview: true });
      expect(await known(network.nat)).to.deep.equal({ gateways: 3, addresses: 6 });
    });

    it("keeps pods in the first zone in a single-az layout, and the control plane where it is in any other", async () => {
      const { network } = await make({ layout: "single-az" });
      expect(await known(network.podSubnetIds)).to.deep.equal(privateIds.slice(0, 1));
      expect(await known(network.controlPlaneSubnetIds)).to.deep.equal(privateIds.slice(0, 2));
    });
  });

  it("refuses wrong arguments with all that is wrong and what is allowed, before anything is registered", async () => {
    const message = await refused({ cidrBlock: "8.8.0.0/16", subnetMask: 30, availabilityZoneCount: 7 });
    expect(message.split("\n")).to.deep.equal([
      "3 settings are wrong (LoadTestNetwork net):",
      '  cidrBlock is "8.8.0.0/16": must be a private IPv4 range of prefix 16 to 28 that starts at its first address, such as "10.0.0.0/16"',
      "  subnetMask is 30: must be an integer from 16 to 28",
      "  availabilityZoneCount is 7: must be an integer from 2 to 6",
    ]);
  });

  for (const preview of [false, true]) {
    it(`registers its resources under itself, and its outputs, in ${preview ? "a preview" : "an update"}`, async () => {
      const { network, engine } = await make({}, { preview });
      const urn = await known(network.urn);
      expect(urn).to.equal(`urn:pulumi:test::serverless-load-testing::${componentType}::net`);
      const inside = (type: string, name: string) => urn.replace(/::net$/, `$${type}::${name}`);
      const urns = [...engine.states.keys()];
      expect(urns).to.have.members([
        ...[urn, inside(vpcType, "net-vpc"), inside(groupType, "net-default")],
        ...["1", "2", "3"].flatMap((zone) => [
          ...[inside(eipType, `net-nat-${zone}`), inside(natType, `net-nat-${zone}`)],
          inside(routeType, `net-private-${zone}`),
        ]),
      ]);
      const outputs = ["vpcId", "publicSubnetIds", "privateSubnetIds", "podSubnetIds", "controlPlaneSubnetIds"];
      expect(engine.states.get(urn)).to.have.all.keys(...outputs, "natAddresses", "natGatewayIds", "nat", "hourlyCost");
    });
  }

  it("knows nothing of a new VPC in a preview, and says so", async () => {
    const { network } = await make({}, { preview: true });
    const { vpcId, podSubnetIds, controlPlaneSubnetIds, natAddresses, natGatewayIds } = network;
    for (const output of [vpcId, podSubnetIds, controlPlaneSubnetIds, natAddresses, natGatewayIds]) {
      expect(await isKnown(output)).to.equal(false);
    }
  });

  it("hands on the providers that it is given", async () => {
    const { engine } = await make({}, { opts: () => ({ providers: [new AwsProvider("other")] }) });
    expect(engine.one(groupType).provider).to.match(/^urn:pulumi:test::.*pulumi:providers:aws::other::/);
  });
});

/** A provider of AWS, without loading all of its SDK. */
class AwsProvider extends pulumi.ProviderResource {
  constructor(name: string) {
    super("aws", name, {});
  }
}
