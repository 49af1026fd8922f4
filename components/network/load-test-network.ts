// All of `ec2`, not the one file: it registers the classes with which Pulumi turns the VPC's output `natGateways`
// into resources; without them it would hand over plain ids.
import { DefaultSecurityGroup, Eip, NatGateway, Route } from "@pulumi/aws/ec2";
import { Vpc } from "@pulumi/awsx/ec2/vpc";
import * as pulumi from "@pulumi/pulumi";
import { controlPlaneZones, type NetworkPlan } from "../../settings/network";
import { asRunError } from "../../settings/pulumi-config";
import { insideOf, nameTag, withStackTag } from "../stack-tags";
import { readNetworkArgs } from "./check";

/** How a load test's network is spread over availability zones. */
export const NetworkLayout = {
  /** Pods in every zone, each with a NAT gateway of its own. */
  MultiAz: "multi-az",
  /** Pods and the only NAT gateway in the first zone; the control plane's subnets stay in two. */
  SingleAz: "single-az",
} as const;
export type NetworkLayout = (typeof NetworkLayout)[keyof typeof NetworkLayout];

/** Arguments of LoadTestNetwork. */
export interface LoadTestNetworkArgs {
  /** Addresses of the new VPC: a private IPv4 range of prefix 16 to 28. Defaults to "10.0.0.0/16". */
  cidrBlock?: string;
  /** Prefix of every subnet, from 16 to 28; every pod takes an address. Defaults to 22, about 1,000 pods. */
  subnetMask?: number;
  /** How many availability zones have subnets, from 2 to 6; the single-az layout always has 2. Defaults to 3. */
  availabilityZoneCount?: number;
  /**
   * The availability zones by name, instead of a count. Needed where the region's first zones will not do: EKS is not
   * in every zone, and Local Zones that the account has opted in to count as well. Defaults to the region's first.
   */
  availabilityZoneNames?: string[];
  /** How pods and NAT gateways are spread over the zones. Defaults to "multi-az". */
  layout?: NetworkLayout;
  /** An existing VPC, to be used instead of a new one; needs both lists of subnets. Defaults to a new VPC. */
  vpcId?: pulumi.Input<string>;
  /** Private subnets of the existing VPC for pods, with a way out through NAT. Needed with vpcId only. */
  podSubnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /** Subnets of the existing VPC in two zones or more, for the EKS control plane. Needed with vpcId only. */
  controlPlaneSubnetIds?: pulumi.Input<pulumi.Input<string>[]>;
  /**
   * Tags of all that is made. Values may be outputs; the record itself may not, as awsx spreads it. Defaults to names
   * and `load-test:stack`, which is the stack's name.
   */
  tags?: Record<string, pulumi.Input<string>>;
}

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
 * three zones and $0.05 with single-az, and $0.045 for each GB that passes through. The rest is free.
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

  constructor(name: string, args: LoadTestNetworkArgs = {}, opts?: pulumi.ComponentResourceOptions) {
    // Before anything is registered.
    const plan = asRunError(() => readNetworkArgs(args, `LoadTestNetwork ${name}`));
    super("serverless-load-testing:index:LoadTestNetwork", name, args, opts);

    const subnets = existingNetwork(args) ?? newNetwork(name, plan, args.tags, this);
    this.vpcId = subnets.vpcId;
    this.publicSubnetIds = subnets.publicSubnetIds;
    this.privateSubnetIds = subnets.privateSubnetIds;
    this.podSubnetIds = subnets.podSubnetIds;
    this.controlPlaneSubnetIds = subnets.controlPlaneSubnetIds;
    this.natAddresses = subnets.natAddresses;
    this.registerOutputs({ ...subnets });
  }
}

type Network = Pick<
  LoadTestNetwork,
  "vpcId" | "publicSubnetIds" | "privateSubnetIds" | "podSubnetIds" | "controlPlaneSubnetIds" | "natAddresses"
>;

/** The VPC that exists; undefined where none is given. */
function existingNetwork({ vpcId, podSubnetIds, controlPlaneSubnetIds }: LoadTestNetworkArgs): Network | undefined {
  if (!vpcId || !podSubnetIds || !controlPlaneSubnetIds) return undefined;
  const none = pulumi.output<string[]>([]);
  return {
    vpcId: pulumi.output(vpcId),
    publicSubnetIds: none,
    privateSubnetIds: pulumi.output(podSubnetIds),
    podSubnetIds: pulumi.output(podSubnetIds),
    controlPlaneSubnetIds: pulumi.output(controlPlaneSubnetIds),
    natAddresses: none,
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
      ...(tags === undefined ? {} : { tags }),
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
  const { gateways, routes } = waysOut(name, plan, vpc, named, { parent, dependsOn: inside.partsOf(vpc) });

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
    natAddresses: pulumi.all(gateways.map(({ publicIp }) => publicIp)),
  };
}

/** The ways out of the private subnets: an address and a gateway in each zone, or in the first for all. */
function waysOut(
  name: string,
  plan: NetworkPlan,
  vpc: Vpc,
  named: (resource: string) => pulumi.Output<Record<string, string>>,
  opts: pulumi.CustomResourceOptions,
): { readonly gateways: readonly NatGateway[]; readonly routes: readonly Route[] } {
  const zones = Array.from({ length: plan.zones }, (_, zone) => zone);
  const gateways = zones.slice(0, plan.natGateways === "Single" ? 1 : plan.zones).map((zone) => {
    const natName = `${name}-nat-${zone + 1}`;
    const { allocationId } = new Eip(natName, { domain: "vpc", tags: named(natName) }, opts);
    const subnetId = vpc.publicSubnets.apply((subnets) => idOf(subnets[zone]));
    return new NatGateway(natName, { subnetId, allocationId, tags: named(natName) }, opts);
  });
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
  return { gateways, routes };
}

/** Of a resource that must be there. */
function idOf(resource: pulumi.CustomResource | undefined): pulumi.Output<string> {
  if (resource === undefined) throw new Error("The VPC has less than was planned.");
  return resource.id;
}
