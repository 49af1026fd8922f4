import { expect } from "chai";
import { type DashboardBody, dashboardSchema, metricsOf } from "../../support/dashboard-body";
import {
  type Filter,
  observabilityKinds as kinds,
  lineOf,
  make,
  metricsFrom,
  named,
  ofKind,
} from "../../support/observability";

const nat = ["nat-0123456789abcdef0", "nat-0123456789abcdef1", "nat-0123456789abcdef2"];

/** NAT gateways' metrics, of "NAT gateway metrics and dimensions" in the VPC user guide. */
const natMetrics = [
  ...["ActiveConnectionCount", "BytesInFromDestination", "BytesInFromSource", "BytesOutToDestination"],
  ...["BytesOutToSource", "ErrorPortAllocation", "PacketsDropCount"],
];

/** @param gateways null where none are known */
async function dashboard(gateways: string[] | null = nat, thresholds: string[] = []) {
  const { engine } = await make({ ...named, natGatewayIds: gateways ?? undefined, thresholds });
  const { dashboardBody, dashboardName } = engine.one(kinds.dashboard).inputs;
  return { engine, dashboardName, body: dashboardSchema.parse(JSON.parse(dashboardBody)) };
}

const texts = ({ widgets }: DashboardBody) =>
  widgets.flatMap((widget) => (widget.type === "text" ? [widget.properties.markdown] : [])).join("\n");
const graphs = ({ widgets }: DashboardBody) => widgets.flatMap((widget) => (widget.type === "metric" ? [widget] : []));

describe("the dashboard of LoadTestObservability", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

  it("has the structure that CloudWatch documents, with NAT gateways and without", async () => {
    expect((await dashboard()).body.widgets).to.have.length(13);
    expect((await dashboard([nat[0] ?? ""])).body.widgets).to.have.length(13);
    const { body, dashboardName } = await dashboard(null);
    expect(body.widgets).to.have.length.below(13);
    expect(dashboardName).to.equal("load-test");
  });

  it("keeps the minute that its titles speak of, whatever the time range", async () => {
    const { body } = await dashboard();
    expect(body.periodOverride).to.equal("inherit");
    for (const { properties } of graphs(body)) expect(properties.period, properties.title).to.equal(60);
  });

  it("draws only metrics that the master's lines produce, and that NAT gateways have", async () => {
    const { engine, body } = await dashboard();
    const made = metricsFrom(
      ofKind(engine, kinds.filter).map(({ inputs }) => inputs as Filter),
      [lineOf()],
    );
    for (const { namespace, name, dimensions } of metricsOf(body)) {
      if (namespace === "AWS/NATGateway") {
        expect(natMetrics).to.include(name);
        expect(dimensions[0]).to.equal("NatGatewayId");
        expect(nat).to.include(dimensions[1]);
      } else {
        expect(namespace).to.equal("LoadTest/load-test");
        expect(made.get(name), name).to.have.length(1);
        expect(dimensions).to.deep.equal([]);
      }
    }
  });

  it("and the alarms leave no metric out that is paid for", async () => {
    const { engine, body } = await dashboard();
    const looked = ofKind(engine, kinds.alarm).map(({ inputs }) => inputs.metricName);
    const used = new Set([...metricsOf(body).map(({ name }) => name), ...looked]);
    const made = ofKind(engine, kinds.filter).map(({ inputs }) => inputs.metricTransformation.name);
    expect(made).to.have.length.above(10);
    expect(made.filter((name) => !used.has(name))).to.deep.equal([]);
  });

  it("shows users, requests, failures, response times, workers, CPU, what is under way, and data through NAT", async () => {
    const { body } = await dashboard();
    const drawn = new Set(metricsOf(body).map(({ name }) => name));
    expect([...drawn]).to.include.members([
      ...["Users", "UsersWanted", "RequestsPerSecond", "FailuresPerSecond", "FailRatio", "RequestsUnderWay"],
      ...["ResponseTimeP50", "ResponseTimeP95", "ResponseTimeP99", "Workers", "WorkersLost", "WorkerCpuMax"],
      ...natMetrics,
    ]);
    const { widgets } = body;
    const alarms = widgets.flatMap((widget) => (widget.type === "alarm" ? widget.properties.alarms : []));
    expect(alarms).to.have.length(8);
  });

  it("has no widget upon another", async () => {
    const { widgets } = (await dashboard()).body;
    const cells = widgets.flatMap(({ x = 0, y = 0, width = 6, height = 6 }) => {
      expect(x + width).to.be.at.most(24);
      return Array.from(
        { length: width * height },
        (_, cell) => `${x + (cell % width)}/${y + Math.floor(cell / width)}`,
      );
    });
    expect(new Set(cells).size).to.equal(cells.length);
  });

  it("draws the limits of the alarms", async () => {
    const { body } = await dashboard(nat, ["p95<800", "fail_ratio<2%"]);
    const limits = graphs(body).flatMap(({ properties }) => properties.annotations?.horizontal ?? []);
    expect(limits.map(({ value }) => value)).to.deep.equal([0.02, 0.8, 0.9]);
  });

  it("counts each byte through NAT once for what it costs: where it comes in", async () => {
    const { body } = await dashboard();
    const drawn = graphs(body).flatMap(({ properties }) => properties.metrics);
    const cost = drawn.flatMap(([one]) => (typeof one === "object" && "expression" in one ? [one.expression] : []));
    expect(cost).to.deep.equal(["SUM([sent1, sent2, sent3, got1, got2, got3]) / 1e9 * 0.045"]);
    const ids = new Map(
      drawn.flatMap((parts) => parts.flatMap((part) => (typeof part === "object" ? [[part.id, parts[1]]] : []))),
    );
    expect(ids.get("sent3")).to.equal("BytesInFromSource");
    expect(ids.get("got1")).to.equal("BytesInFromDestination");
  });

  it("says what costs money, and that CloudWatch does not know traffic between zones", async () => {
    const { body } = await dashboard();
    expect(texts(body)).to.include("CloudWatch has no metric of it").and.include("$0.01").and.include("$0.045");
    // 16 metrics, 6 alarms and 2 of 3 gateways each, and the dashboard.
    expect(texts(body)).to.include("about $9.00 a month together, the metrics only while a master is there");
    expect(texts((await dashboard(null)).body)).to.include("The NAT gateways of this network are not known here.");
  });
});
