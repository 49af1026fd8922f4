import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { expect } from "chai";
import { prepareLocust, startCommand, stopCommands } from "../support/cli";
import { deleteNamespace, isReady, kubectl, podsOf } from "../support/cluster";
import { ownNamespace } from "../support/namespace";
import { inSteps, needs, skip } from "../support/needs";
import { PulumiFolder, root } from "../support/pulumi-cli";
import { startTarget, targetIn } from "../support/target";

/** Of an example that leaves it to its default. */
const defaultNamespace = "load-test";

/** The first line of the READMEs, which takes a minute and is done once for all. */
const install = /^\(cd \.\.\/\.\. && npm ci && npm run build\).*\n/m;

const minutes = 60_000;

let clone: string;
let env: NodeJS.ProcessEnv;

/** The repository as it is, without what is ignored, and a context of the name in the README. */
function makeClone(): void {
  clone = mkdtempSync(join(tmpdir(), "loadtest-clone-"));
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
  for (const name of String(listed).split("\0").filter(Boolean)) cpSync(join(root, name), join(clone, name));
  const made = (name: string) => join(clone, ".test", name);
  mkdirSync(made("bin"), { recursive: true });
  copyFileSync(process.env.KUBECONFIG ?? "", made("kubeconfig"));
  const kubeconfig = ["--kubeconfig", made("kubeconfig")];
  const current = String(execFileSync("kubectl", [...kubeconfig, "config", "current-context"])).trim();
  execFileSync("kubectl", [...kubeconfig, "config", "rename-context", current, "my-cluster"]);
  // The port is forwarded until Ctrl-C, which nobody presses here.
  writeFileSync(made("bin/kubectl"), '#!/bin/sh\necho "kubectl $*"\n');
  chmodSync(made("bin/kubectl"), 0o755);
  env = {
    KUBECONFIG: made("kubeconfig"),
    PATH: `${made("bin")}${delimiter}${process.env.PATH}`,
    // For whoever says yes.
    PULUMI_SKIP_CONFIRMATIONS: "true",
  };
}

const pageOf = (example: string) => readFileSync(join(clone, "examples", example, "README.md"), "utf8");

const inClone = (example: string) => new PulumiFolder({ linkModules: false, folder: join(clone, "examples", example) });

/** The commands of a README behind the installation, in two parts: to what is up, and from there to nothing. */
function commandsOf(example: string): { readonly up: string; readonly destroy: string } {
  const [, commands = ""] = /```sh\n([\s\S]*?)```/.exec(pageOf(example)) ?? [];
  const [up = "", destroy = ""] = commands.replace(install, "").split(/^(?=pulumi destroy)/m);
  return { up, destroy };
}

/** Runs commands, to the first that fails; gives what they printed. */
function follow(commands: string, project: PulumiFolder): string {
  expect(commands, "commands of the README").to.not.equal("");
  const { status, stdout, stderr } = spawnSync("bash", ["-exo", "pipefail", "-c", commands], {
    ...{ cwd: project.folder, env: { ...process.env, ...project.env, ...env }, encoding: "utf8", timeout: 4 * minutes },
  });
  expect(status, `${stdout}\n${stderr}`).to.equal(0);
  return stdout;
}

/** An example in the suite around this, whose first test brings it up, and whose last takes it down. */
function example(name: string, config: Readonly<Record<string, string>>) {
  const project = (): PulumiFolder => inClone(name);
  let isUp = false;
  inSteps();
  after(() => {
    if (!isUp) return;
    // What a step that failed has left.
    try {
      follow(commandsOf(name).destroy, project());
    } finally {
      deleteNamespace(defaultNamespace);
    }
  });
  return {
    project,
    /** With settings that leave others of the node their room. */
    up: () => {
      expect(pageOf(name)).to.match(install);
      isUp = true;
      const settings = Object.entries(config).map(([key, value]) => `pulumi config set ${key} ${value}\n`);
      const { up } = commandsOf(name);
      expect(up).to.match(/^pulumi up/m);
      const output = follow(up.replace(/^pulumi up/m, `${settings.join("")}$&`), project());
      expect(output).to.match(/apps\/v1:Deployment \S+ created/);
      for (const part of ["control", "worker"] as const) {
        expect(podsOf(defaultNamespace, part).filter(isReady), part).to.have.length(1);
      }
      follow("pulumi up --yes --skip-preview --expect-no-changes", project());
      return output;
    },
    destroy: () => {
      expect(follow(commandsOf(name).destroy, project())).to.match(/^ +- \d+ deleted$/m);
      expect(project().resources()).to.deep.equal([]);
      isUp = false;
      expect(() => kubectl("default", ["get", "namespace", defaultNamespace])).to.throw("NotFound");
    },
  };
}

