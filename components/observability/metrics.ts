/** CloudWatch's metrics of a load test: made by metric filters of the lines that Locust's master writes to its log. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LogGroup } from "@pulumi/aws/cloudwatch/logGroup";
import { LogMetricFilter } from "@pulumi/aws/cloudwatch/logMetricFilter";
import * as pulumi from "@pulumi/pulumi";
import { packageRoot } from "../../settings/package-root";

/** A value in the master's lines, and the metric that becomes of it. */
interface LineMetric {
  /** Its key in a line. */
  readonly key: string;
  /** Its name in CloudWatch. */
  readonly metric: string;
  /** CloudWatch's unit. */
  readonly unit: string;
}

/** All values of a line, by the list of metrics that the plugin has too. */
function lineMetrics(): LineMetric[] {
  const text = readFileSync(join(packageRoot(), "locust", "plugin", "loadtest", "metrics.json"), "utf8");
  const metrics = JSON.parse(text) as readonly { readonly lines?: readonly LineMetric[] }[];
  return metrics.flatMap(({ lines = [] }) => lines).map(({ key, metric, unit }) => ({ key, metric, unit }));
}

/** Metrics of one cluster have a namespace of their own: they have no dimensions that would tell them apart. */
export function metricNamespace(clusterName: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.interpolate`LoadTest/${clusterName}`;
}

/** The lines with this value, in CloudWatch's syntax for JSON. */
function patternOf(key: string): string {
  return `{ ($.loadtest = "metrics") && ($.${key} = *) }`;
}

/**
 * Makes a metric filter a value. Without dimensions: each value of one would be a metric more to pay for, and alarms
 * could not name what only a run knows. Without a default value, which would be there in each minute with other lines.
 */
export function metricFilters(
  name: string,
  group: LogGroup,
  namespace: pulumi.Input<string>,
  parent: pulumi.Resource,
): void {
  for (const { key, metric, unit } of lineMetrics()) {
    new LogMetricFilter(
      `${name}-${metric}`,
      {
        logGroupName: group.name,
        pattern: patternOf(key),
        metricTransformation: { name: metric, namespace, value: `$.${key}`, unit },
      },
      { parent },
    );
  }
}
