/**
 * The body of a CloudWatch dashboard, by "Dashboard body structure and syntax" of CloudWatch's API reference: widgets of
 * metrics, text and alarms, strictly, so that a property that is not in it is found.
 */
import * as z from "zod";

const text = z.string().min(1);
const side = z.enum(["left", "right"]);
const period = z.union([z.literal([1, 5, 10, 30]), z.int().multipleOf(60)]);
/** A statistic, or a percentile. */
const stat = z.string().regex(/^(SampleCount|Average|Sum|Minimum|Maximum|p\d{1,2}(\.\d+)?)$/);
const id = z.string().regex(/^[a-z]\w*$/);

const drawn = {
  color: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i)
    .optional(),
  label: text.optional(),
  id: id.optional(),
  period: period.optional(),
  region: text.optional(),
  stat: stat.optional(),
  visible: z.boolean().optional(),
  yAxis: side.optional(),
};

const expression = z.tuple([z.strictObject({ ...drawn, expression: text, stat: z.never().optional() })]);

/** Namespace, name, up to 30 dimensions as name and value, and how it is drawn. */
const metric = z
  .array(z.union([z.string().max(255), z.strictObject(drawn)]))
  .min(2)
  .refine((parts) => {
    const names = parts.filter((part) => typeof part === "string");
    return (
      names.length % 2 === 0 && names.length <= 62 && parts.slice(0, names.length).every((p) => typeof p === "string")
    );
  }, "is a namespace, a name and pairs of dimensions, and then how it is drawn");

const axis = z.strictObject({
  label: text.optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  showUnits: z.boolean().optional(),
});

const horizontal = z.strictObject({
  value: z.number(),
  label: text.optional(),
  color: drawn.color,
  fill: z.enum(["above", "below"]).optional(),
  visible: z.boolean().optional(),
  yAxis: side.optional(),
});

const place = {
  x: z.int().min(0).max(23).optional(),
  y: z.int().min(0).optional(),
  width: z.int().min(1).max(24).optional(),
  height: z.int().min(1).max(1000).optional(),
};

const metricWidget = z.strictObject({
  type: z.literal("metric"),
  ...place,
  properties: z.strictObject({
    metrics: z
      .array(z.union([expression, metric]))
      .min(1)
      .max(500),
    region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/),
    title: text.optional(),
    view: z.enum(["timeSeries", "singleValue", "gauge", "bar", "pie"]).optional(),
    stacked: z.boolean().optional(),
    stat: stat.optional(),
    period: period.optional(),
    liveData: z.boolean().optional(),
    legend: z.strictObject({ position: z.enum(["right", "bottom", "hidden"]) }).optional(),
    yAxis: z.strictObject({ left: axis.optional(), right: axis.optional() }).optional(),
    annotations: z.strictObject({ horizontal: z.array(horizontal).optional() }).optional(),
  }),
});

const textWidget = z.strictObject({
  type: z.literal("text"),
  ...place,
  properties: z.strictObject({ markdown: text, background: z.enum(["solid", "transparent"]).optional() }),
});

const alarmWidget = z.strictObject({
  type: z.literal("alarm"),
  ...place,
  properties: z.strictObject({
    alarms: z
      .array(z.string().regex(/^arn:[^:]+:cloudwatch:[^:]+:\d{12}:alarm:.+$/))
      .min(1)
      .max(100),
    title: text.optional(),
    sortBy: z.enum(["default", "stateUpdatedTimestamp", "timestamp"]).optional(),
    states: z.array(z.enum(["ALARM", "INSUFFICIENT_DATA", "OK"])).optional(),
  }),
});

/** What `PutDashboard` takes. */
export const dashboardSchema = z.strictObject({
  start: z.string().optional(),
  end: z.string().optional(),
  periodOverride: z.enum(["auto", "inherit"]).optional(),
  widgets: z.array(z.discriminatedUnion("type", [metricWidget, textWidget, alarmWidget])).max(500),
});

export type DashboardBody = z.infer<typeof dashboardSchema>;

/** Namespace and name of each metric that a dashboard draws, with its first dimension. */
export function metricsOf({ widgets }: DashboardBody): { namespace: string; name: string; dimensions: string[] }[] {
  return widgets.flatMap((widget) => {
    if (widget.type !== "metric") return [];
    return widget.properties.metrics.flatMap((one) => {
      const parts: readonly unknown[] = one;
      const [namespace, name, ...dimensions] = parts.filter((part) => typeof part === "string");
      return namespace === undefined || name === undefined ? [] : [{ namespace, name, dimensions }];
    });
  });
}
