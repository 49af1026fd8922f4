/** What is wrong with a load test, or only costs money, as alarms of CloudWatch. */
import { MetricAlarm, type MetricAlarmArgs } from "@pulumi/aws/cloudwatch/metricAlarm";
import * as pulumi from "@pulumi/pulumi";
import { usersTolerance } from "../../settings/limits";
import { parseThreshold, type Threshold } from "../../settings/values/threshold";

/** A value of a metric that is still right. */
interface Limit {
  readonly value: number;
  /** Whether the value itself is right: `p95<=500` is, `p95<500` is not. */
  readonly included: boolean;
}

/** What alarms are judged by. */
export interface AlarmLimits {
  /** Share of failed requests, 0 to 1. */
  readonly failRatio: Limit;
  /** In seconds. */
  readonly p95: Limit;
  /** Hours for which workers may be idle. */
  readonly idleHours: number;
}

/** Where the load test says nothing; the first is a run's own default. */
const defaultThresholds = ["fail_ratio<=0.5", "p95<=5s"].map(parseThreshold);

/** Seconds for which a request may wait. */
const longestWait = 60;

/** The limits of a load test's first thresholds on the failures, and on the 95th percentile, of all requests. */
export function limitsOf(thresholds: readonly Threshold[], idleHours: number): AlarmLimits {
  const limit = (metric: Threshold["metric"], unit: number): Limit => {
    const found = [...thresholds, ...defaultThresholds].find(
      (one) => one.metric === metric && one.request === undefined && one.operator.startsWith("<"),
    );
    return { value: (found?.limit ?? 0) / unit, included: found?.operator === "<=" };
  };
  return { failRatio: limit("fail_ratio", 1), p95: limit("p95", 1000), idleHours };
}

/** An alarm on one metric of the load test, as its arguments have it. */
interface RunAlarm {
  /** The end of its name. */
  readonly name: string;
  readonly metricName: string;
  readonly args: MetricAlarmArgs;
}

/**
 * The alarms on a load test's own metrics.
 *
 * None of them takes missing data for breaching: there is none while no master runs, and of some values none without a
 * run. Taken for right, it ends an alarm.
 */
function runAlarms({ failRatio, p95, idleHours }: AlarmLimits): RunAlarm[] {
  const above = (limit: Limit) => ({
    comparisonOperator: limit.included ? "GreaterThanThreshold" : "GreaterThanOrEqualToThreshold",
    threshold: limit.value,
  });
  const aboveZero = above({ value: 0, included: true });
  const percent = (share: number) => `${Number((share * 100).toFixed(6))} %`;
  const minute = (evaluationPeriods: number, statistic: string) => ({ period: 60, evaluationPeriods, statistic });
  return [
    {
      name: "fail-ratio",
      metricName: "FailRatio",
      args: {
        ...{ ...minute(2, "Average"), ...above(failRatio) },
        alarmDescription: `${failRatio.included ? "More than" : "At least"} ${percent(failRatio.value)} of the run's requests have failed, for two minutes.`,
      },
    },
    {
      name: "p95",
      metricName: "ResponseTimeP95",
      args: {
        ...{ ...minute(3, "Average"), ...above(p95) },
        alarmDescription: `The 95th percentile of response times is ${p95.included ? "above" : "at least"} ${p95.value} s, for three minutes.`,
      },
    },
    {
      // A target that hangs has failed nothing yet, and has no percentiles.
      name: "no-answer",
      metricName: "OldestRequest",
      args: {
        ...{ ...minute(2, "Minimum"), ...above({ value: longestWait, included: true }) },
        alarmDescription: `A request has waited for its answer for more than ${longestWait} s, for two minutes.`,
      },
    },
    {
      name: "workers-lost",
      metricName: "WorkersLost",
      args: {
        ...{ ...minute(1, "Maximum"), ...aboveZero },
        alarmDescription: "Workers of the run are gone or silent: it will be invalid.",
      },
    },
    {
      name: "users-missing",
      metricName: "UsersMissingRatio",
      args: {
        // Of a minute, as users move for seconds where a worker goes or comes.
        ...{ ...minute(2, "Minimum"), ...above({ value: usersTolerance, included: true }) },
        alarmDescription: `More than ${percent(usersTolerance)} of the users that were asked for are not there, for two minutes.`,
      },
    },
    {
      name: "idle",
      metricName: "WorkersIdle",
      args: {
        // The longest time that CloudWatch takes is a day for periods below an hour, and a week for others.
        ...{ period: 3600, evaluationPeriods: idleHours, statistic: "Minimum", ...aboveZero },
        alarmDescription: `Workers are there without a run, for ${idleHours} h: they cost money. loadtest scale 0, or pulumi destroy.`,
      },
    },
  ];
}

