import { expect } from "chai";
import { readNetworkArgs } from "../../../components/network/check";
import { planNetwork } from "../../../settings/network";
import { settingsErrorOf } from "../../settings/problems";

const subnets = ["subnet-01234567", "subnet-01234568"];
/** Stands for what only AWS will know. */
const later = Promise.resolve("vpc-01234567");

describe("readNetworkArgs", () => {
  it("fills in the settings' defaults", () => {
    const expected = planNetwork({
      layout: "multi-az",
      vpcCidr: "10.0.0.0/16",
      subnetMask: 22,
      availabilityZoneCount: 3,
      availabilityZoneNames: undefined,
      natAddressesPerGateway: 1,
    });
    expect(readNetworkArgs({}, "test")).to.deep.equal(expected);
  });

  it("names every argument that is wrong, by the component's own names", () => {
    const { message } = settingsErrorOf(() =>
      readNetworkArgs(
        {
          cidrBlock: "8.8.8.0/24",
          subnetMask: 29,
          availabilityZoneCount: 1,
          availabilityZoneNames: ["us-east-2", "us-east-2a"],
          layout: "three-az",
          vpcId: "my-vpc",
          podSubnetIds: ["sn-1"],
        },
        "LoadTestNetwork net",
      ),
    );
    const [first, ...lines] = message.split("\n");
    expect(first).to.equal("8 settings are wrong (LoadTestNetwork net):");
    expect(lines.map((line) => line.trim().split(/ is |:/)[0])).to.deep.equal([
      ...["cidrBlock", "subnetMask", "availabilityZoneCount", "availabilityZoneNames[0]", "layout"],
      ...["vpcId", "podSubnetIds[0]", "controlPlaneSubnetIds"],
    ]);
  });

  it("names what does not fit", () => {
    const keys = (args: object) => settingsErrorOf(() => readNetworkArgs(args, "test")).problems.map(({ key }) => key);
    expect(keys({ subnetMask: 16 })).to.deep.equal(["subnetMask"]);
    expect(keys({ cidrBlock: "10.0.0.0/28", subnetMask: 28 })).to.deep.equal(["cidrBlock"]);
  });

  it("takes an existing VPC as a whole only, also where its ids are not known yet", () => {
    const all = { vpcId: later, podSubnetIds: later, controlPlaneSubnetIds: [later, later] };
    for (const key of Object.keys(all)) {
      const { problems } = settingsErrorOf(() => readNetworkArgs({ ...all, [key]: undefined }, "test"));
      expect(problems.map((problem) => problem.key)).to.deep.equal([key]);
    }
    expect(readNetworkArgs({ ...all, subnetMask: 16 }, "test").podZones, "the fit is no matter").to.equal(3);
  });

  it("takes an empty id or list as left out, as the stack's config does", () => {
    const plan = readNetworkArgs({ vpcId: "", podSubnetIds: [], controlPlaneSubnetIds: [] }, "test");
    expect(plan.zones).to.equal(3);
    const { problems } = settingsErrorOf(() =>
      readNetworkArgs({ vpcId: "vpc-01234567", podSubnetIds: [], controlPlaneSubnetIds: subnets }, "test"),
    );
    expect(problems.map(({ key }) => key)).to.deep.equal(["podSubnetIds"]);
  });
});
