import { expect } from "chai";
import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import { needs } from "../support/needs";
import { lint, sumOf } from "../support/prometheus";
import {
  ask,
  fixtures,
  type Master,
  post,
  type Running,
  root,
  startLocust,
  startMaster,
  startWorker,
  status,
  statusWaiter,
  stopAll,
  until,
} from "./processes";

const script = `${fixtures}/mixed.py`;
const list: { name: string; lines?: { key: string }[] }[] = require(`${root}/locust/plugin/loadtest/metrics.json`);

describe("The metrics of a master", function () {
  this.timeout(60_000);
  let target: DemoTarget;
  let master: Master;
  let worker: Running;

  before(async () => {
    target = await startDemoTarget({ port: 0 });
    const env = { LOADTEST_METRICS_LOG_SECONDS: "1" };
    master = await startMaster(script, ["--host", target.url, "--stop-timeout", "5"], env);
    // It comes back 1 s after its last user has stopped, instead of another whole stop timeout.
    worker = await startWorker(master, script, "worker-1", {
      LOCUST_WORKER_ADDITIONAL_WAIT_BEFORE_READY_AFTER_STOP: "-4",
    });
  });
  after(async () => {
    await stopAll();
    await target.close();
  });

  const waitFor = statusWaiter(
    () => status(master),
    () => master,
  );
  const ready = () =>
    waitFor(({ workers }) => workers.some(({ state, memory }) => state === "ready" && memory > 0), "the worker");
  const scrape = async () => {
    const { status, headers, body } = await ask(master.webPort, "GET", "/metrics");
    expect(status).to.equal(200);
    expect(headers["content-type"]).to.equal("text/plain; version=0.0.4; charset=utf-8");
    return body;
  };
  const lines = (): Record<string, unknown>[] =>
    master
      .output()
      .split("\n")
      .filter((line) => line.startsWith('{"loadtest":"metrics"'))
      .map((line) => JSON.parse(line));

  it("are there without a token before a run", async () => {
    await ready();
    await until(() => lines().length > 0, "a line", master);
    const text = await scrape();
    expect(sumOf(text, "locust_workers_idle")).to.equal(1);
    expect(sumOf(text, "locust_run_state", 'state="ready"')).to.equal(1);
    expect(text).to.include(`locust_run_info{run="0",script="mixed.py",host="${target.url}"} 1`);
    expect(text).not.to.include("locust_requests_total");
  });

  it("equal what the target has counted, name by name, once a run has ended", async () => {
    const before = target.counts();
    await post(master.webPort, "/swarm", { user_count: "4", spawn_rate: "100" });
    await waitFor(({ p95, workers }) => p95 !== null && (workers[0]?.cpu ?? 0) > 0, "reports");
    const logged = () => lines().some(({ state, p95 }) => state === "running" && p95 !== undefined);
    await until(logged, "a line with all of it", master);
    const during = await scrape();
    expect(sumOf(during, "locust_users")).to.equal(4);
    expect(sumOf(during, "locust_workers_lost")).to.equal(0);
    expect(sumOf(during, "locust_worker_cpu_cores", 'worker="worker-1"')).to.be.greaterThan(0);
    expect(sumOf(during, "locust_response_time_seconds", 'percentile="95"')).to.be.within(0.001, 5);
    await post(master.webPort, "/stop");
    await waitFor(({ drained }) => drained, "the last numbers");
    const { requests, failures } = target.counts();
    const text = await scrape();
    expect(sumOf(text, "locust_requests_total")).to.equal(requests - before.requests);
    expect(sumOf(text, "locust_failures_total")).to.equal(failures - before.failures);
    expect(sumOf(text, "locust_failures_total", 'name="/flaky"')).to.equal(failures - before.failures);
    const all = sumOf(text, "locust_request_duration_seconds_count");
    expect(sumOf(text, "locust_request_duration_seconds_bucket", 'le="+Inf"')).to.equal(all);
    expect(all).to.equal(requests - before.requests);
  });

  it("begin again at 0 where the statistics are reset", async () => {
    expect(sumOf(await scrape(), "locust_requests_total")).to.be.greaterThan(0);
    await post(master.webPort, "/stats/reset");
    expect(sumOf(await scrape(), "locust_requests_total")).to.equal(0);
  });

  it("are lines of the log, one JSON object each, with and without a run", () => {
    const [first, during] = [lines()[0], lines().find((line) => line.state === "running" && line.p95 !== undefined)];
    expect(first).to.include({ loadtest: "metrics", run: 0, state: "ready", users: 0, usersWanted: 0 });
    expect(first).not.to.have.any.keys("p95", "failRatio");
    expect(during).to.include({ run: 1, users: 4, usersWanted: 4, workers: 1, workersLost: 0, workersIdle: 0 });
    expect(Object.keys(during ?? {})).to.have.members([
      ...["loadtest", "time", "run", "state"],
      ...list.flatMap(({ lines = [] }) => lines.map(({ key }) => key)),
    ]);
    const times = lines().map(({ time }) => Date.parse(String(time)));
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)]).to.be.within(900, 1100);
  });

  it("are for the cluster's Prometheus, and for no other site", async () => {
    const asked = async (host: string, path = "/metrics") => (await ask(master.webPort, "GET", path, { host })).status;
    expect(await asked("10.1.2.3:8089")).to.equal(200);
    expect(await asked("10.1.2.3:8089", "/stats/requests")).to.equal(403);
    expect(await asked("evil.example:8089")).to.equal(403);
    // Browsers on this machine come in by the loopback, and this name could be one of the internet's.
    expect(await asked("locust-control.shop")).to.equal(403);
  });

  it("have a number for how often they are logged", async () => {
    const wrong = await startLocust(script, ["--master", "--web-host", "127.0.0.1"], {
      ...{ LOADTEST_TOKEN: "x".repeat(20), LOADTEST_METRICS_LOG_SECONDS: "often" },
    });
    expect(await wrong.ended).to.equal(1);
    expect(wrong.output().trim()).to.equal(
      "LOADTEST_METRICS_LOG_SECONDS must be a number of seconds from 1 to 86400, not 'often'",
    );
  });

  it("tell of a lost worker, also where the last one ends the run", async () => {
    await ready();
    await post(master.webPort, "/swarm", { user_count: "4", spawn_rate: "100" });
    await waitFor(({ run, users }) => run === 2 && users === 4, "users");
    expect(sumOf(await scrape(), "locust_workers_lost")).to.equal(0);
    worker.child.kill("SIGKILL");
    await waitFor(({ state }) => state === "stopped", "the end of the run");
    const text = await scrape();
    expect(sumOf(text, "locust_workers_lost")).to.equal(1);
    expect(sumOf(text, "locust_workers_wanted")).to.equal(1);
    expect(sumOf(text, "locust_workers")).to.equal(0);
  });

  describe("as Prometheus' own tool reads them", () => {
    needs("prometheus");

    it("have nothing wrong", async () => {
      await startWorker(master, script, "worker-2");
      await ready();
      await post(master.webPort, "/swarm", { user_count: "4", spawn_rate: "100" });
      await waitFor(({ run, p95 }) => run === 3 && p95 !== null, "reports");
      const text = await scrape();
      for (const { name } of list.filter(({ name }) => name !== "locust_exceptions_total")) {
        expect(text).to.include(`# TYPE ${name} `);
      }
      expect(lint(text)).to.equal("");
    });
  });
});
