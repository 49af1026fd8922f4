/** What a run makes of traffic, and what is taken for granted in that. Pure. */
import { connectionsPerAddress } from "../limits";
import type { FargateSize } from "../values/fargate";
import type { CostSettings } from "./hourly";
import type { Prices } from "./prices";

/** A run, as far as it costs. */
export interface Load {
  readonly users: number;
  /** For the time of the run; the stack has its `workerReplicas` before and after. */
  readonly workers: number;
  /** How long a run lasts. */
  readonly hours: number;
  readonly runsPerDay: number;
  readonly requestsPerUserMinute: number;
  /** Of a user and minute, requests and answers together; in 1,000 bytes. */
  readonly kbPerUserMinute: number;
  /** The part of it that users send, 0 to 1: what leaves for the internet. */
  readonly sentShare: number;
}

/** Requests of a user a minute, with the waits of the sample scripts: `between(1, 3)`, 2 s on average. */
export const usualRequestsPerUserMinute = 30;
/** A request and its answer without a body: headers of about 250 bytes each. */
export const kbPerRequest = 0.5;
/** On the safe side: most answers are larger than their requests, and only requests leave for the internet. */
export const usualSentShare = "50%";

/** What nobody measures before a run. GB are 10⁹ bytes here; AWS counts 2³⁰, which makes its bill up to 7 % lower. */
export const assumed = {
  /** Seconds that a pod is paid for before its run: from image pull until it is ready. */
  podStart: 60,
  /** Compressed size of Locust's image, pulled anew for each pod. */
  imageGb: 0.1,
  /**
   * Of a worker, to the master: a report every 3 s, of 1 KB with one kind of request and 4 KB with ten, a heartbeat of
   * 0.1 KB a second, and TCP.
   */
  reportKbPerSecond: 2,
  /** Of the five logs of the control plane, which EKS writes whether a run goes on or not. */
  controlPlaneLogGbPerHour: 0.02,
  /** Of a pod of Locust in a run: some hundred lines. */
  podLogGb: 0.0001,
} as const;

/** All requests of a run; as if all users were there from its beginning. */
export function requestsOf({ users, hours, requestsPerUserMinute }: Load): number {
  return users * hours * 60 * requestsPerUserMinute;
}

/** All traffic of a run with its target, both ways. */
export function trafficGb({ users, hours, kbPerUserMinute }: Load): number {
  return (users * hours * 60 * kbPerUserMinute) / 1e6;
}

/** `0.5 vCPU, 1 GB` */
export function sizeText({ cpu, memory }: FargateSize): string {
  return `${cpu} vCPU, ${memory / 1024} GB`;
}

/** `24 h`, `1 h 30 min`, `10 s` */
export function durationText(hours: number): string {
  const seconds = Math.round(hours * 3600);
  const parts = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor((seconds % 3600) / 60), "min"],
    [seconds % 60, "s"],
  ] as const;
  return parts
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(" ");
}

/** NAT addresses that users need who each keep a connection to a target with one address. */
export function natAddressesNeeded({ users }: Pick<Load, "users">): number {
  return Math.ceil(users / connectionsPerAddress);
}

/** `1 user`, `1,250 users` */
function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

/** What an estimate takes for granted, a sentence each. */
export function assumptions(
  settings: CostSettings & { readonly logRetentionDays: number; readonly observability: boolean },
  load: Load,
  prices: Pick<Prices, "perMonth">,
): string[] {
  const { podStart, imageGb, reportKbPerSecond, controlPlaneLogGbPerHour, podLogGb } = assumed;
  const share = Math.round(load.sentShare * 100);
  const ours = settings.vpcId === undefined;
  const short = (value: number) => Number(value.toFixed(3));
  return [
    `On demand, without taxes, discounts and free tiers; the first tier's price for all of it; GB of 10⁹ bytes.`,
    `Traffic: ${short(load.kbPerUserMinute)} KB a user and minute, both ways, through NAT; ${share} % of it is sent, out to the internet.`,
    `Requests: ${short(load.requestsPerUserMinute)} a user and minute, all users from the beginning of a run to its end.`,
    ...(load.workers === 0
      ? []
      : [
          `Workers: ${counted(Math.ceil(load.users / load.workers), "user")} each; docs/benchmarks.md has how many one holds.`,
        ]),
    `A day has 24 hours of the stack, and its runs.`,
    `Workers that a run adds are paid for ${podStart} s longer, and pull ${imageGb * 1000} MB of image each.`,
    ...(settings.layout === "multi-az" || !ours
      ? [
          `A worker's traffic has a NAT gateway in its zone; its reports, ${reportKbPerSecond} KB/s, are paid in both zones where the master is in another.`,
        ]
      : []),
    `Logs: ${controlPlaneLogGbPerHour * 1000} MB an hour of the control plane${settings.observability ? `, ${podLogGb * 1000} MB a pod and run` : ""}, kept ${counted(settings.logRetentionDays, "day")}.`,
    ...(settings.observability && prices.perMonth === undefined
      ? [`CloudWatch's metrics, alarms and dashboard are not counted: the price list does not have them.`]
      : []),
    ...(ours ? [] : [`The VPC that exists, with its NAT, is paid for already, but for the traffic.`]),
  ];
}
