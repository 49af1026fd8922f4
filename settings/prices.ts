/** What a stack on EKS and Fargate costs by the hour. Pure arithmetic. */
import { type NetworkSettings, planNetwork } from "./network";
import type { Settings } from "./schema";
import { type FargateSize, fargateSizeFor } from "./values/fargate";

/** The settings that the cost of the cluster and its network depends on, of a stack with platform `eks-fargate`. */
export interface FixedCostSettings extends NetworkSettings, Pick<Settings, "vpcId"> {}

/** The settings that the whole cost depends on. */
export interface CostSettings
  extends FixedCostSettings,
    Pick<Settings, "workerReplicas" | "workerCpu" | "workerMemory" | "controlCpu" | "controlMemory"> {}

/** One line of a bill. */
export interface CostItem {
  readonly what: string;
  /** What is paid for one of them: its Fargate size, for a pod. */
  readonly size?: FargateSize;
  readonly quantity: number;
  /** Of one, in USD an hour. */
  readonly each: number;
  /** Of all, in USD an hour. */
  readonly perHour: number;
}

/** What is paid by the hour. */
export interface HourlyCost {
  readonly items: readonly CostItem[];
  /** In USD an hour. */
  readonly total: number;
}

/**
 * On-demand prices in USD, without taxes, free tiers or discounts; Fargate's are those of Linux on x86.
 *
 * Sources: AWS's price pages for EKS, Fargate, VPC (NAT gateway, public IPv4 addresses), EC2 (data transfer) and
 * CloudWatch; the same numbers are in the Price List API as AmazonEKS, AmazonECS, AmazonEC2, AmazonVPC and
 * AmazonCloudWatch.
 */
export const prices = {
  region: "us-east-2",
  /** Month of the price list. */
  date: "2026-11",
  perHour: {
    /** A control plane, its Kubernetes version in standard support. */
    eksCluster: 0.1,
    natGateway: 0.045,
    publicIpv4: 0.005,
    fargateVcpu: 0.04048,
    fargateGb: 0.004445,
  },
  perGb: {
    /** In either direction, on top of what the way out costs. */
    throughNat: 0.045,
    /** The first 10 TB of a month. */
    outToInternet: 0.09,
    /** In each direction. */
    betweenZones: 0.01,
    logsIn: 0.5,
    logsKeptForAMonth: 0.03,
  },
} as const;

const coreDnsPods = 2;
/** What the EKS add-on's pods request: 100m and 70Mi. */
const coreDns = { cpu: 0.1, memory: 70 };

/**
 * Lists what is paid for by the hour, whether a test runs or not. Traffic and logs are paid for by the GB and come on
 * top. A VPC that exists costs nothing here, as it is paid for already.
 */
export function hourlyCost(settings: CostSettings): HourlyCost {
  return bill([
    ...fixedHourlyCost(settings).items,
    pods("Locust master", 1, settings.controlCpu, settings.controlMemory),
    pods("Locust worker", settings.workerReplicas, settings.workerCpu, settings.workerMemory),
  ]);
}

/** The part of `hourlyCost` that stays when no pod of Locust is there: the cluster, its network and CoreDNS. */
export function fixedHourlyCost(settings: FixedCostSettings): HourlyCost {
  const gateways = natGateways(settings);
  return clusterHourlyCost(gateways, gateways * settings.natAddressesPerGateway);
}

/** The same, in a network with so many NAT gateways and addresses of all of them together. */
export function clusterHourlyCost(gateways: number, addresses = gateways): HourlyCost {
  const { eksCluster, natGateway, publicIpv4 } = prices.perHour;
  return bill([
    item("EKS control plane", 1, eksCluster),
    item("NAT gateway", gateways, natGateway),
    item("public IPv4 address of a NAT gateway", addresses, publicIpv4),
    pods("CoreDNS pod", coreDnsPods, coreDns.cpu, coreDns.memory),
  ]);
}

/** What a pod of a Fargate size costs in USD an hour. */
export function podPrice({ cpu, memory }: FargateSize): number {
  return cpu * prices.perHour.fargateVcpu + (memory / 1024) * prices.perHour.fargateGb;
}

function bill(all: readonly CostItem[]): HourlyCost {
  const items = all.filter(({ quantity }) => quantity > 0);
  return { items, total: items.reduce((sum, { perHour }) => sum + perHour, 0) };
}

function natGateways(settings: FixedCostSettings): number {
  if (settings.vpcId !== undefined) return 0;
  return planNetwork(settings).natGateways;
}

function pods(what: string, quantity: number, cpu: number, memory: number): CostItem {
  const size = fargateSizeFor(cpu, memory);
  if (size === undefined) throw new RangeError(`Fargate has no size for ${cpu} vCPU and ${memory} MiB`);
  return { ...item(what, quantity, podPrice(size)), size };
}

function item(what: string, quantity: number, each: number): CostItem {
  return { what, quantity, each, perHour: quantity * each };
}
