import { expect } from "chai";
import { clusterSetup, deployedScripts } from "../../../../runner/cli/deployed-test/cluster-setup";
import type { ClusterTest } from "../../../../runner/cli/deployed-test/open";
import { UsageError } from "../../../../runner/errors";
import { SettingsError } from "../../../../settings/errors";
import { parseThreshold } from "../../../../settings/values/threshold";
import { caught } from "../../places/kubernetes/api/fake-api";
import { FakeNamespace } from "../../places/kubernetes/fake-namespace";
import { clusterTest, deployed, output } from "./tests";

const withoutPulumi = (change: Parameters<typeof deployed>[0] = {}) => clusterTest({ deployed: deployed(change) });
const withPulumi = (change: Parameters<typeof deployed>[0] = {}) =>
  clusterTest({ deployed: deployed(change), output: output() });

describe("the load of a run in a cluster", () => {
  it("is the deployed one, where nothing else is asked for", async () => {
    const { plan, settings, ...rest } = await clusterSetup(
      withoutPulumi({ users: 7, spawnRate: 2.5, runTime: "1m30s", targetHost: "http://shop", workerReplicas: 3 }),
      {},
    );
    expect(rest).to.deep.equal({
      ...{ place: "kubernetes", stack: null, script: "script1.py", scriptArguments: {}, httpClient: "auto" },
    });
    expect(plan).to.deep.equal({
      ...{ users: 7, spawnRate: 2.5, runTime: 90, workers: 3, host: "http://shop", thresholds: [] },
      abortAfter: undefined,
    });
    expect(settings).to.deep.equal({
      ...{ platform: "existing", namespace: "load", script: "script1.py", users: 7, spawnRate: 2.5 },
      ...{ runTime: "1m30s", targetHost: "http://shop", thresholds: [], workerReplicas: 3, scriptArguments: {} },
      ...{ workerCpu: 0.25, workerMemory: 256, controlCpu: 0.25, controlMemory: 256 },
    });
  });

  it("has the stack's thresholds and platform, where there is a stack", async () => {
    const test = clusterTest({ output: output({ platform: "eks-fargate" }) });
    const { plan, settings, stack } = await clusterSetup(test, {});
    expect(plan.thresholds).to.deep.equal([parseThreshold("p95<500")]);
    expect([settings.platform, stack]).to.deep.equal(["eks-fargate", "dev"]);
  });

  it("is what the command line says, over all else", async () => {
    const asked = { users: "9", spawnRate: "3", runTime: "5m", workers: "4", host: "https://other" };
    const { plan } = await clusterSetup(withPulumi(), { ...asked, threshold: ["p99<9", "rps>1"] }, { abortAfter: 10 });
    expect(plan).to.deep.equal({
      ...{ users: 9, spawnRate: 3, runTime: 300, workers: 4, host: "https://other", abortAfter: 10 },
      thresholds: ["p99<9", "rps>1"].map(parseThreshold),
    });
  });

  it("has the deployed rate of iterations, unless the command line says another one or none", async () => {
    const test = withoutPulumi({ users: 10, spawnRate: 5, arrivalRate: "5:1m 9:1m", arrivalSpacing: "poisson" });
    const { plan, settings } = await clusterSetup(test, {});
    expect(plan).to.deep.include({ arrivals: { rate: "5:1m 9:1m", spacing: "poisson" }, runTime: 122 });
    expect(settings).to.include({ arrivalRate: "5:1m 9:1m", arrivalSpacing: "poisson" });
    const other = await clusterSetup(test, { arrivalRate: "0.5", arrivalSpacing: "even", runTime: "90" });
    expect(other.plan).to.deep.include({ arrivals: { rate: "0.5", spacing: "even" }, runTime: 90 });
    const none = await clusterSetup(test, { arrivalRate: "" });
    expect(none.plan).to.not.have.property("arrivals");
    const refused = await caught(clusterSetup(test, { arrivalRate: "", threshold: ["corrected_p95<9"] }));
    expect(refused.message).to.include('"corrected_p95<9"').and.include("unless arrivalRate is set");
  });

  it("is aimed at allowed hosts alone", async () => {
    const test = withoutPulumi({ allowedHosts: ["*.shop.test"] });
    const { plan, settings } = await clusterSetup(test, { host: "http://a.shop.test" });
    expect([plan.host, settings.allowedHosts]).to.deep.equal(["http://a.shop.test", ["*.shop.test"]]);
    const refused = await caught(clusterSetup(test, { host: "http://other.test" }));
    expect(refused).to.be.instanceOf(SettingsError);
    expect(refused.message).to.include('"http://other.test"').and.include("on one of allowedHosts: *.shop.test");
  });

  it("has the arguments of its script that are deployed, and beside them the command line's", async () => {
    const test = withoutPulumi({ scriptArguments: { tenant: "acme", size: "5" } });
    const given = async (options: Parameters<typeof clusterSetup>[1]) =>
      (await clusterSetup(test, options)).scriptArguments;
    expect(await given({})).to.deep.equal({ tenant: "acme", size: "5" });
    const scriptArg = ["size=7=", "all", "region=eu", "region=us"];
    expect(await given({ scriptArg })).to.deep.equal({
      ...{ tenant: "acme", size: "7=", all: "true", region: '["eu","us"]' },
    });
    expect(await given({ script: "script2.py", scriptArg: ["x="] }), "another script").to.deep.equal({ x: "" });
    const swapped = withoutPulumi({
      scriptArguments: { tenant: "b" },
      before: { script: "script1.py", scriptArguments: { tenant: "acme" }, variable: "" },
    });
    expect((await clusterSetup(swapped, {})).scriptArguments, "a killed command's").to.deep.equal({ tenant: "acme" });
  });

  it("has the client of HttpUser that is deployed, or the command line's", async () => {
    const before = { script: "script1.py", scriptArguments: {}, httpClient: "fast", variable: "" } as const;
    for (const test of [withoutPulumi({ httpClient: "fast" }), withoutPulumi({ httpClient: "requests", before })]) {
      const { httpClient, settings } = await clusterSetup(test, {});
      expect([httpClient, settings.httpClient]).to.deep.equal(["fast", "fast"]);
      expect((await clusterSetup(test, { httpClient: "auto" })).httpClient).to.equal("auto");
      const wrong = await caught(clusterSetup(test, { httpClient: "quick" }));
      expect(wrong.message).to.match(/httpClient.*must be "auto", "requests" or "fast"/);
    }
  });

  it("is limited to a minute, as the record says too, where nothing limits it", async () => {
    const { plan, settings } = await clusterSetup(withoutPulumi({ runTime: undefined }), {});
    expect([plan.runTime, settings.runTime]).to.deep.equal([60, "1m"]);
  });

  it("may be made by pods of any size", async () => {
    const sizes = { workerCpu: 0.02, workerMemory: 95.367, controlCpu: 64, controlMemory: 64 };
    expect((await clusterSetup(withoutPulumi(sizes), {})).settings).to.include(sizes);
    const none = { workerCpu: undefined, workerMemory: undefined, controlCpu: undefined, controlMemory: undefined };
    expect((await clusterSetup(withoutPulumi(none), {})).settings).to.not.have.any.keys(...Object.keys(none));
  });

  it("is refused with everything that is wrong, and where it comes from", async () => {
    const wrong = { users: "0", spawnRate: "fast", runTime: "5x", workers: "many", host: "nowhere" };
    const error = await caught(clusterSetup(withPulumi(), { ...wrong, script: "../a.py", threshold: ["p95"] }));
    expect(error).to.be.instanceOf(SettingsError);
    const [head, ...lines] = error.message.split("\n");
    expect(head).to.equal("7 settings are wrong (the outputs of stack dev):");
    expect(lines.map((line) => /^ {2}(\S+) is/.exec(line)?.[1]).sort()).to.deep.equal(
      ["users", "spawnRate", "runTime", "workerReplicas", "targetHost", "script", "thresholds[0]"].sort(),
    );
    for (const line of lines) expect(line).to.include(", from the command line: must be ");
  });

  it("is refused where what is deployed is no load, until the command line says one", async () => {
    const test = withoutPulumi({ users: 2.5, spawnRate: 0 });
    expect((await caught(clusterSetup(test, { runTime: "0" }))).message).to.match(
      /^3 settings are wrong \(Deployment locust-control\):\n {2}users is 2\.5: must be .*\n {2}spawnRate is 0: must be .*\n {2}runTime is "0", from the command line: must be /,
    );
    const { plan } = await clusterSetup(test, { users: "2", spawnRate: "1" });
    expect(plan).to.include({ users: 2, spawnRate: 1 });
  });

  it("needs a worker", async () => {
    const error = await caught(clusterSetup(withoutPulumi({ workerReplicas: 0 }), {}));
    expect(error).to.be.instanceOf(UsageError);
    expect(error.message).to.equal("a run needs at least one worker: --workers 1");
    expect((await clusterSetup(withoutPulumi({ workerReplicas: 0 }), { workers: "1" })).plan.workers).to.equal(1);
  });
});

