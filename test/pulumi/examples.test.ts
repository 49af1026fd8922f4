import { spawnSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { prepareLocust, startCommand, stopCommands } from "../support/cli";
import { deleteNamespace, isReady, kubectl, podsOf } from "../support/cluster";
import { ownNamespace } from "../support/namespace";
import { needs } from "../support/needs";
import { installPackage } from "../support/package";
import { PulumiFolder, root } from "../support/pulumi-cli";
import { startTarget, targetIn } from "../support/target";

const namespace = `lt-example-${process.pid}`;

/** A copy of an example, with the package installed in it. */
function copyOf(name: string): PulumiFolder {
  const project = new PulumiFolder({ linkModules: false });
  installPackage(project.folder);
  cpSync(join(root, "examples", name), project.folder, {
    recursive: true,
    filter: (path) => !path.includes("node_modules"),
  });
  return project;
}

/** An example that is brought up by the first test of the suite around this, and gone after the last. */
function inRealCluster(name: string, config: readonly (readonly string[])[]): () => PulumiFolder {
  let project: PulumiFolder;
  needs("cluster");
  before(() => {
    project = copyOf(name);
    project.mustRun("stack", "init", "test");
    for (const args of [...config, ["namespace", namespace]]) project.mustRun("config", "set", ...args);
  });
  after(() => {
    if (project === undefined) return;
    project.run("destroy", "--yes", "--skip-preview");
    project.remove();
    deleteNamespace(namespace);
  });
  return () => project;
}

const expectReadyPods = () => {
  for (const part of ["control", "worker"] as const) {
    expect(podsOf(namespace, part).filter(isReady), part).to.have.length(1);
  }
};
const expectDestroyed = (project: PulumiFolder) => {
  project.mustRun("destroy", "--yes", "--skip-preview");
  expect(project.resources()).to.deep.equal([]);
  expect(() => kubectl(namespace, ["get", "namespace", namespace])).to.throw("NotFound");
};
const inWorker = (...command: string[]) => kubectl(namespace, ["exec", "deploy/locust-worker", "--", ...command]);

describe("the examples, on the real engine", function () {
  this.timeout(180_000);

  needs("pulumi");
  const shop = ownNamespace("example-shop");
  after(stopCommands);

  describe("existing-vpc, with pods in a real cluster", function () {
    // Each step goes on from the one before.
    this.bail(true);
    const [vpc, one, other] = ["vpc-0123456789abcdef0", "subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];
    const project = inRealCluster("existing-vpc", [
      ["aws:region", "us-east-2"],
      ["vpcId", vpc],
      ["--path", "podSubnetIds[0]", one],
      ["--path", "controlPlaneSubnetIds[0]", one],
      ["--path", "controlPlaneSubnetIds[1]", other],
      ["targetHost", "https://shop.example.com"],
      ["workers", "1"],
    ]);

    it("previews a cluster in the VPC, and nothing of a VPC", () => {
      const { steps } = JSON.parse(project().mustRun("preview", "--json", "--suppress-progress"));
      const types = (steps as { urn: string }[]).map(({ urn }) => urn.split("::").at(-2)?.split("$").at(-1));
      expect(types).to.include.members(["eks:index:Cluster", "kubernetes:apps/v1:Deployment"]);
      expect(types.filter((type) => type?.startsWith("aws:ec2/"))).to.deep.equal([]);
    });

    it("makes pods that are ready, in a namespace that its Fargate profile takes", () => {
      project().up();
      expectReadyPods();
      expect(inWorker("cat", "/loadtest/scripts/visit.py")).to.include("class Visitor(FastHttpUser)");
      const resources = project().resources();
      expect(resources.filter(({ type }) => type.startsWith("aws:ec2/"))).to.deep.equal([]);
      const only = (type: string) => resources.find((resource) => resource.type === type)?.outputs;
      const profile = only("aws:eks/fargateProfile:FargateProfile");
      expect(profile).to.deep.include({ subnetIds: [one] });
      expect(JSON.stringify(profile?.selectors)).to.include(`"namespace":"${namespace}"`);
      expect(only("aws:eks/cluster:Cluster")?.vpcConfig).to.deep.include({ subnetIds: [one, other] });
      const { loadtest, ...outputs } = project().outputs();
      expect(outputs).to.deep.equal({ clusterName: "load-test", kubeconfig: "[secret]", token: "[secret]" });
      expect(loadtest).to.deep.include({ platform: "eks-fargate", clusterName: "load-test", scripts: ["visit.py"] });
      project().mustRun("up", "--yes", "--skip-preview", "--expect-no-changes");
    });

    it("leaves nothing behind", () => expectDestroyed(project()));
  });

  describe("existing-cluster, in a real cluster", function () {
    // Each step goes on from the one before.
    this.bail(true);
    const project = inRealCluster("existing-cluster", [
      ["targetHost", "http://shop.example.com"],
      ["workers", "1"],
      ["workerCpu", "0.1"],
      ["--secret", "apiKey", "open-sesame"],
    ]);

    it("makes pods that are ready, with the secret and the scripts of the example", () => {
      project().up();
      expectReadyPods();
      expect(inWorker("printenv", "API_KEY")).to.equal("open-sesame");
      expect(inWorker("cat", "/loadtest/scripts/shop.py")).to.equal(
        readFileSync(join(root, "examples", "existing-cluster", "load", "shop.py"), "utf8").trim(),
      );
      const { loadtest, ...outputs } = project().outputs();
      expect(loadtest).to.deep.include({ version: 1, platform: "existing", namespace, script: "shop.py" });
      expect(loadtest).to.have.nested.property("load.thresholds[1]", "fail_ratio<1%");
      expect(outputs).to.deep.equal({
        dashboard: `kubectl --namespace ${namespace} port-forward service/locust-control 8089:8089`,
        token: "[secret]",
      });
    });

    it("is run by the command line, though its config has keys that are no settings", async () => {
      await prepareLocust();
      startTarget(shop);
      const load = ["--stack", "test", "--users", "2", "--spawn-rate", "2", "--run-time", "3s", "--threshold", "rps>0"];
      const scripts = ["--scripts-folder", "load", "--script", "shop.py"];
      const env = { ...project().env, API_KEY: "open-sesame" };
      for (const args of [
        ["run", ...load, "--host", targetIn(shop)],
        ["run", ...load, "--local", "--demo", ...scripts],
      ]) {
        const { code, stdout, stderr } = await startCommand(args, { cwd: project().folder, env }).ended;
        expect(code, `${stdout}\n${stderr}`).to.equal(0);
        expect(stdout).to.match(/PASSED/);
      }
    });

    it("leaves nothing behind", () => expectDestroyed(project()));
  });

  describe("automation, in a real cluster", () => {
    it("deploys, runs a test, and leaves nothing, from one file", () => {
      startTarget(shop);
      const project = copyOf("automation");
      const { status, stdout, stderr } = spawnSync("node", ["--import", "tsx", "run.ts", targetIn(shop), namespace], {
        cwd: project.folder,
        env: { ...process.env, ...project.env },
        encoding: "utf8",
        timeout: 170_000,
      });
      expect(status, `${stdout}\n${stderr}`).to.equal(0);
      expect(stdout).to.match(/PASSED \(exit code 0\)/);
      expect(() => kubectl(namespace, ["get", "namespace", namespace])).to.throw("NotFound");
      project.remove();
    });
  });
});
