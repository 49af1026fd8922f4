import type { V1Pod } from "@kubernetes/client-node";
import { billedHours, clusterHourlyCost, podPrice } from "../../../settings/cost/hourly";
import type { Prices } from "../../../settings/cost/prices";
import { PricesError } from "../../../settings/cost/region-prices";
import { capacityAnnotation, type FargateSize, fargateSizeFor, parseCapacity } from "../../../settings/values/fargate";
import { parseQuantity } from "../../places/kubernetes/deployed/quantity";
import { hasEnded } from "../../places/kubernetes/rollout/pods";
import { findPrices } from "../price-file";
import type { ClusterTest } from "./open";

/** What a test costs on Fargate, in USD; on-demand prices of `region`. */
export interface Cost {
  readonly region: string;
  /** Of all that is there now. */
  readonly perHour: number;
  /** Of all that is there now, since it is there; pods that are gone are not counted. */
  readonly soFar: number;
  readonly since: string;
}

/** Nothing is known of the cost; a clause for people says why. */
export interface UnknownCost {
  readonly why: string;
}

/** What a test costs; not known where the cluster is not the stack's own and its pods are not on Fargate. */
export function costOf(test: ClusterTest, pods: readonly V1Pod[], now: Date): Cost | UnknownCost {
  const { output, deployed } = test;
  const fargate = output?.platform === "eks-fargate";
  const sizes = pods
    .filter((pod) => !hasEnded(pod))
    .flatMap((pod) => {
      const size = provisionedSize(pod) ?? (fargate ? requestedSize(pod) : undefined);
      return size === undefined ? [] : [{ pod, size }];
    });
  if (sizes.length === 0 && (output?.cost?.fixedPerHour ?? 0) === 0) {
    return { why: "the cluster is not this stack's own" };
  }
  const known = pricesOfTest(test, pods);
  if ("why" in known) return known;
  const { prices, fixedPerHour } = known;
  const each = sizes.map(({ pod, size }) => ({ price: podPrice(prices, size), since: pod.status?.startTime }));
  const soFar = each.reduce((sum, { price, since }) => sum + price * hoursSince(since, now), 0);
  return {
    region: prices.region,
    perHour: round(each.reduce((sum, { price }) => sum + price, fixedPerHour)),
    soFar: round(soFar + fixedPerHour * hoursSince(deployed.createdAt, now)),
    since: (deployed.createdAt ?? now).toISOString(),
  };
}

/** What a test is priced by. */
interface TestPrices {
  readonly prices: Prices;
  /** Of the cluster and its network, in USD an hour; 0 where they are not the stack's own. */
  readonly fixedPerHour: number;
}

/**
 * Finds the prices of the Region that the test is in, and by them what its cluster costs. Other Regions' are never taken.
 *
 * @param pods whose nodes tell the Region where no stack does
 */
export function pricesOfTest(test: ClusterTest, pods: readonly V1Pod[] = []): TestPrices | UnknownCost {
  const { output } = test;
  const region = output?.region ?? regionOf(pods);
  if (region === undefined) return { why: "nothing says in which Region the cluster is" };
  try {
    const prices = findPrices(region);
    const fixedPerHour = fixedOf(output, prices);
    if (fixedPerHour !== undefined) return { prices, fixedPerHour };
    return {
      why: `an earlier version has deployed stack ${test.stack}, and does not say what its cluster costs in ${region}: pulumi up`,
    };
  } catch (error) {
    if (error instanceof PricesError) return { why: error.message };
    throw error;
  }
}

/** Of cluster and network, an hour; undefined where the program says it in prices of another Region only. */
function fixedOf(output: ClusterTest["output"], prices: Prices): number | undefined {
  if (output?.cost === undefined) return 0;
  const { cost, nat } = output;
  // A network of somebody else's may say what it costs, but not by which NAT gateways.
  if (nat?.gateways) return clusterHourlyCost(prices, nat.gateways, nat.addresses).total;
  if (cost.region === prices.region) return cost.fixedPerHour;
  return nat === undefined ? undefined : clusterHourlyCost(prices, 0).total;
}

/** Fargate's nodes are named as EC2 names machines: `fargate-ip-10-0-1-2.us-west-2.compute.internal`. */
function regionOf(pods: readonly V1Pod[]): string | undefined {
  const names = pods.map(({ spec }) => spec?.nodeName ?? "");
  for (const name of names) {
    const region = /^fargate-.*?\.([a-z]{2}(?:-[a-z]+)+-\d)\.compute\.internal$/.exec(name)?.[1];
    if (region !== undefined) return region;
    // There it has no Region in it.
    if (/^fargate-.*\.ec2\.internal$/.test(name)) return "us-east-1";
  }
  return undefined;
}

/** What Fargate says that it has provided. */
function provisionedSize({ metadata }: V1Pod): FargateSize | undefined {
  const text = metadata?.annotations?.[capacityAnnotation];
  return text === undefined ? undefined : parseCapacity(text);
}

function requestedSize({ spec }: V1Pod): FargateSize | undefined {
  const requests = spec?.containers.map(({ resources }) => resources?.requests) ?? [];
  const sum = (what: "cpu" | "memory") =>
    requests.reduce((total, one) => total + (parseQuantity(one?.[what] ?? "0") ?? Number.NaN), 0);
  const [cpu, memory] = [sum("cpu"), sum("memory")];
  return cpu === 0 || memory === 0 ? undefined : fargateSizeFor(cpu, memory / 2 ** 20);
}

function hoursSince(start: Date | undefined, now: Date): number {
  return billedHours(start === undefined ? 0 : (now.getTime() - start.getTime()) / 1000);
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
