import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { componentType, make, refused } from "../../support/load-test-network";
import { known } from "../../support/mock-engine";

const existing = {
  vpcId: "vpc-01234567",
  podSubnetIds: ["subnet-01234567"],
  controlPlaneSubnetIds: ["subnet-01234567", "subnet-01234568"],
};

describe("LoadTestNetwork in an existing VPC", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

  it("makes nothing", async () => {
    const { engine } = await make(existing);
    expect(engine.registered.map(({ type }) => type)).to.deep.equal([componentType]);
  });

  it("gives out what it is given, known or not", async () => {
    const { network } = await make({ ...existing, vpcId: pulumi.output(existing.vpcId) });
    expect(await known(network.vpcId)).to.equal(existing.vpcId);
    expect(await known(network.publicSubnetIds)).to.deep.equal([]);
    expect(await known(network.privateSubnetIds)).to.deep.equal(existing.podSubnetIds);
    expect(await known(network.podSubnetIds)).to.deep.equal(existing.podSubnetIds);
    expect(await known(network.controlPlaneSubnetIds)).to.deep.equal(existing.controlPlaneSubnetIds);
    expect(await known(network.natAddresses)).to.deep.equal([]);
    expect(await known(network.natGatewayIds)).to.deep.equal([]);
  });

  it("is refused with addresses of NAT gateways that are not its own", async () => {
    const message = await refused({ ...existing, natAddressesPerGateway: 2 });
    expect(message).to.include("natAddressesPerGateway is 2: must be left out in a VPC that exists");
  });

  for (const key of Object.keys(existing)) {
    it(`is refused without ${key}`, async () => {
      const others = Object.fromEntries(Object.entries(existing).filter(([name]) => name !== key));
      expect(await refused(others)).to.match(new RegExp(`^1 setting is wrong .*\\n  ${key} is missing: must be given`));
    });
  }
});
