// All of `ec2`, not the one file: it registers the classes with which Pulumi turns the VPC's output `natGateways`
// into resources; without them it would hand over plain ids.
import { DefaultSecurityGroup, Eip, NatGateway, NatGatewayEipAssociation, Route } from "@pulumi/aws/ec2";
import { Vpc } from "@pulumi/awsx/ec2/vpc";
import * as pulumi from "@pulumi/pulumi";
import { usEast2 as prices } from "../../settings/cost/us-east-2";
import { controlPlaneZones, type NetworkPlan } from "../../settings/network";
import { asRunError } from "../../settings/pulumi-config";
import { readArgument } from "../check";
import { insideOf, nameTag, withStackTag } from "../stack-tags";
import type { LoadTestNetworkArgs, NatCount } from "./args";
import { networkRules, readNetworkArgs } from "./check";

export { type LoadTestNetworkArgs, type NatCount, NetworkLayout } from "./args";

/**
 * The network of a load test on EKS and Fargate: a VPC with a public and a private subnet in each availability zone,
 * NAT gateways for the pods' way out, and a default security group that lets nothing through. Or, with `vpcId`, a VPC
 * that exists: then nothing is made, and nothing in it is changed.
 *
 * Subnets keep their addresses when the layout or the number of zones changes, and the control plane's subnets are
 * those of the first two zones in every layout, so a running cluster can be moved from one layout to the other.
 * Subnets themselves cannot be changed: AWS refuses another mask, or another zone in the place of one, until the old
 * subnets are gone.
 *
 * Costs in us-east-2: about $0.05 an hour for each NAT gateway with its public address, so $0.15 with multi-az in
 * three zones and $0.05 with single-az, $0.005 for each further address, and $0.045 for each GB that passes through. The
 * rest is free.
 *
 * @example
 * const network = new LoadTestNetwork("load", { layout: NetworkLayout.SingleAz });
 * export const allowTheseInTheTarget = network.natAddresses;
 *
 * @example
 * const network = new LoadTestNetwork("load", {
 *   vpcId: "vpc-0123456789abcdef0",
 *   podSubnetIds: ["subnet-0123456789abcdef0"],
 *   controlPlaneSubnetIds: ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
 * });
 */
export class LoadTestNetwork extends pulumi.ComponentResource {
  /** The VPC. */
  readonly vpcId: pulumi.Output<string>;
  /** Public subnets of the new VPC; empty with an existing VPC. */
  readonly publicSubnetIds: pulumi.Output<string[]>;
  /** Private subnets of every zone; with an existing VPC those for pods. */
  readonly privateSubnetIds: pulumi.Output<string[]>;
  /** Private subnets that pods run in. */
  readonly podSubnetIds: pulumi.Output<string[]>;
  /** Private subnets in two zones, or more with an existing VPC, for the EKS control plane. */
  readonly controlPlaneSubnetIds: pulumi.Output<string[]>;
  /** Public addresses that the pods' traffic comes from; empty with an existing VPC, whose way out is not ours. */
  readonly natAddresses: pulumi.Output<string[]>;
  /** The NAT gateways, by which CloudWatch knows them; empty with an existing VPC. */
  readonly natGatewayIds: pulumi.Output<string[]>;
  /** How many NAT gateways and addresses there are, known before they are made; 0 with an existing VPC. */
  readonly nat: pulumi.Output<NatCount>;
  /** What AWS bills for NAT gateways and their addresses, in USD an hour (us-east-2); 0 with an existing VPC. */
  readonly hourlyCost: pulumi.Output<number>;

  constructor(name: string, args: LoadTestNetworkArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    // Before anything is registered.
    const plan = asRunError(() => readNetworkArgs(args, `LoadTestNetwork ${name}`));
    super("serverless-load-testing:index:LoadTestNetwork", name, args, opts);

    const network = args.vpcId
      ? existingNetwork(`LoadTestNetwork ${name}`, args)
      : newNetwork(name, plan, args.tags, this);
    this.vpcId = network.vpcId;
    this.publicSubnetIds = network.publicSubnetIds;
    this.privateSubnetIds = network.privateSubnetIds;
    this.podSubnetIds = network.podSubnetIds;
    this.controlPlaneSubnetIds = network.controlPlaneSubnetIds;
    this.natAddresses = network.natAddresses;
    this.natGatewayIds = network.natGatewayIds;
    this.nat = network.nat;
    this.hourlyCost = network.hourlyCost;
    this.registerOutputs({ ...network });
  }
}

type Network = Omit<LoadTestNetwork, keyof pulumi.ComponentResource>;

/** The VPC that exists: checked as soon as its ids are known. */
function existingNetwork(source: string, args: LoadTestNetworkArgs): Network {
  const read = <T>(key: "vpcId" | "podSubnetIds" | "controlPlaneSubnetIds") =>
    pulumi.output(readArgument<T>(source, networkRules[key], args[key], key)) as pulumi.Output<T>;
  const none = pulumi.output<string[]>([]);
  const podSubnetIds = read<string[]>("podSubnetIds");
  return {
    vpcId: read<string>("vpcId"),
    publicSubnetIds: none,
    privateSubnetIds: podSubnetIds,
    podSubnetIds,
    controlPlaneSubnetIds: read<string[]>("controlPlaneSubnetIds"),
    natAddresses: none,
    natGatewayIds: none,
    nat: pulumi.output({ gateways: 0, addresses: 0 }),
    hourlyCost: pulumi.output(0),
  };
}

