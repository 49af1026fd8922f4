/** What CloudWatch has of NAT gateways: namespace AWS/NATGateway, a value a minute (VPC User Guide, CloudWatch metrics). */
import type { MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import type { AwsClients } from "./clients";
import { explainAwsError } from "./errors";

/** What a NAT gateway's metrics are over a time, and of which of its minutes there are values. */
export interface NatMetrics {
  readonly id: string;
  /** Sum of ErrorPortAllocation. */
  readonly portErrors: number;
  /** Sum of PacketsDropCount. */
  readonly droppedPackets: number;
  /** Maximum of ActiveConnectionCount; null without a value. */
  readonly mostConnections: number | null;
  /** Starts of minutes with a value of any metric, in ms since 1970. */
  readonly minutes: ReadonlySet<number>;
  /** Those with a value of ErrorPortAllocation. */
  readonly portMinutes: ReadonlySet<number>;
}

const metrics = [
  { name: "ErrorPortAllocation", stat: "Sum" },
  { name: "PacketsDropCount", stat: "Sum" },
  // There while anything goes through a gateway, where the others may have no value for "none".
  { name: "ActiveConnectionCount", stat: "Maximum" },
] as const;

/**
 * Reads the metrics of NAT gateways from `from` until before `to`, both full minutes; one that CloudWatch does not know
 * has no minutes. Rejects with an AwsError.
 */
export async function readNatMetrics(
  clients: AwsClients,
  ids: readonly string[],
  { from, to }: { readonly from: Date; readonly to: Date },
  signal: AbortSignal,
): Promise<NatMetrics[]> {
  try {
    const [client, sdk] = await Promise.all([clients.cloudWatch(), import("@aws-sdk/client-cloudwatch")]);
    const input = {
      StartTime: from,
      EndTime: to,
      MetricDataQueries: ids.flatMap((id, gateway) => metrics.map((_, metric) => query(id, gateway, metric))),
    };
    const values = new Map<string, [minute: number, value: number][]>();
    for await (const page of sdk.paginateGetMetricData({ client }, input, { abortSignal: signal })) {
      for (const { Id = "", Timestamps = [], Values = [] } of page.MetricDataResults ?? []) {
        const pairs = Timestamps.map((time, index): [number, number] => [time.getTime(), Values[index] ?? 0]);
        values.set(Id, [...(values.get(Id) ?? []), ...pairs]);
      }
    }
    return ids.map((id, gateway) => {
      const [errors = [], dropped = [], connections = []] = metrics.map(
        (_, metric) => values.get(name(gateway, metric)) ?? [],
      );
      return {
        id,
        portErrors: sum(errors),
        droppedPackets: sum(dropped),
        mostConnections: connections.length === 0 ? null : Math.max(...connections.map(([, value]) => value)),
        minutes: new Set([...errors, ...dropped, ...connections].map(([minute]) => minute)),
        portMinutes: new Set(errors.map(([minute]) => minute)),
      };
    });
  } catch (error) {
    throw explainAwsError(error, "Metrics of the NAT gateways");
  }
}

function query(id: string, gateway: number, metric: number): MetricDataQuery {
  const { name: MetricName, stat: Stat } = metrics[metric] ?? metrics[0];
  const Dimensions = [{ Name: "NatGatewayId", Value: id }];
  return {
    Id: name(gateway, metric),
    MetricStat: { Metric: { Namespace: "AWS/NATGateway", MetricName, Dimensions }, Period: 60, Stat },
  };
}

/** A query's name, by which its values come back: a small letter first. */
function name(gateway: number, metric: number): string {
  return `g${gateway}m${metric}`;
}

function sum(pairs: readonly (readonly [number, number])[]): number {
  return pairs.reduce((total, [, value]) => total + value, 0);
}
