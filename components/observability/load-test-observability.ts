import { Dashboard } from "@pulumi/aws/cloudwatch/dashboard";
import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup";
import { getPartitionOutput } from "@pulumi/aws/getPartition";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import * as pulumi from "@pulumi/pulumi";
import { asRunError } from "../../settings/pulumi-config";
import { kubernetesProvider } from "../kubernetes-provider";
import { withStackTag } from "../stack-tags";
import { makeAlarms } from "./alarms";
import type { LoadTestObservabilityArgs } from "./args";
import { readObservabilityArgs } from "./check";
import { dashboardBody } from "./dashboard";
import { logRouter } from "./log-router";
import { metricFilters, metricNamespace } from "./metrics";
import { alarmTopic } from "./notifications";

export type { LoadTestObservabilityArgs, ObservedCluster } from "./args";

/** Where AWS's console is, in partitions that have one of their own. */
const consoles: Readonly<Record<string, string>> = {
  "aws-cn": "console.amazonaws.cn",
  "aws-us-gov": "console.amazonaws-us-gov.com",
};

/** Beside the class, all of whose properties other languages would have: what a plugin gives them is no resource there. */
const routers = new WeakMap<LoadTestObservability, pulumi.Resource>();

/**
 * A load test on EKS and Fargate, seen from CloudWatch: logs, metrics, a dashboard and alarms.
 *
 * It makes the log group `/aws/eks/CLUSTER/pods` and tells Fargate's log router to write the logs of pods to it (the
 * namespace `aws-observability` with its ConfigMap, which a cluster has once); a metric for each value that Locust's master
 * writes to its log; a dashboard; and alarms on failures, response times, requests without an answer, lost workers,
 * missing users, idle workers and NAT gateways, which go to a topic of SNS, and from there to mails, webhooks and Slack.
 *
 * The log router is there only for pods that start after it: give the LocustDeployment `dependsOn` with `logRouter` (in
 * other languages than TypeScript, with the component), so that it is made later and deleted before, and
 * `metricsLogSeconds: 10`, as without that there are logs and no metrics. Metrics are of the cluster: of two
 * LocustDeployments, one alone should write them.
 *
 * Costs in us-east-2: $0.30 a month for each of 16 metrics, $0.10 for each alarm, and for each NAT gateway in two of them,
 * and $3 for the dashboard: about $9 a month, by the hour; $0.50 for each GB of logs. AWS' free tier has 10 metrics, 10 alarms
 * and 3 dashboards.
 *
 * @example
 * const network = new LoadTestNetwork("load");
 * const cluster = new FargateCluster("load", { network });
 * const seen = new LoadTestObservability("load", {
 *   cluster,
 *   natGatewayIds: network.natGatewayIds,
 *   alarmEmails: ["me@example.com"],
 * });
 * new LocustDeployment("shop", { cluster, metricsLogSeconds: 10 }, { dependsOn: seen.logRouter });
 *
 * @example
 * new LoadTestObservability("load", {
 *   clusterName: "shared",
 *   podExecutionRoleName: "shared-pods",
 * }, { provider: kubernetesProviderOfThatCluster });
 */
export class LoadTestObservability extends pulumi.ComponentResource {
  /** Name of the log group of pods. */
  public readonly logGroupName: pulumi.Output<string>;
  /** Namespace of the metrics in CloudWatch. */
  public readonly metricNamespace: pulumi.Output<string>;
  /** Name of the dashboard. */
  public readonly dashboardName: pulumi.Output<string>;
  /** Address of the dashboard in AWS's console. */
  public readonly dashboardUrl: pulumi.Output<string>;
  /** Names of the alarms. */
  public readonly alarmNames: pulumi.Output<string[]>;
  /** ARN of the topic that alarms are published on, for more subscriptions. */
  public readonly alarmTopicArn: pulumi.Output<string>;

  constructor(name: string, args: LoadTestObservabilityArgs, opts?: pulumi.ComponentResourceOptions) {
    // Before anything is registered.
    const plan = asRunError(() => readObservabilityArgs(name, args));
    const { clusterName, natGatewayIds, limits } = plan;
    // The cluster by its names, as a component can be no input of another everywhere.
    const { cluster, ...rest } = args;
    super(
      "serverless-load-testing:index:LoadTestObservability",
      name,
      { ...rest, clusterName, podExecutionRoleName: plan.podExecutionRoleName },
      opts,
    );
    const tags = withStackTag(args.tags);
    const { region } = getRegionOutput({}, { parent: this });
    const { partition } = getPartitionOutput({}, { parent: this });

    // Made by the router otherwise: kept forever, and left behind by destroy.
    const group = new LogGroup(
      `${name}-pods`,
      { name: pulumi.interpolate`/aws/eks/${clusterName}/pods`, retentionInDays: plan.logRetentionDays, tags },
      { parent: this },
    );
    const provider = cluster && kubernetesProvider(name, cluster, this, opts?.parent);
    const objects = { parent: this, ...(provider && { provider }) };
    routers.set(this, logRouter(name, { ...plan, group, region }, objects, this));

    const namespace = metricNamespace(clusterName);
    metricFilters(name, group, namespace, this);
    const topic = alarmTopic(name, plan, tags, this);
    const place = { clusterName, namespace, natGatewayIds, topicArn: topic.arn, tags };
    const alarms = makeAlarms(name, limits, place, this);
    const alarmArns = pulumi.all(alarms.map(({ arn }) => arn));
    const dashboard = new Dashboard(
      `${name}-dashboard`,
      {
        dashboardName: clusterName,
        dashboardBody: pulumi.jsonStringify(
          pulumi
            .all([clusterName, region, namespace, natGatewayIds ?? [], alarmArns])
            .apply(([known, where, space, gateways, arns]) =>
              dashboardBody({
                ...{ clusterName: known, region: where, namespace: space, limits },
                ...{ natGatewayIds: gateways, alarmArns: arns },
              }),
            ),
        ),
      },
      { parent: this },
    );

    const host = partition.apply((known) => consoles[known] ?? "console.aws.amazon.com");
    this.logGroupName = group.name;
    this.metricNamespace = namespace;
    this.dashboardName = dashboard.dashboardName;
    this.dashboardUrl = pulumi.interpolate`https://${host}/cloudwatch/home?region=${region}#dashboards:name=${dashboard.dashboardName}`;
    this.alarmNames = pulumi.all(alarms.map((alarm) => alarm.name));
    this.alarmTopicArn = topic.arn;
    this.registerOutputs({
      logGroupName: this.logGroupName,
      metricNamespace: this.metricNamespace,
      dashboardName: this.dashboardName,
      dashboardUrl: this.dashboardUrl,
      alarmNames: this.alarmNames,
      alarmTopicArn: this.alarmTopicArn,
    });
  }

  /** The last of the log router, for `dependsOn`: pods come after it, and do not wait for alarms and whom these tell. */
  public get logRouter(): pulumi.Resource {
    return routers.get(this) as pulumi.Resource;
  }
}
