/** What a stack on EKS and Fargate costs by the hour. Pure arithmetic. */
import { coreDnsPods, type NetworkSettings, planNetwork } from "../network";
import type { Settings } from "../schema";
import { type FargateSize, fargateSizeFor } from "../values/fargate";
import type { Prices } from "./prices";

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

/** What the EKS add-on's pods request: 100m and 70Mi. */
const coreDns = { cpu: 0.1, memory: 70 };

/**
 * Lists what is paid for by the hour, whether a test runs or not. Traffic and logs are paid for by the GB and come on
 * top. A VPC that exists costs nothing here, as it is paid for already.
 */
export function hourlyCost(prices: Prices, settings: CostSettings): HourlyCost {
  return bill([
    ...fixedHourlyCost(prices, settings).items,
    pods(prices, "Locust master", 1, settings.controlCpu, settings.controlMemory),
    pods(prices, "Locust worker", settings.workerReplicas, settings.workerCpu, settings.workerMemory),
  ]);
}

/** The part of `hourlyCost` that stays when no pod of Locust is there: the cluster, its network and CoreDNS. */
export function fixedHourlyCost(prices: Prices, settings: FixedCostSettings): HourlyCost {
  const gateways = natGateways(settings);
  return clusterHourlyCost(prices, gateways, gateways * settings.natAddressesPerGateway);
}

/** The same, in a network with so many NAT gateways and addresses of all of them together. */
export function clusterHourlyCost(prices: Prices, gateways: number, addresses = gateways): HourlyCost {
  const { eksCluster, natGateway, publicIpv4 } = prices.perHour;
  return bill([
    item("EKS control plane", 1, eksCluster),
    item("NAT gateway", gateways, natGateway),
    item("public IPv4 address of a NAT gateway", addresses, publicIpv4),
    pods(prices, "CoreDNS pod", coreDnsPods, coreDns.cpu, coreDns.memory),
  ]);
}

/** What a pod of a Fargate size costs in USD an hour. */
export function podPrice({ perHour }: Pick<Prices, "perHour">, { cpu, memory }: FargateSize): number {
  return cpu * perHour.fargateVcpu + (memory / 1024) * perHour.fargateGb;
}

/** The same of a pod with these requests: vCPU, and MiB. @throws RangeError where Fargate has no such size */
export function requestPrice(prices: Prices, cpu: number, memory: number): number {
  return podPrice(prices, sizeOf(cpu, memory));
}

/** Fargate bills by the second, from the pull of the image, a minute at least. @returns hours */
export function billedHours(seconds: number): number {
  return Math.max(60, seconds) / 3600;
}

function bill(all: readonly CostItem[]): HourlyCost {
  const items = all.filter(({ quantity }) => quantity > 0);
  return { items, total: items.reduce((sum, { perHour }) => sum + perHour, 0) };
}

/** NAT gateways that the stack makes. */
export function natGateways(settings: FixedCostSettings): number {
  if (settings.vpcId !== undefined) return 0;
  return planNetwork(settings).natGateways;
}

function pods(prices: Prices, what: string, quantity: number, cpu: number, memory: number): CostItem {
  const size = sizeOf(cpu, memory);
  return { ...item(what, quantity, podPrice(prices, size)), size };
}

function sizeOf(cpu: number, memory: number): FargateSize {
  const size = fargateSizeFor(cpu, memory);
  if (size === undefined) throw new RangeError(`Fargate has no size for ${cpu} vCPU and ${memory} MiB`);
  return size;
}

function item(what: string, quantity: number, each: number): CostItem {
  return { what, quantity, each, perHour: quantity * each };
}
