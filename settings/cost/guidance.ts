/**
 * What AWS' "Guidance for Simple and Scalable Serverless Load Testing" says a test costs: a million users for 24 hours in
 * us-east-2. Its tables as it gives them ("Cost considerations" of its README), and what they should be. Pure.
 */
import { type EstimateSettings, estimate } from "./estimate";
import { type Load, usualRequestsPerUserMinute } from "./load";
import type { Prices } from "./prices";

const hours = 24;
const users = 1_000_000;
const usersPerPod = 2000;
const pods = users / usersPerPod;

/** The stack that its text describes: three zones, 500 pods of 0.25 vCPU and 0.5 GB. */
export const guidanceSettings: EstimateSettings = {
  layout: "multi-az",
  ...{ vpcCidr: "10.0.0.0/16", subnetMask: 22, availabilityZoneCount: 3, availabilityZoneNames: undefined },
  ...{ vpcId: undefined, podSubnetIds: undefined, natAddressesPerGateway: 1 },
  ...{ workerReplicas: pods, workerCpu: 0.25, workerMemory: 256, controlCpu: 0.25, controlMemory: 256 },
  ...{
    scriptDelivery: "configmap",
    image: undefined,
    imageSource: "docker-hub",
    logRetentionDays: 30,
    observability: false,
  },
};

/** Its run, with so many KB a user and minute, which it does not split into sent and received. */
export function guidanceLoad(kbPerUserMinute: number): Load {
  return {
    ...{ users, workers: pods, hours, runsPerDay: 1, kbPerUserMinute, sentShare: 0.5 },
    requestsPerUserMinute: usualRequestsPerUserMinute,
  };
}

/** A row of its table of data. */
interface DataRow {
  readonly kb: number;
  /** GB an hour, and USD of 24 hours, as given. */
  readonly gbPerHour: number;
  readonly given: number;
}

export const dataRows: readonly DataRow[] = [
  { kb: 1, gbPerHour: 60, given: 64.8 },
  { kb: 3, gbPerHour: 240, given: 194.4 },
  { kb: 7, gbPerHour: 420, given: 453.6 },
  { kb: 10, gbPerHour: 600, given: 648 },
  { kb: 25, gbPerHour: 1500, given: 1620 },
  { kb: 50, gbPerHour: 3000, given: 3240 },
];

/** Presets of `loadtest cost --scenario`, by name. */
export const scenarios: ReadonlyMap<string, Load> = new Map([
  ["guidance", guidanceLoad(1)],
  ...dataRows.slice(1).map(({ kb }) => [`guidance-${kb}kb`, guidanceLoad(kb)] as const),
]);

/** A line of one of its tables, beside what it should be. */
export interface GuidanceLine {
  readonly item: string;
  /** Its column "Cost", or its words, as given; "–" where it has no such line. */
  readonly price: string;
  /** USD of 24 hours, as given: one, or the least and the most; undefined where it gives none. */
  readonly given: readonly number[] | undefined;
  /** The same, corrected. */
  readonly corrected: readonly number[];
  /** Why they differ; empty where they do not. */
  readonly why: string;
}

/** "EKS Fargate and pod configuration costs". */
export function podTable(prices: Prices): GuidanceLine[] {
  const { eksCluster, fargateVcpu, fargateGb } = prices.perHour;
  const [vcpu, gb] = [pods * 0.25, pods * 0.5];
  const x86 = "its price is that of Arm; EKS on Fargate has x86 only";
  const right = { eks: eksCluster * hours, vcpu: vcpu * fargateVcpu * hours, gb: gb * fargateGb * hours };
  const billed = pods * 1 * fargateGb * hours;
  return [
    { item: "EKS cluster management fee", price: "$0.10 / hr", given: [2.4], corrected: [right.eks], why: "" },
    { item: `vCPU x ${vcpu}`, price: "$0.03238 / hr", given: [97.14], corrected: [right.vcpu], why: x86 },
    {
      item: `Memory x ${gb} GB`,
      ...{ price: "$0.00356 per GB per hr", given: [21.36], corrected: [right.gb, billed] },
      why: `${x86}. Fargate adds 256 MiB to each pod's request: where it is 512 MiB, 1 GB is billed`,
    },
    { item: "Storage (first 20 GB free)", price: "N/A", given: [0], corrected: [0], why: "" },
    {
      item: "sum",
      ...{ price: "", given: [120.9] },
      corrected: [right.eks + right.vcpu + right.gb, right.eks + right.vcpu + billed],
      why: "the two above; from pods that request 256 MiB to pods that request 512 MiB",
    },
    {
      item: "the master and two CoreDNS pods",
      ...{ price: "–", given: undefined, corrected: [3 * (0.25 * fargateVcpu + 0.5 * fargateGb) * hours] },
      why: "missing: 0.25 vCPU and 0.5 GB each",
    },
  ];
}

/** "NAT Gateway costs", and what goes the same way. */
export function natTable(prices: Prices): GuidanceLine[] {
  const gateways = 3;
  const { natGateway, publicIpv4 } = prices.perHour;
  const { throughNat, outToInternet } = prices.perGb;
  const nat = gateways * natGateway * hours;
  const [least, most] = [dataRows[0], dataRows.at(-1)].map((row) => row?.gbPerHour ?? 0) as [number, number];
  const data = dataRows.map(({ kb, gbPerHour, given }): GuidanceLine => {
    const ofKb = (kb * users * 60) / 1e6;
    const corrected = [ofKb, gbPerHour].map((gb) => gb * throughNat * hours);
    return {
      item: `${gbPerHour.toLocaleString("en-US")} GB of data processed / hr (${kb} KB generated per user per minute)`,
      ...{ price: "$0.045 / GB", given: [given] },
      corrected: [...new Set(corrected)],
      why:
        ofKb === gbPerHour
          ? ""
          : `${kb} KB are ${ofKb} GB an hour, which is what it has priced; ${gbPerHour} GB cost more`,
    };
  });
  const range = (perHour: (gb: number) => number) => [least, most].map((gb) => perHour(gb) * hours);
  return [
    { item: `NAT Gateway x ${gateways}`, price: "$0.045 / hr", given: [3.24], corrected: [nat], why: "" },
    ...data,
    {
      item: "range",
      ...{ price: "", given: [68.04, 3243.24], corrected: range((gb) => gb * throughNat).map((usd) => usd + nat) },
      why: "",
    },
    {
      item: `public IPv4 address x ${gateways}`,
      ...{ price: "–", given: undefined, corrected: [gateways * publicIpv4 * hours] },
      why: "missing: each NAT gateway has one",
    },
    {
      item: "out to the internet",
      ...{ price: "–", given: undefined, corrected: range((gb) => (gb / 2) * outToInternet) },
      why: "missing, where the target is not in AWS: from 1 to 50 KB, if half of the data is sent",
    },
  ];
}

/** "Data transfer costs": one sentence of it. */
export function zonesLine(prices: Prices): GuidanceLine {
  const { running } = estimate(prices, guidanceSettings, guidanceLoad(1));
  const reports = running.items.find(({ what }) => what === "workers' reports between zones");
  return {
    item: "metrics from worker pods to the control pod across zones",
    ...{ price: "less than a dollar or two", given: undefined, corrected: [reports?.day ?? 0] },
    why: "",
  };
}