function newNetwork(
  name: string,
  plan: NetworkPlan,
  tags: LoadTestNetworkArgs["tags"],
  parent: pulumi.Resource,
): Network {
  const inside = insideOf(name, tags);
  const vpc = new Vpc(
    `${name}-vpc`,
    {
      cidrBlock: plan.cidrBlock,
      ...(plan.zoneNames === undefined
        ? { numberOfAvailabilityZones: plan.zones }
        : { availabilityZoneNames: plan.zoneNames }),
      // The default, "Legacy", makes blocks of its own and ignores those that are given.
      subnetStrategy: "Auto",
      subnetSpecs: [
        { type: "Public", cidrBlocks: plan.publicCidrs, tags: { "kubernetes.io/role/elb": "1" } },
        { type: "Private", cidrBlocks: plan.privateCidrs, tags: { "kubernetes.io/role/internal-elb": "1" } },
      ],
      // Made below: awsx lets them not wait for the internet gateway, without which AWS makes none.
      natGateways: { strategy: "None" },
      // Without it the private endpoint of EKS has no name that pods can resolve.
      enableDnsHostnames: true,
      // awsx takes no output for all of them; its parts have these too, by the transform.
      ...(tags === undefined || pulumi.Output.isInstance(tags) || tags instanceof Promise ? {} : { tags }),
    },
    { parent, transforms: [inside.transform] },
  );
  const named = (resource: string) =>
    withStackTag(tags).apply((wanted): Record<string, string> => ({ Name: nameTag(name, resource), ...wanted }));
  const groupName = `${name}-default`;
  // Every VPC has this group, open among its members and outwards; to take it over without rules closes it.
  new DefaultSecurityGroup(
    groupName,
    { vpcId: vpc.vpcId, ingress: [], egress: [], tags: named(groupName) },
    { parent },
  );
  // All of the VPC first: AWS makes no NAT gateway without the internet's, nor detaches that while an address is in use.
  const { addresses, gateways, routes } = waysOut(name, plan, vpc, named, { parent, dependsOn: inside.partsOf(vpc) });

  // Not from the list of ids, of which a preview knows none when it does not know one.
  const first = (count: number) =>
    pulumi.all(Array.from({ length: count }, (_, zone) => vpc.privateSubnets.apply((subnets) => idOf(subnets[zone]))));
  return {
    vpcId: vpc.vpcId,
    publicSubnetIds: vpc.publicSubnetIds,
    privateSubnetIds: vpc.privateSubnetIds,
    // Pods that start before there is a way out cannot pull their image.
    podSubnetIds: pulumi.all([first(plan.podZones), pulumi.all(routes.map(({ urn }) => urn))]).apply(([ids]) => ids),
    controlPlaneSubnetIds: first(controlPlaneZones),
    natAddresses: pulumi.all(addresses.map(({ publicIp }) => publicIp)),
    natGatewayIds: pulumi.all(gateways.map(({ id }) => id)),
    nat: pulumi.output({ gateways: gateways.length, addresses: addresses.length }),
    hourlyCost: pulumi.output(
      gateways.length * prices.perHour.natGateway + addresses.length * prices.perHour.publicIpv4,
    ),
  };
}

/** The ways out of the private subnets: a gateway with its addresses in each zone, or in the first for all. */
function waysOut(
  name: string,
  plan: NetworkPlan,
  vpc: Vpc,
  named: (resource: string) => pulumi.Output<Record<string, string>>,
  opts: { readonly parent: pulumi.Resource; readonly dependsOn: pulumi.Output<pulumi.Resource[]> },
): { readonly addresses: readonly Eip[]; readonly gateways: readonly NatGateway[]; readonly routes: readonly Route[] } {
  const zones = Array.from({ length: plan.zones }, (_, zone) => zone);
  const address = (resource: string) => new Eip(resource, { domain: "vpc", tags: named(resource) }, opts);
  const made = zones.slice(0, plan.natGateways).map((zone) => {
    const natName = `${name}-nat-${zone + 1}`;
    const first = address(natName);
    const subnetId = vpc.publicSubnets.apply((subnets) => idOf(subnets[zone]));
    const gateway = new NatGateway(natName, { subnetId, allocationId: first.allocationId, tags: named(natName) }, opts);
    const more = Array.from({ length: plan.natAddressesPerGateway - 1 }, (_, index) =>
      address(`${natName}-${index + 2}`),
    );
    associate(natName, gateway, more, opts.parent);
    return { gateway, addresses: [first, ...more] };
  });
  const gateways = made.map(({ gateway }) => gateway);
  const routes = zones.map((zone) => {
    // A zone's public subnet comes first, and each has a table.
    const routeTableId = vpc.routeTables.apply((tables) => idOf(tables[2 * zone + 1]));
    const natGatewayId = pulumi.output(gateways[zone] ?? gateways[0]).apply(idOf);
    return new Route(
      `${name}-private-${zone + 1}`,
      { routeTableId, destinationCidrBlock: "0.0.0.0/0", natGatewayId },
      opts,
    );
  });
  return { addresses: made.flatMap(({ addresses }) => addresses), gateways, routes };
}

/**
 * Gives a gateway its further addresses, one after the other: AWS refuses one while it works on another. They go with
 * the gateway: each by itself would be drained for six minutes first.
 */
function associate(natName: string, gateway: NatGateway, addresses: readonly Eip[], parent: pulumi.Resource): void {
  let before: pulumi.Resource[] = [];
  addresses.forEach(({ allocationId }, index) => {
    const opts = { parent, dependsOn: before, deletedWith: gateway };
    const ids = { natGatewayId: gateway.id, allocationId };
    before = [new NatGatewayEipAssociation(`${natName}-${index + 2}`, ids, opts)];
  });
}

/** Of a resource that must be there. */
function idOf(resource: pulumi.CustomResource | undefined): pulumi.Output<string> {
  if (resource === undefined) throw new Error("The VPC has less than was planned.");
  return resource.id;
}
