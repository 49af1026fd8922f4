/** Fargate's log router: a Fluent Bit that AWS runs beside each pod, and that a ConfigMap tells where logs go. */
import type { LogGroup } from "@pulumi/aws/cloudwatch/logGroup";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import * as pulumi from "@pulumi/pulumi";

/** Names that EKS looks for. */
const routerNamespace = "aws-observability";
const routerConfigMap = "aws-logging";

/** All that the log router does; not CreateLogGroup, so that no late line brings the group back after a `destroy`. */
const routerActions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"];

/** Where logs go to. */
interface RouterPlace {
  readonly region: string;
  readonly logGroupName: string;
}

/**
 * The ConfigMap's data. A line of a container comes in the form of the container runtime, with time and stream before it;
 * parsed, and with `log_key log`, it is in CloudWatch as it was written: JSON stays JSON, which metric filters need.
 *
 * Sections and their names: "Start AWS Fargate logging for your cluster" in the EKS user guide, and Fluent Bit's manual.
 */
export function routerConfig({ region, logGroupName }: RouterPlace): Record<string, string> {
  return {
    // The router's own log, which would make a log group of its own.
    flb_log_cw: "false",
    "parsers.conf": section("PARSER", [
      "Name crio",
      "Format Regex",
      "Regex ^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>P|F) (?<log>.*)$",
      "Time_Key time",
      "Time_Format %Y-%m-%dT%H:%M:%S.%L%z",
    ]),
    "filters.conf": section("FILTER", ["Name parser", "Match *", "Key_name log", "Parser crio"]),
    "output.conf": section("OUTPUT", [
      "Name cloudwatch_logs",
      "Match kube.*",
      `region ${region}`,
      `log_group_name ${logGroupName}`,
      "log_stream_prefix fargate-",
      "log_key log",
      "auto_create_group false",
    ]),
  };
}

/** What the log router is made of. */
interface RouterParts {
  readonly group: LogGroup;
  readonly region: pulumi.Input<string>;
  readonly podExecutionRoleName: pulumi.Input<string>;
}

/**
 * Tells Fargate to write the logs of all pods that start from now on to a log group.
 *
 * @param name of the component, with which the names of its parts begin
 * @param opts of Kubernetes objects
 * @param parent the component, whose AWS provider is used
 * @returns the last of it, which pods must come after
 */
export function logRouter(
  name: string,
  { group, region, podExecutionRoleName }: RouterParts,
  opts: pulumi.CustomResourceOptions,
  parent: pulumi.Resource,
): ConfigMap {
  const policy = new RolePolicy(
    `${name}-pod-logs`,
    {
      role: podExecutionRoleName,
      policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Action: routerActions,
            // The group, and its streams.
            Resource: [group.arn, pulumi.interpolate`${group.arn}:*`],
          },
        ],
      }),
    },
    { parent },
  );
  const namespace = new Namespace(
    `${name}-log-router`,
    { metadata: { name: routerNamespace, labels: { [routerNamespace]: "enabled" } } },
    opts,
  );
  const data = pulumi
    .all([region, group.name])
    .apply(([known, logGroupName]) => routerConfig({ region: known, logGroupName }));
  return new ConfigMap(
    `${name}-log-router`,
    { metadata: { name: routerConfigMap, namespace: routerNamespace }, data },
    { ...opts, dependsOn: [namespace, group, policy] },
  );
}

function section(kind: string, lines: readonly string[]): string {
  return `[${kind}]\n${lines.map((line) => `    ${line}\n`).join("")}`;
}
