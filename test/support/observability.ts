import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LoadTestObservabilityArgs } from "../../components/observability/load-test-observability";
import { published } from "./filter-pattern";
import { known, type MockEngine, mockEngine, type Registered } from "./mock-engine";
import { root } from "./pulumi-cli";

export const observabilityType = "serverless-load-testing:index:LoadTestObservability";

const kinds = {
  group: "aws:cloudwatch/logGroup:LogGroup",
  filter: "aws:cloudwatch/logMetricFilter:LogMetricFilter",
  alarm: "aws:cloudwatch/metricAlarm:MetricAlarm",
  dashboard: "aws:cloudwatch/dashboard:Dashboard",
  topic: "aws:sns/topic:Topic",
  subscription: "aws:sns/topicSubscription:TopicSubscription",
  role: "aws:iam/role:Role",
  policy: "aws:iam/rolePolicy:RolePolicy",
  slack: "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration",
  namespace: "kubernetes:core/v1:Namespace",
  configMap: "kubernetes:core/v1:ConfigMap",
};
export const observabilityKinds = kinds;

export const named = { clusterName: "load-test", podExecutionRoleName: "pods" };

/** What AWS would give back. */
export function outputsOf({ type, inputs, name }: Registered): Record<string, unknown> {
  if (type === kinds.group) return { arn: `arn:aws:logs:us-east-2:123456789012:log-group:${inputs.name}` };
  if (type === kinds.alarm) return { arn: `arn:aws:cloudwatch:us-east-2:123456789012:alarm:${inputs.name}` };
  if (type === kinds.topic) return { arn: `arn:aws:sns:us-east-2:123456789012:${inputs.name}` };
  if (type === kinds.role) return { arn: `arn:aws:iam::123456789012:role/${name}`, name };
  return {};
}

/** Makes one as in an update, or as in a preview of one. */
export async function make(args: LoadTestObservabilityArgs = named, preview = false, partition = "aws") {
  const answers: Record<string, Record<string, unknown>> = {
    "aws:index/getRegion:getRegion": { region: "us-east-2" },
    "aws:index/getPartition:getPartition": { partition },
  };
  const engine = await mockEngine(preview ? () => ({}) : outputsOf, preview, ({ token }) => answers[token] ?? {});
  const { LoadTestObservability } = await import("../../components/observability/load-test-observability.js");
  const observability = new LoadTestObservability("load", args);
  await known(observability.urn);
  await import("@pulumi/pulumi").then(({ runtime }) => runtime.disconnect());
  return { observability, engine };
}

export function ofKind({ registered }: MockEngine, type: string): Registered[] {
  return registered.filter((resource) => resource.type === type);
}

/** A metric filter's arguments. */
export interface Filter {
  readonly pattern: string;
  readonly metricTransformation: { readonly name: string; readonly namespace: string; readonly value: string };
}

/** The metrics, by name, that filters make of lines. */
export function metricsFrom(filters: readonly Filter[], lines: readonly string[]): Map<string, number[]> {
  return new Map(
    filters.map(({ pattern, metricTransformation: { name, value } }) => [
      name,
      lines.flatMap((line) => published({ pattern, value }, line) ?? []),
    ]),
  );
}

interface Listed {
  readonly lines?: readonly { readonly key: string; readonly metric: string; readonly unit: string }[];
}

/** What the list of metrics says of lines. */
export const listed = (
  JSON.parse(readFileSync(join(root, "locust", "plugin", "loadtest", "metrics.json"), "utf8")) as readonly Listed[]
).flatMap(({ lines = [] }) => lines);

/** A line as a master writes it, with every value of the list, from 1 on. */
export function lineOf(leaveOut: readonly string[] = []): string {
  const values = listed.map(({ key }, index) => [key, index + 1] as const).filter(([key]) => !leaveOut.includes(key));
  const head = { loadtest: "metrics", time: "2026-11-29T16:00:00Z", run: "1", state: "running" };
  return JSON.stringify({ ...head, ...Object.fromEntries(values) });
}
