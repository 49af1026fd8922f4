import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { V1Deployment } from "@kubernetes/client-node";
import { expect } from "chai";
import { RunnerError } from "../../../../../runner/errors";
import { filesIn, readDeployed } from "../../../../../runner/places/kubernetes/deployed/deployed";
import { testAnnotation } from "../../../../../settings/deployed/deployed-test";
import { locustVersion } from "../../../../../settings/locust";
import { loadtestVersion } from "../../../../../settings/package-root";
import { listScripts } from "../../../../../settings/scripts/script";
import { writeFiles } from "../../../../settings/folder";
import { environmentOf, workloads } from "../../../../support/locust-deployment";
import { type Described, deployment } from "./deployments";

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
        scriptArguments: { tenant: "$(x)" },
        httpClient: "requests",
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
      version: 1,
      ...{ script: "script1.py", workerScript: "script1.py", scriptArguments: { tenant: "$(x)" }, before: undefined },
      httpClient: "requests",
      scripts: listScripts({ scriptsFolder: "locust/scripts" }, "."),
      versions: { loadtest: loadtestVersion() },
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
    const test = await deployed({ workerReplicas: 0 });
    expect(test).to.include({ users: 100, spawnRate: 10, runTime: "1m", workerReplicas: 0 });
    expect(test.targetHost).to.equal(undefined);
    expect(test.versions).to.deep.equal({ loadtest: loadtestVersion(), locust: locustVersion });
  });

  it("has no ConfigMap of scripts where they are in the image", async () => {
    const test = await deployed({ scriptDelivery: "image", image: "registry.example.com/locust:7" });
    expect(test.script).to.equal("script1.py");
    expect([test.scriptsConfigMap, test.scripts]).to.deep.equal([undefined, undefined]);
  });

  it("is what the variable says that Locust gets, in master and worker", async () => {
    const scriptArguments = { tenant: "$(x) $$", all: "true" };
    const httpClient = "fast";
    for (const one of Object.values(await workloads({ script: "script2.py", scriptArguments, httpClient }))) {
      const text = String(environmentOf(one).LOADTEST_SCRIPT);
      expect(text, "nothing that Kubernetes would replace").to.not.include("$");
      expect(JSON.parse(text)).to.deep.equal({ script: "script2.py", arguments: scriptArguments, httpClient });
    }
  });

  it("is read from people's own manifests", () => {
    const expected = { script: "a.py", users: 5, spawnRate: 2, runTime: "10m", targetHost: "http://shop/$(x)" };
    const test = readDeployed(...both({ ...expected, scriptArguments: { tenant: "b" }, scripts: ["a.py", "b.py"] }));
    expect(test).to.include(expected);
    expect(test).to.deep.include({ scriptArguments: { tenant: "b" }, scripts: ["a.py", "b.py"] });
  });

  it("takes what is not said for what Locust and Kubernetes take it for", () => {
    const [control, worker] = both({});
    delete worker.spec?.replicas;
    const test = readDeployed(control, worker);
    expect(test).to.deep.include({
      users: 1,
      spawnRate: 1,
      workerReplicas: 1,
      scriptArguments: {},
      knownModules: false,
    });
    for (const key of ["runTime", "workerCpu", "controlMemory", "scriptsConfigMap"] as const) {
      expect(test[key], key).to.equal(undefined);
    }
  });

  it("shows a change of script that was made in one Deployment only", () => {
    const before = { script: "a.py", scriptArguments: {}, variable: "" };
    const [changed, plain] = [both({ script: "b.py", before }), both({})];
    expect(readDeployed(changed[0], plain[1])).to.deep.include({ script: "b.py", workerScript: "a.py", before });
    expect(readDeployed(plain[0], changed[1])).to.deep.include({ script: "a.py", workerScript: "b.py", before });
  });

  it("says in one line what to do where a Deployment does not say what it runs", () => {
    const start = "Deployment locust-control in namespace load ";
    const nothing =
      `${start}does not say what it runs: pulumi up, where an earlier version has deployed it; a manifest written by ` +
      "hand needs the annotation serverless-load-testing/test, as in settings/deployed/deployed-test.ts";
    expect(refusal(undefined)).to.equal(nothing);
    const wrong = `${start}has a wrong annotation serverless-load-testing/test: `;
    expect(refusal("{")).to.equal(`${start}has an annotation serverless-load-testing/test that is no JSON`);
    expect(refusal("[]")).to.match(/has a wrong annotation serverless-load-testing\/test: it: .*object/);
    expect(refusal({ version: 2 })).to.equal(`${start}was deployed by another version of loadtest: pulumi up`);
    expect(refusal({ script: "" })).to.include(`${wrong}script: `);
    expect(refusal({ tokenSecret: undefined })).to.include(`${wrong}tokenSecret: `);
    expect(refusal({ tokenSecret: { name: 5 } })).to.include(`${wrong}tokenSecret.name: `);
    expect(refusal({ scriptArguments: { tenant: 5 } })).to.include(`${wrong}scriptArguments.tenant: `);
    expect(refusal({ users: "many" })).to.equal(`${wrong}users: Invalid input: expected number, received string`);
    const [control, worker] = both({});
    delete worker.metadata?.annotations;
    expect(() => readDeployed(control, worker)).to.throw(nothing.replace("locust-control", "locust-worker"));
  });

  it("knows all modules of Locust's own image, where nobody says another place for them", async () => {
    expect((await deployed()).knownModules).to.equal(true);
    expect((await deployed({ image: "registry.test/locustio/locust:2.47.0" })).knownModules).to.equal(false);
    const environment = { PYTHONPATH: "/loadtest/scripts/lib" };
    expect((await deployed({ environment })).knownModules).to.equal(false);
  });

  it("finds the files of a ConfigMap, of any encoding; the scripts are those that are not in folders", async () => {
    const data = { "b.py": "b", "users.csv": "", "lib..helpers.py": "h" };
    const files = filesIn({ data, binaryData: { "a.py": "AA==" } });
    expect(Object.fromEntries(files)).to.deep.equal({
      "b.py": "b",
      "users.csv": "",
      "lib/helpers.py": "h",
      "a.py": "",
    });
    expect([...filesIn({}).keys()]).to.deep.equal([]);
    const scriptsFolder = mkdtempSync(join(tmpdir(), "scripts-"));
    try {
      writeFiles(scriptsFolder, { "b.py": "b", "users.csv": "", "lib/helpers.py": "h", "a.py": "" });
      expect((await deployed({ scriptsFolder, script: "a.py" })).scripts).to.deep.equal(["a.py", "b.py"]);
    } finally {
      rmSync(scriptsFolder, { recursive: true });
    }
  });
});

/** Both Deployments with the same annotation. */
function both(described: Described): [V1Deployment, V1Deployment] {
  return [deployment("locust-control", described), deployment("locust-worker", described)];
}

/** The error for Deployments with this annotation, as text, or with these changes of it. */
function refusal(change: string | undefined | Readonly<Record<string, unknown>>): string {
  const [control, worker] = both({});
  for (const { metadata } of [control, worker]) {
    const test = JSON.parse(metadata?.annotations?.[testAnnotation] ?? "");
    const json = typeof change === "object" ? JSON.stringify({ ...test, ...change }) : change;
    if (metadata) metadata.annotations = json === undefined ? {} : { [testAnnotation]: json };
  }
  try {
    readDeployed(control, worker);
  } catch (error) {
    expect(error).to.be.instanceOf(RunnerError);
    return (error as Error).message;
  }
  throw new Error("This is a load test.");
}