const inWorker = (...command: string[]) =>
  kubectl(defaultNamespace, ["exec", "deploy/locust-worker", "--", ...command]);

/** In a clone in which nothing is installed or compiled. */
describe("the examples in a fresh clone, by the commands of their READMEs", function () {
  this.timeout(5 * minutes);

  needs("pulumi", "cluster");
  const shop = ownNamespace("example-shop");
  before(() => {
    makeClone();
    startTarget(shop);
    follow(install.exec(pageOf("existing-vpc"))?.[0] ?? "", inClone("existing-vpc"));
  });
  after(async () => {
    await stopCommands();
    if (clone !== undefined) rmSync(clone, { recursive: true, force: true });
  });

  describe("existing-vpc", () => {
    const { project, up, destroy } = example("existing-vpc", { workers: "1" });
    const [one, other] = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];

    it("makes pods that are ready, in a namespace that its Fargate profile takes, and nothing of a VPC", () => {
      up();
      expect(inWorker("cat", "/loadtest/scripts/visit.py")).to.include("class Visitor(FastHttpUser)");
      const resources = project().resources();
      expect(resources.filter(({ type }) => type.startsWith("aws:ec2/"))).to.deep.equal([]);
      const only = (type: string) => resources.find((resource) => resource.type === type)?.outputs;
      const profile = only("aws:eks/fargateProfile:FargateProfile");
      expect(profile).to.deep.include({ subnetIds: [one] });
      expect(JSON.stringify(profile?.selectors)).to.include(`"namespace":"${defaultNamespace}"`);
      expect(only("aws:eks/cluster:Cluster")?.vpcConfig).to.deep.include({ subnetIds: [one, other] });
      const { loadtest, ...outputs } = project().outputs();
      expect(outputs).to.deep.equal({ clusterName: "load-dev", kubeconfig: "[secret]", token: "[secret]" });
      expect(loadtest).to.deep.include({ platform: "eks-fargate", clusterName: "load-dev", scripts: ["visit.py"] });
    });

    it("leaves nothing behind", destroy);
  });

  describe("existing-cluster", () => {
    const { project, up, destroy } = example("existing-cluster", { workers: "1", workerCpu: "0.1" });

    it("makes pods that are ready, with the secret and the scripts of the example", () => {
      expect(up()).to.include(`kubectl --namespace ${defaultNamespace} port-forward service/locust-control 8089:8089`);
      expect(inWorker("printenv", "API_KEY")).to.equal("0123456789");
      expect(inWorker("cat", "/loadtest/scripts/shop.py")).to.equal(
        readFileSync(join(root, "examples", "existing-cluster", "load", "shop.py"), "utf8").trim(),
      );
      const { loadtest, ...outputs } = project().outputs();
      expect(loadtest).to.deep.include({ version: 1, platform: "existing", namespace: defaultNamespace });
      expect(loadtest).to.have.property("script", "shop.py");
      expect(loadtest).to.have.nested.property("load.thresholds[1]", "fail_ratio<1%");
      expect(outputs).to.deep.equal({
        dashboard: `kubectl --namespace ${defaultNamespace} port-forward service/locust-control 8089:8089`,
        token: "[secret]",
      });
    });

    it("is run by the command line, though its config has keys that are no settings", async () => {
      await prepareLocust();
      const load = ["--users", "2", "--spawn-rate", "2", "--run-time", "3s", "--threshold", "rps>0"];
      const scripts = ["--scripts-folder", "load", "--script", "shop.py"];
      const options = { cwd: project().folder, env: { ...project().env, ...env, API_KEY: "open-sesame" } };
      for (const args of [
        ["run", ...load, "--host", targetIn(shop)],
        ["run", ...load, "--local", "--demo", ...scripts],
      ]) {
        const { code, stdout, stderr } = await startCommand(args, options).ended;
        expect(code, `${stdout}\n${stderr}`).to.equal(0);
        expect(stdout).to.match(/PASSED/);
      }
    });

    it("leaves nothing behind", destroy);
  });

  it("automation deploys, runs a test, and leaves nothing, from one file", () => {
    expect(pageOf("automation")).to.match(install);
    const { up } = commandsOf("automation");
    const output = follow(up.replace("http://shop.example.com", targetIn(shop)), inClone("automation"));
    expect(output).to.match(/PASSED \(exit code 0\)/);
    expect(() => kubectl("default", ["get", "namespace", defaultNamespace])).to.throw("NotFound");
  });

  it("python comes up, and leaves nothing", function () {
    if (spawnSync("which", ["pulumi-language-python"]).status !== 0) skip(this, "Pulumi has no Python here");
    const { up, destroy } = commandsOf("python");
    const project = inClone("python");
    try {
      follow(up, project);
    } finally {
      follow(destroy, project);
    }
  });
});