/** A NAT gateway's metric that is to be zero. */
interface NatAlarm {
  readonly name: string;
  readonly metricName: string;
  readonly args: Pick<MetricAlarmArgs, "evaluationPeriods" | "datapointsToAlarm" | "alarmDescription">;
}

/** The alarms on NAT gateways, which tell CloudWatch each minute while they are there. */
export const natAlarms: readonly NatAlarm[] = [
  {
    name: "nat-ports",
    metricName: "ErrorPortAllocation",
    args: {
      evaluationPeriods: 1,
      alarmDescription:
        "A NAT gateway had no port for a new connection: the load is limited on our side. natAddressesPerGateway gives it more addresses.",
    },
  },
  {
    name: "nat-drops",
    metricName: "PacketsDropCount",
    args: {
      // A packet now and then is dropped anywhere.
      evaluationPeriods: 5,
      datapointsToAlarm: 3,
      alarmDescription: "A NAT gateway drops packets, in three of five minutes.",
    },
  },
];

/** What alarms are about. */
interface AlarmPlace {
  /** With which their names begin; in an account and Region, an alarm's name is there once. */
  readonly clusterName: pulumi.Input<string>;
  /** Of the load test's metrics. */
  readonly namespace: pulumi.Input<string>;
  /** Undefined without NAT gateways. */
  readonly natGatewayIds: pulumi.Input<string[]> | undefined;
  /** ARN of the topic that is told. */
  readonly topicArn: pulumi.Input<string>;
  readonly tags: pulumi.Output<Record<string, string>>;
}

/** Makes every alarm. One for all NAT gateways, whose number an update may be the first to know. */
export function makeAlarms(
  name: string,
  limits: AlarmLimits,
  place: AlarmPlace,
  parent: pulumi.Resource,
): MetricAlarm[] {
  const { clusterName, namespace, natGatewayIds, topicArn, tags } = place;
  const make = (end: string, args: MetricAlarmArgs) =>
    new MetricAlarm(
      `${name}-${end}`,
      {
        name: pulumi.interpolate`${clusterName}-${end}`,
        alarmActions: [topicArn],
        treatMissingData: "notBreaching",
        tags,
        ...args,
      },
      { parent },
    );
  return [
    ...runAlarms(limits).map((alarm) => make(alarm.name, { namespace, metricName: alarm.metricName, ...alarm.args })),
    ...natAlarms.flatMap((alarm) => {
      if (natGatewayIds === undefined) return [];
      const metricQueries = pulumi.output(natGatewayIds).apply((ids) => sumOf(ids, alarm.metricName));
      const zero = { comparisonOperator: "GreaterThanThreshold", threshold: 0 };
      return [make(alarm.name, { metricQueries, ...zero, ...alarm.args })];
    }),
  ];
}

/** A metric of all gateways together; of none, as an output may turn out, one that never has data. */
function sumOf(gateways: readonly string[], metricName: string) {
  const dimensions = gateways.length > 0 ? gateways.map((NatGatewayId) => ({ NatGatewayId })) : [undefined];
  const each = dimensions.map((one, index) => ({
    id: `m${index + 1}`,
    metric: { namespace: natNamespace, metricName, period: 60, stat: "Sum", ...(one && { dimensions: one }) },
    returnData: false,
  }));
  return [...each, { id: "all", expression: "SUM(METRICS())", label: metricName, returnData: true }];
}

export const natNamespace = "AWS/NATGateway";
