/** The body of CloudWatch's dashboard, by "Dashboard body structure and syntax" of its API reference. Pure. */
import { observabilityPerMonth } from "../../settings/cost/observability";
import { usEast2 } from "../../settings/cost/us-east-2";
import { saturatedShare } from "../../settings/limits";
import { type AlarmLimits, natAlarms, natNamespace } from "./alarms";

/** What a dashboard shows. */
interface DashboardPlace {
  readonly clusterName: string;
  readonly region: string;
  /** Of the load test's metrics. */
  readonly namespace: string;
  /** Empty where none are known. */
  readonly natGatewayIds: readonly string[];
  readonly alarmArns: readonly string[];
  readonly limits: AlarmLimits;
}

/** A namespace, a metric's name, its dimensions in pairs, and how it is drawn; or an expression alone. */
type Metric = readonly (string | Drawn)[];

interface Drawn {
  readonly label?: string;
  readonly stat?: string;
  readonly yAxis?: "left" | "right";
  readonly id?: string;
  readonly expression?: string;
}

interface Widget {
  readonly type: "metric" | "text" | "alarm";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** The grid's columns, and a graph's size in it. */
const columns = 24;
const [graphWidth, graphHeight] = [8, 6];
const headHeight = 4;

interface DashboardBody {
  readonly periodOverride: "inherit";
  readonly widgets: readonly Widget[];
}

/** @returns what `PutDashboard` takes, as JSON */
export function dashboardBody(place: DashboardPlace): DashboardBody {
  const graphs = [...ofRun(place), ...ofNat(place)];
  const rows = Math.ceil(graphs.length / 3);
  return {
    // Else CloudWatch chooses periods by the time range, and what is by the minute is not.
    periodOverride: "inherit",
    widgets: [
      text(0, 0, columns / 2, headHeight, head(place)),
      {
        ...{ type: "alarm", x: columns / 2, y: 0, width: columns / 2, height: headHeight },
        properties: { title: "Alarms", alarms: place.alarmArns },
      },
      ...graphs.map((properties, index): Widget => {
        const [x, y] = [(index % 3) * graphWidth, headHeight + Math.floor(index / 3) * graphHeight];
        return { type: "metric", x, y, width: graphWidth, height: graphHeight, properties };
      }),
      text(0, headHeight + rows * graphHeight, columns, 5, costs(place)),
    ],
  };
}

/** Graphs of the load test's own metrics. */
function ofRun({ namespace, region, limits }: DashboardPlace) {
  const metric = (name: string, label: string, drawn: Drawn = {}): Metric => [namespace, name, { label, ...drawn }];
  const right: Drawn = { yAxis: "right" };
  const graph = (title: string, metrics: readonly Metric[], rest: Readonly<Record<string, unknown>> = {}) =>
    graphOf(region, title, metrics, rest);
  return [
    graph("Users", [
      metric("Users", "users"),
      metric("UsersWanted", "asked for"),
      metric("UsersMissingRatio", "missing, 0 to 1", right),
    ]),
    graph("Requests a second", [metric("RequestsPerSecond", "requests"), metric("FailuresPerSecond", "failures")]),
    graph("Failed, of all requests of the run", [metric("FailRatio", "failed, 0 to 1")], limit(limits.failRatio.value)),
    graph(
      "Response times of the last ten seconds",
      [metric("ResponseTimeP50", "median"), metric("ResponseTimeP95", "95 %"), metric("ResponseTimeP99", "99 %")],
      limit(limits.p95.value),
    ),
    graph("Requests under way", [
      metric("RequestsUnderWay", "without an answer yet", { stat: "Maximum" }),
      metric("OldestRequest", "the oldest, in seconds", { stat: "Maximum", ...right }),
    ]),
    graph("Workers", [
      metric("Workers", "connected", { stat: "Minimum" }),
      metric("WorkersWanted", "of the run"),
      metric("WorkersLost", "lost", { stat: "Maximum" }),
      metric("WorkersIdle", "without a run"),
    ]),
    graph(
      "CPU of the busiest worker, of what it may use",
      [metric("WorkerCpuMax", "0 to 1", { stat: "Maximum" })],
      limit(saturatedShare),
    ),
  ];
}

/** Graphs of the NAT gateways: data is what large tests cost. */
function ofNat({ natGatewayIds, region }: DashboardPlace) {
  if (natGatewayIds.length === 0) return [];
  const each = (name: string, label: string, id?: string): Metric[] =>
    natGatewayIds.map((gateway, index) => [
      ...[natNamespace, name, "NatGatewayId", gateway],
      { label: `${label} ${gateway}`, stat: "Sum", ...(id === undefined ? {} : { id: `${id}${index + 1}` }) },
    ]);
  const price = usEast2.perGb.throughNat;
  const [sent, received] = [
    each("BytesInFromSource", "from pods", "sent"),
    each("BytesInFromDestination", "to pods", "got"),
  ];
  const ids = [...sent, ...received].map((metric) => (metric.at(-1) as Drawn).id);
  const cost: Metric = [
    {
      expression: `SUM([${ids.join(", ")}]) / 1e9 * ${price}`,
      label: `USD at $${price} a GB`,
      id: "cost",
      yAxis: "right",
    },
  ];
  return [
    graphOf(region, "Data through NAT, bytes a minute, and what it costs", [...sent, ...received, cost]),
    graphOf(region, "Sent on by NAT, bytes a minute", [
      ...each("BytesOutToDestination", "to the target"),
      ...each("BytesOutToSource", "to pods"),
    ]),
    graphOf(region, "NAT: connections, and what is to be zero", [
      ...natAlarms.flatMap(({ metricName }) => each(metricName, metricName)),
      ...natGatewayIds.map((gateway): Metric => {
        const drawn: Drawn = { label: `connections ${gateway}`, stat: "Maximum", yAxis: "right" };
        return [natNamespace, "ActiveConnectionCount", "NatGatewayId", gateway, drawn];
      }),
    ]),
  ];
}

function graphOf(
  region: string,
  title: string,
  metrics: readonly Metric[],
  rest: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const axes = { yAxis: { left: { min: 0 }, right: { min: 0 } } };
  return { title, region, view: "timeSeries", stat: "Average", period: 60, metrics, ...axes, ...rest };
}

function limit(value: number) {
  return { annotations: { horizontal: [{ label: "limit", value, fill: "above" }] } };
}

function text(x: number, y: number, width: number, height: number, markdown: string): Widget {
  return { type: "text", x, y, width, height, properties: { markdown } };
}

function head({ clusterName, namespace }: DashboardPlace): string {
  return [
    `# Load test ${clusterName}`,
    `Metrics of ${namespace}, from lines that Locust's master writes every ten seconds. No data: no master is there.`,
    "`loadtest run` judges a run and saves its results; this page does not.",
  ].join("\n\n");
}

function costs({ natGatewayIds }: DashboardPlace): string {
  const month = observabilityPerMonth(usEast2.perMonth, natGatewayIds.length).toFixed(2);
  const { throughNat, betweenZones, outToInternet, logsIn } = usEast2.perGb;
  return [
    "## What costs money",
    `Prices of ${usEast2.region}. Each GB through NAT, in either direction: $${throughNat}. Out to the internet, on top: $${outToInternet}. Logs: $${logsIn} a GB. Metrics, alarms and this dashboard: about $${month} a month together, the metrics only while a master is there.`,
    ...(natGatewayIds.length > 0 ? [] : ["The NAT gateways of this network are not known here."]),
    `**Between zones** each GB costs $${betweenZones} where it leaves and again where it arrives. CloudWatch has no metric of it: Cost Explorer has, a day later, as usage type DataTransfer-Regional-Bytes, and \`loadtest cost\` estimates it. Here it is the workers' reports to a master in another zone, and the load itself where the target is in another zone of this Region.`,
  ].join("\n\n");
}
