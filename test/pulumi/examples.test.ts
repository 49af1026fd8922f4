import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { hasCluster, isReady, kubectl, podsOf } from "../support/cluster";
import { installPackage } from "../support/package";
import { hasPulumi, PulumiFolder, root } from "../support/pulumi-cli";

/** A copy of an example, with the package installed in it. */
function example(name: string): PulumiFolder {
  const project = new PulumiFolder({ linkModules: false });
  installPackage(project.folder);
  cpSync(join(root, "examples", name), project.folder, {
    recursive: true,
    filter: (path) => !path.includes("node_modules"),
  });
  project.mustRun("stack", "init", "test");
  return project;
}

describe("the examples, on the real engine", function () {
  this.timeout(180_000);

  before(function () {
    if (hasPulumi()) return;
    console.log("      skipped: the Pulumi CLI is not on the PATH");
    this.skip();
  });

  it("existing-vpc: previews a cluster in the VPC, and nothing of a VPC", () => {
    const project = example("existing-vpc");
    try {
      writeFileSync(
        join(project.folder, "Pulumi.test.yaml"),
        `config:
  aws:region: us-east-2
  load-test-existing-vpc:vpcId: vpc-0123456789abcdef0
  load-test-existing-vpc:podSubnetIds: [subnet-0123456789abcdef0]
  load-test-existing-vpc:controlPlaneSubnetIds: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
  load-test-existing-vpc:targetHost: https://shop.example.com
`,
      );
      const { steps } = JSON.parse(project.mustRun("preview", "--json", "--suppress-progress"));
      const types = (steps as { urn: string }[]).map(({ urn }) => urn.split("::").at(-2)?.split("$").at(-1));
      expect(types).to.include.members(["eks:index:Cluster", "kubernetes:apps/v1:Deployment"]);
      expect(types.filter((type) => type?.startsWith("aws:ec2/"))).to.deep.equal([]);
    } finally {
      project.remove();
    }
  });

  describe("existing-cluster, in a real cluster", function () {
    const namespace = `lt-example-${process.pid}`;
    // Each step goes on from the one before.
    this.bail(true);
    let project: PulumiFolder;

    before(function () {
      if (!hasCluster()) {
        console.log("      skipped: no cluster answers");
        return this.skip();
      }
      project = example("existing-cluster");
      const set = (...args: string[]) => project.mustRun("config", "set", ...args);
      set("namespace", namespace);
      set("targetHost", "http://shop.example.com");
      set("workers", "1");
      set("workerCpu", "0.1");
      set("--secret", "apiKey", "open-sesame");
    });
    after(() => {
      if (project === undefined) return;
      project.run("destroy", "--yes", "--skip-preview");
      project.remove();
      kubectl(namespace, ["delete", "namespace", namespace, "--ignore-not-found", "--wait=false"]);
    });

    it("makes pods that are ready, with the secret and the scripts of the example", () => {
      project.up();
      for (const part of ["control", "worker"] as const) {
        expect(podsOf(namespace, part).filter(isReady), part).to.have.length(1);
      }
      const inWorker = (...command: string[]) => kubectl(namespace, ["exec", "deploy/locust-worker", "--", ...command]);
      expect(inWorker("printenv", "API_KEY")).to.equal("open-sesame");
      expect(inWorker("cat", "/loadtest/scripts/shop.py")).to.equal(
        readFileSync(join(root, "examples", "existing-cluster", "load", "shop.py"), "utf8").trim(),
      );
      expect(project.outputs()).to.deep.equal({
        dashboard: `kubectl --namespace ${namespace} port-forward service/locust-control 8089:8089`,
        token: "[secret]",
      });
    });

    it("leaves nothing behind", () => {
      project.mustRun("destroy", "--yes", "--skip-preview");
      expect(() => kubectl(namespace, ["get", "namespace", namespace])).to.throw("NotFound");
    });
  });
});
