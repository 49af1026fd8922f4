import type { Input } from "@pulumi/pulumi";
import type { List, Texts } from "../inputs";

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
  cidrBlock?: string | undefined;
  /** Prefix of every subnet, from 16 to 28; every pod takes an address. Defaults to 22, about 1,000 pods. */
  subnetMask?: number | undefined;
  /** How many availability zones have subnets, from 2 to 6; the single-az layout always has 2. Defaults to 3. */
  availabilityZoneCount?: number | undefined;
  /**
   * The availability zones by name, instead of a count. Needed where the region's first zones will not do: EKS is not
   * in every zone, and Local Zones that the account has opted in to count as well. Defaults to the region's first.
   */
  availabilityZoneNames?: List<string> | undefined;
  /** How pods and NAT gateways are spread over the zones. Defaults to "multi-az". */
  layout?: NetworkLayout;
  /**
   * Public addresses of each NAT gateway, from 1 to 8: each holds 55,000 connections at a time to one address of a target.
   * AWS gives a gateway 2, and an account 5 in a Region, before one asks for more. Defaults to 1.
   */
  natAddressesPerGateway?: number | undefined;
  /** An existing VPC, to be used instead of a new one; needs both lists of subnets. Defaults to a new VPC. */
  vpcId?: Input<string> | undefined;
  /** Private subnets of the existing VPC for pods, with a way out through NAT. Needed with vpcId only. */
  podSubnetIds?: Input<List<Input<string>>> | undefined;
  /** Subnets of the existing VPC in two zones or more, for the EKS control plane. Needed with vpcId only. */
  controlPlaneSubnetIds?: Input<List<Input<string>>> | undefined;
  /** Tags of all that is made. Defaults to names and `load-test:stack`, which is the stack's name. */
  tags?: Texts | undefined;
}

/** The NAT gateways of a network. */
export interface NatCount {
  /** How many there are. */
  gateways: number;
  /** Public addresses of all of them together. */
  addresses: number;
}
