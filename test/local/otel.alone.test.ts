import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect } from "chai";
import { root, startCommand, stopCommands } from "../support/cli";
import { Listener, otelPython, type Span } from "../support/otel";
import { finished, makeProject, onlyRun, removeProjects, textIn } from "../support/project";
import { testPython } from "../support/python";
import { together } from "../support/together";

const both = `from locust import FastHttpUser, HttpUser, constant, task


class Quick(FastHttpUser):
    wait_time = constant(0.05)

    @task
    def look(self) -> None:
        self.client.get("/fast?page=1")
        self.client.post("/item/7", name="/item/[id]", headers={"x-own": "kept"})
        self.client.get("/broken")


class Plain(HttpUser):
    wait_time = constant(0.05)

    @task
    def look(self) -> None:
        self.client.get("/plain")
`;

/** Fills the queue of spans. */
const busy = `from locust import FastHttpUser, constant, task


class Busy(FastHttpUser):
    wait_time = constant(0.002)

    @task
    def look(self) -> None:
        self.client.get("/")
`;

describe("OpenTelemetry on this machine", function () {
  this.timeout(180_000);
  const listeners: Listener[] = [];

  before(async () => {
    await otelPython();
  });
  after(async () => {
    await stopCommands();
    await Promise.all(listeners.map((one) => one.close()));
    removeProjects();
  });

  const test = together();

  interface Options {
    readonly env: Readonly<Record<string, string>>;
    readonly script: string;
  }

  async function listen(silent = false): Promise<Listener> {
    const one = await Listener.start(silent);
    listeners.push(one);
    return one;
  }

  async function run(settings: readonly string[], { env = {}, script = both }: Partial<Options> = {}) {
    const target = await listen();
    const { directory, results } = makeProject({ "both.py": script }, settings);
    const args = [
      "run",
      "--local",
      "--script",
      "both.py",
      "--host",
      target.url,
      "--run-time",
      "3s",
      "--results",
      results,
    ];
    const more = ["--users", "4", "--spawn-rate", "4", "--workers", "1", "--threshold", "fail_ratio<0.9"];
    const end = await startCommand([...args, ...more], { cwd: directory, env }).ended;
    expect(end.stderr).to.not.match(/Traceback|^ +at /m);
    return { ...end, folder: onlyRun(results), record: finished(onlyRun(results)), target };
  }

  test("makes a span of each request of both clients, which the target is told of", async () => {
    const collector = await listen();
    const env = { OTEL_EXPORTER_OTLP_HEADERS: "x-api-key=secret" };
    const { record, code, target } = await run([`otelEndpoint: ${collector.url}`], { env });
    expect(code, record.reasons.join()).to.equal(0);
    expect(collector.requests[0]?.headers).to.deep.include({ "x-api-key": "secret" });
    const spans = await collector.spans();
    expect(spans).to.have.length(record.totals.requests);
    const seen = new Map<string, string>();
    for (const { path, headers } of target.requests) {
      const [, traceId = "", spanId = ""] =
        /^00-([0-9a-f]{32})-([0-9a-f]{16})-0[13]$/.exec(String(headers.traceparent)) ?? [];
      seen.set(`${traceId} ${spanId}`, path);
      if (path.startsWith("/item")) expect(headers["x-own"]).to.equal("kept");
    }
    expect(seen.size).to.equal(record.totals.requests);
    const names: Readonly<Record<string, string>> = {
      "GET /fast": "/fast?page=1",
      "POST /item/[id]": "/item/7",
      "GET /broken": "/broken",
      "GET /plain": "/plain",
    };
    expect(new Set(spans.map(({ name }) => name))).to.deep.equal(new Set(Object.keys(names)));
    for (const { name, kind, traceId, spanId, service } of spans) {
      expect(seen.get(`${traceId} ${spanId}`), name).to.equal(names[name]);
      expect({ kind, service }).to.deep.equal({ kind: 3, service: "locust" });
    }
    const one = (name: string) => spans.find((span) => span.name === name) as Span;
    const { host, port } = { host: "127.0.0.1", port: Number(new URL(target.url).port) };
    const server = { "server.address": host, "server.port": port };
    expect(one("GET /fast")).to.deep.include({
      status: 0,
      attributes: {
        ...{ "http.request.method": "GET", "url.full": `${target.url}/fast?page=1`, "http.response.status_code": 200 },
        ...server,
      },
    });
    expect(one("GET /broken"))
      .to.deep.include({ status: 2 })
      .and.have.nested.property("attributes.error\\.type", "500");
    const plain = one("GET /plain").attributes;
    expect(plain).to.deep.include({ "http.request.method": "GET", "http.response.status_code": 200 });
  });

  test("has HttpUser on requests, which the run says, and refuses what it cannot have then", async () => {
    const collector = await listen();
    const settings = [`otelEndpoint: ${collector.url}`];
    const { record, stdout, target } = await run(settings);
    const httpUserCause = "OpenTelemetry looks at what requests does";
    expect(record.versions).to.include({ httpUser: "requests", httpUserCause });
    expect(stdout).to.include(`\n- HttpUser stayed on requests: ${httpUserCause}\n`);
    const { directory } = makeProject({ "both.py": both }, settings);
    const args = ["run", "--local", "--script", "both.py", "--host", target.url, "--http-client", "fast"];
    const { code, stderr } = await startCommand(args, { cwd: directory }).ended;
    expect([code, stderr]).to.deep.equal([2, `loadtest: both.py cannot have httpClient fast: ${httpUserCause}\n`]);
  });

  test("samples by OpenTelemetry's own variables, and a target still sees each request's ids", async () => {
    const collector = await listen();
    const sampler = { OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" };
    const { record, target } = await run([`otelEndpoint: ${collector.url}`, `environment: ${JSON.stringify(sampler)}`]);
    expect(await collector.spans()).to.deep.equal([]);
    expect(target.requests.filter(({ headers }) => /-0[02]$/.test(String(headers.traceparent)))).to.have.length(
      record.totals.requests,
    );
  });

  test("says in one line which image it needs, where the packages are not there", async () => {
    const plugin = join(root, "locust", "plugin", "loadtest", "__main__.py");
    const env = { ...process.env, LOADTEST_SCRIPT: '{"script": "hello.py", "arguments": {}}' };
    const args = ["-P", plugin, "--worker", "--otel"];
    const { status, stderr } = spawnSync(await testPython(), args, {
      cwd: makeProject().directory,
      env,
      encoding: "utf8",
    });
    expect(status).to.equal(1);
    expect(stderr).to.equal(
      "otelEndpoint needs OpenTelemetry's packages, which are not here: take the image locustio/locust-otel, " +
        "or put locust[otel] into the requirements.txt of your own\n",
    );
  });

  test("is off by default: nothing of it is loaded, and no target hears of it", async () => {
    const { record, folder, target } = await run([]);
    expect(record.verdict).to.equal("passed");
    expect(target.requests.every(({ headers }) => headers.traceparent === undefined)).to.equal(true);
    expect(textIn(folder, "logs/worker-1.log")).to.not.match(/telemetry/i);
  });

  // These need the cores: what is before has ended by then. One run without a collector serves both.
  let bare: ReturnType<typeof run> | undefined;
  for (const [what, url] of [
    ["refuses connections", () => Promise.resolve("http://127.0.0.1:9")],
    ["never answers", async () => (await listen(true)).url],
  ] as const) {
    it(`ends a run within 12 s more, with the same verdict, where the collector ${what}`, async () => {
      bare ??= run([], { script: busy });
      const without = await bare;
      const { record, code, seconds } = await run([`otelEndpoint: ${await url()}`], { script: busy });
      expect({ code, verdict: record.verdict }).to.deep.equal({ code: 0, verdict: "passed" });
      expect(record.totals.requests, "more than the queue holds").to.be.above(1024);
      console.log(`      ${(seconds - without.seconds).toFixed(1)} s longer`);
      expect(seconds - without.seconds).to.be.below(12);
    });
  }
});
