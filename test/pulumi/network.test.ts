import { expect } from "chai";
import { planNetwork } from "../../settings/network";
import { needs } from "../support/needs";
import { PulumiProgram, type StateResource } from "../support/pulumi-program";

const program = `
import { Provider } from "@pulumi/aws/provider";
import { Config } from "@pulumi/pulumi";
import { LoadTestNetwork, type NetworkLayout } from "./components";

const layout = new Config().get("layout") as NetworkLayout | undefined;
const providers = [new Provider("other", { region: "us-east-2" })];
const natAddressesPerGateway = new Config().getNumber("addresses");
export const network = new LoadTestNetwork(
  "net",
  { ...(layout && { layout }), natAddressesPerGateway, tags: { team: "load" } },
  { providers },
);
`;

const subnetType = "aws:ec2/subnet:Subnet";
const groupType = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup";
const eipType = "aws:ec2/eip:Eip";
const associationType = "aws:ec2/natGatewayEipAssociation:NatGatewayEipAssociation";
const natType = "aws:ec2/natGateway:NatGateway";

const network = {
  ...{ vpcCidr: "10.0.0.0/16", subnetMask: 22, availabilityZoneCount: 3, availabilityZoneNames: undefined },
  natAddressesPerGateway: 1,
};
const multi = planNetwork({ ...network, layout: "multi-az" });
const single = planNetwork({ ...network, layout: "single-az" });

interface Outputs {
  readonly publicSubnetIds: string[];
  readonly privateSubnetIds: string[];
  readonly podSubnetIds: string[];
  readonly controlPlaneSubnetIds: string[];
  readonly natAddresses: string[];
}

describe("LoadTestNetwork, on the real engine", function () {
  this.timeout(300_000);
  let project: PulumiProgram;

  needs("pulumi");
  before(() => {
    project = new PulumiProgram(program);
  });
  after(() => project?.remove());

  const outputs = () => project.outputs().network as Outputs;
  const ofType = (type: string) => project.resources().filter((resource) => resource.type === type);
  const kept = ({ urn, id, outputs }: StateResource) => ({ urn, id, cidrBlock: outputs?.cidrBlock });
  const blocksOf = (ids: readonly string[]) => {
    const subnets = ofType(subnetType);
    return ids.map((id) => subnets.find((subnet) => subnet.id === id)?.outputs?.cidrBlock);
  };

  it("previews on an empty stack", () => {
    const output = project.mustRun("preview", "--diff");
    expect(output).to.include("net-vpc-private-3").and.to.include(groupType);
    expect(project.resources()).to.deep.equal([]);
  });

  it("makes the planned subnets, a NAT gateway in each zone and a closed default group", () => {
    project.up();
    const { publicSubnetIds, privateSubnetIds, podSubnetIds, controlPlaneSubnetIds, natAddresses } = outputs();
    expect(blocksOf(publicSubnetIds)).to.deep.equal(multi.publicCidrs);
    expect(blocksOf(privateSubnetIds)).to.deep.equal(multi.privateCidrs);
    expect(podSubnetIds).to.deep.equal(privateSubnetIds);
    expect(controlPlaneSubnetIds).to.deep.equal(privateSubnetIds.slice(0, 2));
    expect(natAddresses).to.have.members(ofType(eipType).map((eip) => eip.outputs?.publicIp));
    expect(natAddresses).to.have.lengthOf(3);
    expect(ofType(groupType)[0]?.outputs).to.deep.include({ ingress: [], egress: [] });
  });

  it("tags every subnet for load balancers, and all that can have tags with those given", () => {
    const tagged = ofType(subnetType).map((subnet) => subnet.outputs?.tags as Record<string, string>);
    expect(tagged).to.have.lengthOf(6);
    for (const tags of tagged) {
      const role = tags.SubnetType === "Public" ? "kubernetes.io/role/elb" : "kubernetes.io/role/internal-elb";
      expect(tags).to.include({ [role]: "1", team: "load", "load-test:stack": "test" });
      expect(tags.Name).to.match(/^net-test-vpc-(public|private)-[123]$/);
    }
    const others = project.resources().filter(({ outputs }) => outputs?.tags !== undefined);
    for (const { urn, outputs } of others)
      expect(outputs?.tags, urn).to.include({ team: "load", "load-test:stack": "test" });
  });

  it("makes NAT gateways when all of the VPC is there, and gives no other public address", () => {
    for (const { urn, dependencies = [] } of ofType(natType)) {
      const kinds = dependencies.map((one) => one.split("::").at(-2)?.split("$").at(-1));
      expect(kinds, urn).to.include("aws:ec2/internetGateway:InternetGateway").and.to.include("aws:ec2/route:Route");
    }
    for (const { outputs } of ofType(subnetType)) expect(outputs?.mapPublicIpOnLaunch).to.equal(false);
  });

  it("makes everything with the provider that it is given", () => {
    const made = project.resources().filter(({ type }) => type.startsWith("aws:"));
    expect(made).to.not.deep.equal([]);
    for (const { urn, provider } of made) expect(provider, urn).to.include("pulumi:providers:aws::other::");
  });

  it("changes nothing the second time", () => {
    expect(project.up("--expect-no-changes")).to.include("unchanged");
  });

  it("gives the gateways that are there further addresses one by one, and takes them away again", () => {
    const gateways = ofType(natType).map(({ id }) => id);
    project.mustRun("config", "set", "addresses", "3");
    project.up();
    expect(outputs().natAddresses).to.have.lengthOf(9);
    const associations = ofType(associationType);
    expect(associations).to.have.lengthOf(6);
    const waiting = associations.filter(({ dependencies = [] }) =>
      dependencies.some((one) => one.includes(associationType)),
    );
    expect(waiting.map(({ urn }) => urn.split("::").at(-1))).to.have.members([
      "net-nat-1-3",
      "net-nat-2-3",
      "net-nat-3-3",
    ]);
    expect(project.up("--expect-no-changes")).to.include("unchanged");
    project.mustRun("config", "rm", "addresses");
    project.up();
    expect(ofType(associationType)).to.deep.equal([]);
    expect(ofType(natType).map(({ id }) => id)).to.have.members(gateways);
  });

  it("keeps the subnets that stay, from multi-az to single-az and back", () => {
    const before = ofType(subnetType);
    project.mustRun("config", "set", "layout", "single-az");
    project.up();
    const between = ofType(subnetType);
    expect(blocksOf(outputs().privateSubnetIds)).to.deep.equal(single.privateCidrs);
    expect(outputs().podSubnetIds).to.deep.equal(outputs().privateSubnetIds.slice(0, 1));
    expect(outputs().natAddresses).to.have.lengthOf(1);
    expect(between.map(kept)).to.have.deep.members(before.filter(({ urn }) => !urn.endsWith("-3")).map(kept));

    project.mustRun("config", "set", "layout", "multi-az");
    project.up();
    const after = ofType(subnetType).map(kept);
    expect(after).to.include.deep.members(between.map(kept));
    expect(after.map(({ urn, cidrBlock }) => ({ urn, cidrBlock }))).to.have.deep.members(
      before.map(kept).map(({ urn, cidrBlock }) => ({ urn, cidrBlock })),
    );
    expect(outputs().natAddresses).to.have.lengthOf(3);
  });

  it("leaves nothing when it is destroyed", () => {
    project.mustRun("destroy", "--yes", "--skip-preview");
    expect(project.resources()).to.deep.equal([]);
  });
});