describe("the script of a run in a cluster", () => {
  let namespace: FakeNamespace;
  before(async () => {
    namespace = await FakeNamespace.start();
    const data = { "script1.py": "", "b.py": "", "notes.txt": "" };
    namespace.configMaps.push({ metadata: { name: "scripts" }, data, binaryData: { "umlaut.py": "" } });
  });
  after(() => namespace.close());

  const test = (change: Parameters<typeof deployed>[0], more: Partial<ClusterTest> = {}) =>
    clusterTest({ cluster: namespace.cluster, deployed: deployed(change), ...more });

  const there = { scriptsConfigMap: "scripts", scripts: ["b.py", "script1.py", "umlaut.py"] };

  it("is one of those that are there: in the ConfigMap, or as the stack says", async () => {
    const [map, image] = [test(there), test({})];
    expect(deployedScripts(map)).to.deep.equal(["b.py", "script1.py", "umlaut.py"]);
    expect(deployedScripts(image)).to.equal(undefined);
    expect(deployedScripts({ ...image, output: output() })).to.deep.equal(["script1.py", "script2.py"]);
    const gone = test({ scriptsConfigMap: "gone" }, { output: output() });
    expect(deployedScripts(gone)).to.deep.equal(["script1.py", "script2.py"]);
    expect((await clusterSetup(gone, { script: "script2.py" })).script).to.equal("script2.py");
    expect((await clusterSetup(map, { script: "b.py" })).script).to.equal("b.py");
  });

  it("is refused where it is not there, and taken where nobody knows", async () => {
    const error = await caught(clusterSetup(test(there), { script: "c.py" }));
    expect(error).to.be.instanceOf(UsageError);
    expect(error.message).to.equal(
      "script c.py is not deployed: there is b.py, script1.py, umlaut.py; pulumi up brings new files of the scripts' folder",
    );
    expect((await clusterSetup(test({}), { script: "c.py" })).script).to.equal("c.py");
  });

  it("is refused where its packages are not in Locust's own image, and taken where the image is another", async () => {
    namespace.configMaps.push({
      metadata: { name: "with-packages" },
      data: { "script1.py": "", "grpc.py": "import lib.client\n", "lib..client.py": "import grpc, pandas\n" },
    });
    const change = { scriptsConfigMap: "with-packages" };
    const error = await caught(clusterSetup(test(change), { script: "grpc.py" }));
    expect(error).to.be.instanceOf(UsageError);
    // The folder's own grpc.py comes first.
    expect(error.message).to.match(
      /^script grpc\.py cannot run: it must be .* lacks pandas \(lib\/client\.py, line 1\): put it /,
    );
    const own = test({ ...change, knownModules: false });
    expect((await clusterSetup(own, { script: "grpc.py" })).script).to.equal("grpc.py");
  });

  it("is the one that was deployed, and not what a killed command has put in its place", async () => {
    const before = { script: "script1.py", scriptArguments: {}, variable: "" };
    const swapped = { ...there, script: "b.py", before };
    expect((await clusterSetup(test(swapped), {})).script).to.equal("script1.py");
    expect((await clusterSetup(test(swapped), { script: "b.py" })).script).to.equal("b.py");
  });
});
