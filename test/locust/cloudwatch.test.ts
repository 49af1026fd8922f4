import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import { metricsLineBytes } from "../../settings/cost/observability";
import { dashboardSchema, metricsOf } from "../support/dashboard-body";
import {
  type Filter,
  observabilityKinds as kinds,
  listed,
  make,
  metricsFrom,
  named,
  ofKind,
} from "../support/observability";
import {
  fixtures,
  type Master,
  post,
  startMaster,
  startWorker,
  status,
  statusWaiter,
  stopAll,
  until,
} from "./processes";

const script = `${fixtures}/mixed.py`;

/** A real master's lines go through the metric filters that Pulumi is given. */
describe("CloudWatch's metrics of a real master", function () {
  this.timeout(60_000);
  let target: DemoTarget;
  let master: Master;
  let metrics: Map<string, number[]>;
  let written: string[];
  let engine: Awaited<ReturnType<typeof make>>["engine"];

  const output = () => master.output().split("\n");
  const lines = (all: readonly string[]) => all.filter((line) => line.startsWith('{"loadtest":"metrics"'));

  before(async () => {
    target = await startDemoTarget({ port: 0 });
    const env = { LOADTEST_METRICS_LOG_SECONDS: "1" };
    master = await startMaster(script, ["--host", target.url, "--stop-timeout", "5"], env);
    const waitFor = statusWaiter(
      () => status(master),
      () => master,
    );
    await startWorker(master, script, "worker-1");
    await waitFor(({ workers: [worker] }) => worker?.state === "ready", "the worker");
    await until(() => lines(output()).some((line) => JSON.parse(line).workersIdle === 1), "a line of it", master);
    await post(master.webPort, "/swarm", { user_count: "4", spawn_rate: "100" });
    const isWhole = (line: string) => listed.every(({ key }) => key in JSON.parse(line));
    await until(() => lines(output()).some(isWhole), "a line with every value", master);
    ({ engine } = await make({ ...named, natGatewayIds: ["nat-0123456789abcdef0"] }));
    written = output();
    // All that the master has written: what is Locust's own must make no metric.
    metrics = metricsFrom(
      ofKind(engine, kinds.filter).map(({ inputs }) => inputs as Filter),
      written,
    );
  });
  after(async () => {
    await stopAll();
    await target?.close();
  });

  it("are one value of each line that has it, and nothing of what else is in the log", () => {
    expect(written.length).to.be.greaterThan(lines(written).length);
    for (const { key, metric } of listed) {
      const values = lines(written).flatMap((line) => JSON.parse(line)[key] ?? []);
      expect(metrics.get(metric), metric).to.deep.equal(values).and.not.deep.equal([]);
    }
  });

  it("are those of the run: users, workers and their CPU as a share, seconds and not milliseconds", () => {
    const most = (name: string) => Math.max(...(metrics.get(name) ?? []));
    expect(most("Users")).to.equal(4);
    expect(most("UsersWanted")).to.equal(4);
    expect(most("Workers")).to.equal(1);
    expect(most("WorkersIdle"), "before the run").to.equal(1);
    expect(metrics.get("WorkersIdle")?.at(-1), "in the run").to.equal(0);
    expect(most("WorkersLost")).to.equal(0);
    expect(most("FailRatio")).to.be.within(0, 1);
    expect(most("ResponseTimeP95")).to.be.within(0.0001, 5);
    expect(most("WorkerCpuMax")).to.be.within(0.0001, 4);
  });

  it("are as long as loadtest cost takes them to be, with what CloudWatch adds to an event", () => {
    const longest = Math.max(...lines(written).map((line) => line.length));
    expect(longest + 26).to.be.within(0.75 * metricsLineBytes, metricsLineBytes);
  });

  it("are all that the alarms look at and the dashboard draws", () => {
    const looked = ofKind(engine, kinds.alarm).flatMap(({ inputs }) => inputs.metricName ?? []);
    const body = dashboardSchema.parse(JSON.parse(engine.one(kinds.dashboard).inputs.dashboardBody));
    const drawn = metricsOf(body).filter(({ namespace }) => namespace.startsWith("LoadTest/"));
    expect(looked).to.have.length(6);
    expect(drawn).to.have.length.above(10);
    for (const name of [...looked, ...drawn.map((one) => one.name)]) {
      expect(metrics.get(name), name).to.have.length.above(0);
    }
  });
});
