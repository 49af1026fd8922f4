import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import {
  type LocustPlacement,
  type LocustSettings,
  locustCommands,
  locustVersion,
  usualImage,
} from "../../settings/locust";

const settings: LocustSettings = {
  users: 50,
  spawnRate: 2.5,
  runTime: "90s",
  workerReplicas: 3,
  autostart: false,
  environment: { GREETING: "hello" },
};
const placement: LocustPlacement = {
  plugin: "/plugin/loadtest",
  script: "script1.py",
  bindHost: "127.0.0.1",
  masterHost: "locust-control",
  masterPort: 5557,
  webPort: 8089,
};

/** The value that follows an option; undefined where the option is not there. */
function option(args: readonly string[], name: string): string | undefined {
  const index = args.indexOf(name);
  return index < 0 ? undefined : args[index + 1];
}

describe("Locust's command lines", () => {
  const { master, worker } = locustCommands(settings, placement);

  it("take the script from a variable, in master and worker", () => {
    for (const { args, env } of [master, worker]) {
      expect(option(args, "-f")).to.equal(undefined);
      expect(env.LOADTEST_SCRIPT).to.equal('{"script":"script1.py","arguments":{}}');
    }
  });

  it("are started by what is beside the plugin, with a web UI whatever a script sets", () => {
    for (const { python } of [master, worker]) expect(python).to.deep.equal(["-P", "/plugin/loadtest/__main__.py"]);
    expect(master.args).to.include("--headful");
  });

  it("give the web UI the settings, and the workers their master", () => {
    expect(option(master.args, "--users")).to.equal("50");
    expect(option(master.args, "--spawn-rate")).to.equal("2.5");
    expect(option(master.args, "--run-time")).to.equal("90s");
    expect(master.args).to.include("--master").and.not.include("--worker");
    expect(worker.args).to.include("--worker").and.not.include("--master");
    expect(option(worker.args, "--master-host")).to.equal("locust-control");
    expect(option(worker.args, "--master-port")).to.equal("5557");
  });

  it("give the master a rate of iterations where one is asked for, and a run in stages the time for them", () => {
    expect(master.args.filter((arg) => arg.includes("arrival"))).to.deep.equal([]);
    const constant = locustCommands({ ...settings, arrivalRate: "5" }, placement);
    expect(option(constant.master.args, "--arrival-rate")).to.equal("5");
    expect(option(constant.master.args, "--arrival-spacing")).to.equal("even");
    expect(option(constant.master.args, "--run-time")).to.equal("90s");
    expect(constant.worker).to.deep.equal(worker);
    const stages = { arrivalRate: "5:1m 6:30s", arrivalSpacing: "poisson" } as const;
    const { args } = locustCommands({ ...settings, ...stages }, placement).master;
    expect(option(args, "--arrival-rate")).to.equal("5:1m 6:30s");
    expect(option(args, "--arrival-spacing")).to.equal("poisson");
    // 20 s of ramp, 90 s of stages, and a minute to spare.
    expect(option(args, "--run-time")).to.equal("170s");
  });

  it("trace where a collector is named, and are as before where none is", () => {
    const otelEndpoint = "http://collector:4318";
    const { master: traced, worker: alike } = locustCommands({ ...settings, otelEndpoint }, placement);
    for (const { args, env } of [traced, alike]) {
      expect(args).to.include("--otel");
      expect(env).to.include({ OTEL_EXPORTER_OTLP_ENDPOINT: otelEndpoint, GREETING: "hello" });
    }
    expect(usualImage({ otelEndpoint })).to.equal(`docker.io/locustio/locust-otel:${locustVersion}`);
    const own = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://nearer:4318" };
    expect(locustCommands({ ...settings, otelEndpoint, environment: own }, placement).worker.env).to.include(own);
    for (const { args, env } of [master, worker]) {
      expect(args).to.not.include("--otel");
      expect(Object.keys(env).filter((name) => name.startsWith("OTEL"))).to.deep.equal([]);
    }
  });

  it("listen where they are told to, web UI and port for workers alike", () => {
    expect(option(master.args, "--web-host")).to.equal("127.0.0.1");
    expect(option(master.args, "--master-bind-host")).to.equal("127.0.0.1");
    expect(option(master.args, "--web-port")).to.equal("8089");
    expect(option(master.args, "--master-bind-port")).to.equal("5557");
  });

  it("rebalance users, let requests end, and exit 0 with failed requests", () => {
    expect(master.args).to.include("--enable-rebalancing");
    expect(option(master.args, "--stop-timeout")).to.equal("10");
    for (const { args } of [master, worker]) expect(option(args, "--exit-code-on-error")).to.equal("0");
    // Back one second after a run, not ten: 10 + (-9).
    expect(worker.env.LOCUST_WORKER_ADDITIONAL_WAIT_BEFORE_READY_AFTER_STOP).to.equal("-9");
  });

  it("aim at the target only where one is set", () => {
    expect(option(master.args, "--host")).to.equal(undefined);
    const aimed = locustCommands({ ...settings, targetHost: "https://shop.test" }, placement);
    expect(option(aimed.master.args, "--host")).to.equal("https://shop.test");
    expect(option(aimed.worker.args, "--host")).to.equal("https://shop.test");
  });

  it("start by themselves only when asked, with all workers", () => {
    expect(master.args).to.not.include("--autostart");
    const automatic = locustCommands({ ...settings, autostart: true }, placement).master.args;
    expect(automatic).to.include("--autostart");
    expect(option(automatic, "--expect-workers")).to.equal("3");
    const without = locustCommands({ ...settings, autostart: true, workerReplicas: 0 }, placement).master.args;
    expect(option(without, "--expect-workers")).to.equal("1");
  });

  it("carry the script's own arguments, which its parser understands, in one order", () => {
    const both = locustCommands({ ...settings, scriptArguments: { tenant: "-$a", all: "true" } }, placement);
    for (const { env } of [both.master, both.worker]) {
      const text = '{"script":"script1.py","arguments":{"all":"true","tenant":"-\\u0024a"}}';
      expect(env.LOADTEST_SCRIPT, "without what Kubernetes would replace").to.equal(text);
      expect(JSON.parse(text).arguments).to.deep.equal({ all: "true", tenant: "-$a" });
    }
  });

  it("carry the client of HttpUser, where it is not the usual one", () => {
    for (const httpClient of ["fast", "requests"] as const) {
      const both = locustCommands({ ...settings, httpClient }, placement);
      const text = JSON.stringify({ script: "script1.py", arguments: {}, httpClient });
      for (const { env } of [both.master, both.worker]) expect(env.LOADTEST_SCRIPT).to.equal(text);
    }
    const usual = locustCommands({ ...settings, httpClient: "auto" }, placement);
    expect(usual.master.env.LOADTEST_SCRIPT).to.equal('{"script":"script1.py","arguments":{}}');
  });

  it("carry the scripts' environment, unbuffered output, and the hosts that load may be aimed at", () => {
    for (const { env } of [master, worker]) expect(env).to.include({ GREETING: "hello", PYTHONUNBUFFERED: "1" });
    expect(master.env).to.not.have.property("LOADTEST_ALLOWED_HOSTS");
    const written = locustCommands({ ...settings, metricsLogSeconds: 10 }, placement);
    expect(written.master.env).to.include({ LOADTEST_METRICS_LOG_SECONDS: "10" });
    expect(written.worker.env).to.not.have.property("LOADTEST_METRICS_LOG_SECONDS");
    const named = locustCommands({ ...settings, allowedHosts: ["a.test", "*.b.test"] }, placement);
    expect(named.master.env.LOADTEST_ALLOWED_HOSTS).to.equal("a.test,*.b.test");
    expect(named.worker.env).to.not.have.property("LOADTEST_ALLOWED_HOSTS");
  });
});

describe("Locust's version", () => {
  const read = (file: string) => readFileSync(join(__dirname, "../../locust", file), "utf8");

  it("is the same in the settings, the packages and the image", () => {
    expect(read("requirements.txt")).to.match(new RegExp(`^locust==${locustVersion}$`, "m"));
    expect(read("constraints.txt")).to.match(new RegExp(`^locust==${locustVersion}$`, "m"));
    for (const file of ["Dockerfile", "mirror/Dockerfile"]) {
      expect(read(file)).to.match(new RegExp(`^FROM docker\\.io/locustio/locust:${locustVersion}$`, "m"));
    }
  });
});
