import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { freePort } from "../../runner/places/network";
import { root } from "../support/cli";
import { apply, kubectl, until } from "../support/cluster";
import { ownTest } from "../support/deployed";
import { dashboard, queriesOf } from "../support/grafana";
import { needs } from "../support/needs";
import { temporaryFolder } from "../support/project";
import { lint, Prometheus } from "../support/prometheus";
import { countsOf } from "../support/target";

/** Seconds between two scrapes. */
const interval = 2;

/** Has something for each panel to show. */
const script = `
from locust import FastHttpUser, constant, task


class Shopper(FastHttpUser):
    wait_time = constant(0.1)

    @task(6)
    def front_page(self) -> None:
        self.client.get("/")

    @task
    def checkout(self) -> None:
        self.client.get("/fails")

    @task
    def search(self) -> None:
        self.client.get("/slow")

    @task
    def account(self) -> None:
        raise ValueError("no account")
`;

describe("a Prometheus that scrapes a deployed test", function () {
  this.timeout(180_000);
  needs("prometheus");
  const namespace = `metrics-${process.pid}`;
  const test = ownTest(namespace, { script: "observed.py", prometheusScrape: "true" }, { "observed.py": script });
  let target: string;
  let prometheus: Prometheus;

  before(async () => {
    const { items } = JSON.parse(kubectl(namespace, ["get", "pods", "--output", "json"])) as {
      items: { metadata: { annotations?: Record<string, string> }; status: { podIP: string } }[];
    };
    const annotated = items.flatMap(({ metadata: { annotations = {} }, status }) =>
      annotations["prometheus.io/scrape"] === "true" ? [{ annotations, address: status.podIP }] : [],
    );
    expect(annotated, "pods that say so").to.have.length(1);
    const [{ annotations, address } = { annotations: {}, address: "" }] = annotated;
    expect(annotations["prometheus.io/path"]).to.equal("/metrics");
    target = `${address}:${annotations["prometheus.io/port"]}`;
    prometheus = await Prometheus.start([target], interval, await freePort());
  });
  after(() => prometheus?.stop());

  const one = async (query: string) => Number((await prometheus.ask(query))[0]?.value[1]);

  it("has data for each query of the Grafana dashboard during a run, and the target's totals after it", async () => {
    await until("a scrape", async () => (await one("up")) === 1, 15);
    const before = await countsOf(namespace);
    const args = ["--users", "6", "--spawn-rate", "6", "--run-time", "30s", "--results", temporaryFolder()];
    const run = test.start("run", ...args);
    await run.waitFor(/full load/, 60_000);
    const queries = queriesOf(dashboard(), `${5 * interval}s`);
    const unanswered = async () => {
      const answers = await Promise.all(
        queries.map(async (each) => ({ ...each, found: await prometheus.ask(each.query) })),
      );
      return answers.filter(({ found }) => !found.some(({ value }) => Number.isFinite(Number(value[1]))));
    };
    let left: readonly { readonly title: string }[] = queries;
    const all = async () => {
      left = await unanswered();
      return left.length === 0;
    };
    await until("data for all panels", all, 25).catch((error) => {
      throw new Error(`${error.message}: ${left.map(({ title }) => title).join(", ")}`);
    });
    expect(await one("sum(locust_users)")).to.equal(6);
    expect(await one('locust_run_state{state="running"}')).to.equal(1);
    expect(await one("sum by (exception) (locust_exceptions_total)")).to.be.greaterThan(0);

    const { code, stderr } = await run.ended;
    expect(code, stderr).to.equal(0);
    const after = await countsOf(namespace);
    const totals = async () => ({
      requests: await one("sum(locust_requests_total)"),
      failures: await one("sum(locust_failures_total)"),
    });
    const counted = { requests: after.requests - before.requests, failures: after.failures - before.failures };
    // One interval, and the scrape itself.
    await new Promise((resolve) => setTimeout(resolve, interval * 1000 + 500));
    expect(await totals()).to.deep.equal(counted);
    expect(await one("sum(locust_request_duration_seconds_count)")).to.equal(counted.requests);
    const slowest = await one("max_over_time(scrape_duration_seconds[2m])");
    console.log(`      ${counted.requests} requests; the slowest scrape took ${Math.round(slowest * 1000)} ms`);
    expect(lint(await (await fetch(`http://${target}/metrics`)).text())).to.equal("");
  });

  it("costs a master of 0.25 vCPU with 500 workers less than 100 ms and 2 % of its CPU", async () => {
    const tests = ["fake_master.py", "test_metrics_cost.py"];
    const files = tests.map((name) => [name, readFileSync(join(root, "locust/tests", name), "utf8")] as const);
    const plugin = JSON.parse(
      kubectl(namespace, ["get", "deployment", "locust-control", "--output", "json"]),
    ).spec.template.spec.volumes.find(({ name }: { name: string }) => name === "plugin");
    const container = {
      ...{ name: "cost", image: "docker.io/locustio/locust:2.47.0", imagePullPolicy: "IfNotPresent" },
      command: ["python", "-m", "unittest", "test_metrics_cost"],
      workingDir: "/tests",
      env: [{ name: "PYTHONPATH", value: "/loadtest/plugin:/tests" }],
      resources: { requests: { cpu: "100m" }, limits: { cpu: "250m" } },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      volumeMounts: [
        { name: "plugin", mountPath: "/loadtest/plugin/loadtest" },
        { name: "tests", mountPath: "/tests" },
      ],
    };
    const spec = {
      ...{ restartPolicy: "Never", containers: [container] },
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      volumes: [plugin, { name: "tests", configMap: { name: "cost" } }],
    };
    apply(
      namespace,
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "cost" }, data: Object.fromEntries(files) },
      { apiVersion: "v1", kind: "Pod", metadata: { name: "cost" }, spec },
    );
    const phase = () => kubectl(namespace, ["get", "pod", "cost", "--output", "jsonpath={.status.phase}"]);
    await until("the end of the pod", () => /Succeeded|Failed/.test(phase()), 60);
    const log = kubectl(namespace, ["logs", "cost"]);
    expect(log).to.match(/^OK$/m);
    console.log(`      ${log.split("\n").find((line) => line.includes("workers"))}`);
  });

  it("may ask by the Service's names and the pod's address, for the metrics only", () => {
    const hosts = [
      ...["", `.${namespace}`, `.${namespace}.svc`, `.${namespace}.svc.cluster.local`].map(
        (rest) => `locust-control${rest}:8089`,
      ),
      target,
    ];
    const urls = ["metrics", "stats/requests"].flatMap((path) => hosts.map((host) => `http://${host}/${path}`));
    const code = `
import json, sys, urllib.request, urllib.error
def status(url):
    try:
        return urllib.request.urlopen(url, timeout=10).status
    except urllib.error.HTTPError as error:
        return error.code
print(json.dumps([status(url) for url in sys.argv[1:]]))`;
    const found = JSON.parse(kubectl(namespace, ["exec", "target", "--", "python", "-c", code, ...urls]));
    expect(found).to.deep.equal([...hosts.map(() => 200), ...hosts.map(() => 403)]);
  });
});
