/** Subnets of a new VPC: which block of addresses each gets, and whether the pods fit. Pure arithmetic. */
import type { SettingsProblem } from "./errors";
import type { Settings } from "./schema";
import { addressCount, formatCidr, parseCidr, prefixForParts } from "./values/cidr";

/** The settings that the network depends on. */
export interface NetworkSettings
  extends Pick<
    Settings,
    "layout" | "vpcCidr" | "subnetMask" | "availabilityZoneCount" | "availabilityZoneNames" | "natAddressesPerGateway"
  > {}

/** What a new VPC is divided into. Lists have an entry for each zone, in the zones' order. */
export interface NetworkPlan {
  /** The VPC's own block. */
  readonly cidrBlock: string;
  /** How many availability zones have subnets. */
  readonly zones: number;
  /** Their names; left out, they are the first ones of the region. */
  readonly zoneNames?: string[];
  readonly publicCidrs: string[];
  readonly privateCidrs: string[];
  /** How many NAT gateways there are: one in each zone, or one in the first. */
  readonly natGateways: number;
  readonly natAddressesPerGateway: number;
  /** Pods run in the private subnets of this many zones, from the first. */
  readonly podZones: number;
  /** Addresses of those subnets that AWS does not keep for itself. */
  readonly podAddresses: number;
}

/**
 * EKS wants subnets in two zones for its control plane, and later refuses any other set of zones than the first one.
 * So it is the first two in every layout, and the layout can change under a running cluster.
 */
export const controlPlaneZones = 2;

/** AWS keeps the first four addresses of a subnet and the last. */
const keptAddresses = 5;

/** What AWS asks to be free for the control plane's network interfaces, in each of its subnets. */
const controlPlaneAddresses = 6;

const masters = 1;
export const coreDnsPods = 2;

/** Keys that describe an existing VPC: all of them, or none. */
export const existingVpcKeys = ["vpcId", "podSubnetIds", "controlPlaneSubnetIds"] as const;

/**
 * Plans the subnets of a new VPC. Whether they fit is for `checkSubnetsFit` to say.
 *
 * Zone i has the blocks 2i (private) and 2i + 1 (public), counted from the start of the VPC. A block depends on
 * nothing else, so that another layout or another number of zones leaves alone the subnets that stay.
 */
export function planNetwork(settings: NetworkSettings): NetworkPlan {
  const { layout, vpcCidr, subnetMask, availabilityZoneCount, availabilityZoneNames } = settings;
  const single = layout === "single-az";
  const zones = single ? controlPlaneZones : (availabilityZoneNames?.length ?? availabilityZoneCount);
  const podZones = single ? 1 : zones;
  const start = parseCidr(vpcCidr).address;
  const size = addressCount(subnetMask);
  const blocks = (first: number) =>
    Array.from({ length: zones }, (_, zone) =>
      formatCidr({ address: start + (2 * zone + first) * size, prefix: subnetMask }),
    );
  return {
    cidrBlock: vpcCidr,
    zones,
    ...(availabilityZoneNames === undefined ? {} : { zoneNames: availabilityZoneNames.slice(0, zones) }),
    publicCidrs: blocks(1),
    privateCidrs: blocks(0),
    natGateways: single ? 1 : zones,
    natAddressesPerGateway: settings.natAddressesPerGateway,
    podZones,
    podAddresses: podZones * (size - keptAddresses),
  };
}

/** What is wrong where the planned subnets do not fit the VPC; empty where they do. */
export function checkSubnetsFit(settings: NetworkSettings): SettingsProblem[] {
  const { vpcCidr, subnetMask } = settings;
  const { zones, publicCidrs, privateCidrs } = planNetwork(settings);
  const count = publicCidrs.length + privateCidrs.length;
  const vpcPrefix = parseCidr(vpcCidr).prefix;
  const least = prefixForParts(vpcPrefix, count);
  if (subnetMask >= least) return [];
  const why = `${count} subnets, a public and a private one in each of ${zones} availability zones`;
  if (least > 28) {
    const widest = 28 - (least - vpcPrefix);
    return [{ key: "vpcCidr", value: vpcCidr, allowed: `a range of prefix 16 to ${widest}, to have room for ${why}` }];
  }
  const range = least === 28 ? "28" : `an integer from ${least} to 28`;
  return [{ key: "subnetMask", value: subnetMask, allowed: `${range}: ${vpcCidr} is divided into ${why}` }];
}

/** What is wrong where the pods' subnets have too few addresses for the workers and all else; empty where they do. */
export function checkPodAddresses(settings: NetworkSettings & { readonly workerReplicas: number }): SettingsProblem[] {
  const { layout, subnetMask, workerReplicas } = settings;
  const { podZones, podAddresses } = planNetwork(settings);
  const free = podAddresses - controlPlaneAddresses * Math.min(podZones, controlPlaneZones);
  if (podsWith(workerReplicas) <= free) return [];
  let most = 0;
  while (podsWith(most + 1) <= free) most += 1;
  const range = most === 0 ? "0" : `an integer from 0 to ${most}`;
  const where = `with layout ${layout} and subnetMask ${subnetMask}`;
  const others = "the master, CoreDNS, the control plane and what a rolling update adds";
  const allowed = `${range} ${where}: they have ${podAddresses} addresses for workers, ${others}`;
  return [{ key: "workerReplicas", value: workerReplicas, allowed }];
}

/** Pods that a test with so many workers has, CoreDNS among them. */
export function podsOf(workers: number): number {
  return workers + masters + coreDnsPods;
}

/** Pods at the busiest moment: a rolling update adds a quarter of the workers, and one pod of anything else. */
function podsWith(workers: number): number {
  return podsOf(workers) + Math.ceil(workers / 4) + 1;
}

/** Which keys of an existing VPC are missing, where some are given, and what means nothing there. */
export function checkExistingVpc(given: readonly string[], natAddressesPerGateway: unknown = 1): SettingsProblem[] {
  if (given.length === 0) return [];
  const missing = existingVpcKeys
    .filter((key) => !given.includes(key))
    .map((key) => ({ key, value: undefined, allowed: `given, as ${given.join(" and ")} ${given[1] ? "are" : "is"}` }));
  if (natAddressesPerGateway === 1) return missing;
  const allowed = "left out in a VPC that exists, whose NAT gateways are its own";
  return [...missing, { key: "natAddressesPerGateway", value: natAddressesPerGateway, allowed }];
}
