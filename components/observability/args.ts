import type { Input } from "@pulumi/pulumi";
import type { List, Texts } from "../inputs";

/** What is asked of a cluster on Fargate. A FargateCluster is one. */
export interface ObservedCluster {
  /** Kubeconfig of the cluster, as JSON or YAML. */
  kubeconfig: Input<string>;
  /** Name of the cluster in EKS. */
  clusterName: Input<string>;
  /** Name of the role that Fargate starts pods with. */
  podExecutionRoleName: Input<string>;
}

/** Arguments of a LoadTestObservability: a cluster as a whole, or its names one by one. */
export interface LoadTestObservabilityArgs {
  /**
   * The cluster: a FargateCluster, for one. The log router's objects go to it by a provider of its own, unless the options
   * name one. Needed without clusterName and podExecutionRoleName.
   */
  cluster?: Input<ObservedCluster> | undefined;
  /**
   * Name of the cluster in EKS, whose Kubernetes provider the options name then; without one, the log router goes to the
   * kubeconfig's current context. Needed without cluster.
   */
  clusterName?: Input<string> | undefined;
  /** Name of the role that Fargate starts pods with; it gets a policy to write the pods' logs. Needed without cluster. */
  podExecutionRoleName?: Input<string> | undefined;
  /**
   * The NAT gateways that pods go out through, up to 10, such as `natGatewayIds` of a LoadTestNetwork. Defaults to none, and
   * so to no alarms on them and no graphs of data. An output that turns out empty, as with an existing VPC, makes two
   * alarms that never have data: leave it out there.
   */
  natGatewayIds?: Input<List<Input<string>>> | undefined;
  /** Days that CloudWatch keeps the pods' logs. Defaults to 30. */
  logRetentionDays?: number | undefined;
  /**
   * Thresholds of the load test; those for `fail_ratio` and `p95` of all requests are the limits of alarms. Defaults to
   * `fail_ratio<=0.5` and `p95<=5s`.
   */
  thresholds?: List<string> | undefined;
  /** Hours for which workers may be there without a run before there is an alarm, from 1 to 168. Defaults to 4. */
  idleAlarmHours?: number | undefined;
  /** Who gets a mail of each alarm, once AWS's first mail is confirmed. Defaults to nobody. */
  alarmEmails?: List<string> | undefined;
  /** https URLs that SNS posts each alarm to, once they have confirmed its first message. Defaults to none. */
  alarmWebhooks?: List<string> | undefined;
  /**
   * Slack channel for alarms, as WORKSPACE/CHANNEL by their ids; the workspace must be authorised with Amazon Q Developer in
   * chat applications, once, in AWS's console. AWS takes a channel once in an account: a second stack leaves it out, and
   * its topic (`alarmTopicArn`) is added to the channel's configuration. Defaults to none.
   */
  alarmSlack?: string | undefined;
  /** Tags of all that can have tags. Defaults to `load-test:stack` alone, which is the stack's name. */
  tags?: Texts | undefined;
}
