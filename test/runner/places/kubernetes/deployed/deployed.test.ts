import type { V1Container, V1Deployment, V1EnvVar } from "@kubernetes/client-node";
import { expect } from "chai";
import { RunnerError } from "../../../../../runner/errors";
import { filesIn, readDeployed, scriptsIn } from "../../../../../runner/places/kubernetes/deployed/deployed";
import { workloads } from "../../../../support/locust-deployment";
import { deployment } from "./deployments";

/** What LocustDeployment makes, as the API server gives it back. */
async function deployed(args: Parameters<typeof workloads>[0] = {}) {
  const { control, worker } = await workloads(args);
  const live = ({ deployment }: typeof control, uid: string): V1Deployment => ({
    ...deployment,
    metadata: { ...deployment.metadata, uid, creationTimestamp: new Date("2026-05-04T03:02:01Z") },
    status: { readyReplicas: 3 },
  });
  return readDeployed(live(control, "c"), live(worker, "w"));
}

describe("what is deployed", function () {
  // The first test loads the SDKs.
  this.timeout(30_000);

  it("is read back as LocustDeployment was told", async () => {
    const test = await deployed({
      ...{
        namespace: "shop",
        script: "script1.py",
        targetHost: "https://shop.example.com",
        users: 250,
        spawnRate: 2.5,
      },
      ...{
        runTime: "1h30m",
        workerReplicas: 8,
        workerCpu: 0.25,
        workerMemory: 1792,
        controlCpu: 1,
        controlMemory: 1024,
      },
      image: "registry.example.com/locust:7",
    });
    // Named after what is in them.
    const { tokenSecret, scriptsConfigMap } = test;
    expect(tokenSecret?.name).to.match(/^test-token-[0-9a-f]{8}$/);
    expect(scriptsConfigMap).to.match(/^test-scripts-[0-9a-f]{8}$/);
    expect(test).to.deep.equal({
      namespace: "shop",
      control: { name: "locust-control", uid: "c" },
      worker: { name: "locust-worker", uid: "w" },
      script: "script1.py",
      workerScript: "script1.py",
      ...{ scriptBefore: undefined, scriptArguments: {}, argumentsBefore: undefined },
      ...{ users: 250, spawnRate: 2.5, runTime: "1h30m", targetHost: "https://shop.example.com" },
      tokenSecret: { name: tokenSecret?.name, key: "token" },
      workerReplicas: 8,
      ...{ workerCpu: 0.25, workerMemory: 1792, controlCpu: 1, controlMemory: 1024 },
      scriptsConfigMap,
      knownModules: false,
      createdAt: new Date("2026-05-04T03:02:01Z"),
    });
  });

  it("is read back with little of it given", async () => {
    expect(await deployed({ workerReplicas: 0 })).to.include({
      ...{ targetHost: undefined, users: 100, spawnRate: 10, runTime: "1m", workerReplicas: 0 },
    });
  });

  it("has no ConfigMap of scripts where they are in the image", async () => {
    const test = await deployed({ scriptDelivery: "image", image: "registry.example.com/locust:7" });
    expect(test).to.include({ script: "script1.py", scriptsConfigMap: undefined });
  });

  it("is read from people's own manifests, in every way that Locust takes its options", () => {
    const [short, long, variables] = [
      {
        command: ["python", "-u", "-m", "locust"],
        args: [
          "-f/p/loadtest_plugin.py,/s/a.py",
          "-u",
          "5",
          "-r=2",
          "-t10m",
          "-H",
          "http://$(TARGET)/$$(x)",
          "--master",
        ],
      },
      {
        command: ["/opt/venv/bin/locust", "--locustfile=/p/loadtest_plugin.py, /s/a.py", "--users=5"],
        args: ["--spawn-rate", "1", "--spawn-rate", "2", "--run-time=10m", "--host=http://$(TARGET)/$$(x)"],
      },
      {
        env: [
          ...[variable("LOCUST_USERS", "5"), variable("LOCUST_SPAWN_RATE", "2"), variable("LOCUST_RUN_TIME", "10m")],
          ...[variable("LOCUST_LOCUSTFILE", "/p/loadtest_plugin.py,/s/a.py")],
          variable("LOCUST_HOST", "http://$(TARGET)/$$(x)"),
        ],
      },
    ].map((container) => readDeployed(...both(container)));
    const expected = { script: "a.py", users: 5, spawnRate: 2, runTime: "10m", targetHost: "http://shop/$(x)" };
    for (const test of [short, long, variables]) expect(test).to.include(expected);
  });

  it("takes what is not said for what Locust and Kubernetes take it for", () => {
    const [control, worker] = both({ args: ["-f", "/p/loadtest_plugin.py,/s/a.py"] });
    delete worker.spec?.replicas;
    expect(readDeployed(control, worker)).to.include({
      ...{ users: 1, spawnRate: 1, runTime: undefined, workerReplicas: 1 },
      ...{ workerCpu: undefined, controlMemory: undefined, scriptsConfigMap: undefined },
    });
  });

  it("finds the ConfigMap by the innermost mount", () => {
    const [control, worker] = both({
      args: ["-f", "/load/plugin/loadtest_plugin.py,/load/scripts/a.py"],
      volumeMounts: [
        { name: "outer", mountPath: "/load" },
        { name: "inner", mountPath: "/load/scripts/" },
        { name: "other", mountPath: "/load/scripts-old" },
      ],
    });
    const volumes = ["outer", "inner", "other"].map((name) => ({ name, configMap: { name: `map-${name}` } }));
    for (const { spec } of [control, worker]) if (spec?.template.spec) spec.template.spec.volumes = volumes;
    expect(readDeployed(control, worker).scriptsConfigMap).to.equal("map-inner");
  });

  it("shows a change of script that was made in one Deployment only", () => {
    const [control] = both({ args: ["-f", "/p/loadtest_plugin.py,/s/b.py"] });
    const [, worker] = both({ args: ["-f", "/p/loadtest_plugin.py,/s/a.py"] });
    expect(readDeployed(control, worker)).to.include({ script: "b.py", workerScript: "a.py" });
  });

  it("says in one line what is missing in a Deployment of something else", () => {
    const ours = { args: ["-f", "/p/loadtest_plugin.py,/s/a.py"] };
    const start = "Deployment locust-control in namespace load is not one of LocustDeployment: ";
    expect(refusal({ ...ours, name: "nginx" })).to.equal(`${start}it has no container locust`);
    expect(refusal({ args: ["--master"] })).to.equal(`${start}its Locust gets no script with -f`);
    expect(refusal({ args: ["-f"] })).to.equal(`${start}its Locust gets no script with -f`);
    expect(refusal({ args: ["-f", "/s/a.py"] })).to.equal(
      `${start}its Locust does not load loadtest_plugin.py with -f`,
    );
    expect(refusal({ args: ["-f", "/p/loadtest_plugin.py"] })).to.equal(
      `${start}its Locust gets 0 scripts with -f beside loadtest_plugin.py, and not one`,
    );
    const plain = refusal(ours, [variable("LOADTEST_TOKEN", "s3cret")]);
    expect(plain, "and shows no secret").to.equal(`${start}its variable LOADTEST_TOKEN does not come from a Secret`);
    expect(refusal(ours, [])).to.equal(plain);
    expect(refusal({ args: [...ours.args, "--users", "many"] })).to.equal(
      'Deployment locust-control in namespace load has --users "many": that is no number',
    );
  });

  it("knows all modules of Locust's own image, where nobody says another place for them", async () => {
    expect((await deployed()).knownModules).to.equal(true);
    expect((await deployed({ image: "registry.test/locustio/locust:2.47.0" })).knownModules).to.equal(false);
    const environment = { PYTHONPATH: "/loadtest/scripts/lib" };
    expect((await deployed({ environment })).knownModules).to.equal(false);
  });

  it("lists the scripts of a ConfigMap, of any encoding, and not their helpers in folders", () => {
    const data = { "b.py": "b", "users.csv": "", "lib..helpers.py": "h" };
    const files = filesIn({ data, binaryData: { "a.py": "AA==" } });
    expect(Object.fromEntries(files)).to.deep.equal({
      "b.py": "b",
      "users.csv": "",
      "lib/helpers.py": "h",
      "a.py": "",
    });
    expect(scriptsIn(files)).to.deep.equal(["a.py", "b.py"]);
    expect(scriptsIn(filesIn({}))).to.deep.equal([]);
  });
});

function variable(name: string, value: string) {
  return { name, value };
}

/** Both Deployments with the same container. */
function both(container: Partial<V1Container>): [V1Deployment, V1Deployment] {
  return [deployment("locust-control", container), deployment("locust-worker", container)];
}

/** The error for a Deployment of such a container, with these variables instead of its own. */
function refusal(container: Partial<V1Container>, env?: V1EnvVar[]): string {
  const [control, worker] = both(container);
  const locust = control.spec?.template.spec?.containers[1];
  if (env !== undefined && locust !== undefined) locust.env = env;
  try {
    readDeployed(control, worker);
  } catch (error) {
    expect(error).to.be.instanceOf(RunnerError);
    return (error as Error).message;
  }
  throw new Error("This is a load test.");
}
