import type { V1Pod } from "@kubernetes/client-node";
import { podPrice, prices } from "../../../settings/prices";
import { capacityAnnotation, type FargateSize, fargateSizeFor, parseCapacity } from "../../../settings/values/fargate";
import { parseQuantity } from "../../places/kubernetes/deployed/quantity";
import { hasEnded } from "../../places/kubernetes/rollout/pods";
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

/** Fargate charges for a minute at least. */
const leastHours = 1 / 60;

/** Undefined where nobody says what the cluster costs: it is not the stack's own, and its pods are not on Fargate. */
export function costOf({ output, deployed }: ClusterTest, pods: readonly V1Pod[], now: Date): Cost | undefined {
  const fargate = output?.platform === "eks-fargate";
  const sizes = pods
    .filter((pod) => !hasEnded(pod))
    .map((pod) => ({ pod, size: provisionedSize(pod) ?? (fargate ? requestedSize(pod) : undefined) }));
  const known = sizes.flatMap(({ pod, size }) => (size === undefined ? [] : [{ pod, price: podPrice(size) }]));
  const fixed = output?.cost?.fixedPerHour ?? 0;
  if (known.length === 0 && fixed === 0) return undefined;
  const soFar = known.reduce((sum, { pod, price }) => sum + price * hoursSince(pod.status?.startTime, now), 0);
  return {
    region: output?.cost?.region ?? prices.region,
    perHour: round(known.reduce((sum, { price }) => sum + price, fixed)),
    soFar: round(soFar + fixed * hoursSince(deployed.createdAt, now)),
    since: (deployed.createdAt ?? now).toISOString(),
  };
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
  return start === undefined ? leastHours : Math.max(leastHours, (now.getTime() - start.getTime()) / 3_600_000);
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
