import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { isReady, kubectl, type Pod, podsOf, until } from "../support/cluster";
import { needs } from "../support/needs";
import { PulumiProject, type Step } from "../support/pulumi";
import type { StateResource } from "../support/pulumi-cli";

/** `kubernetes:core/v1:ConfigMap locust-scripts` of a change. */
function named({ op, urn }: Step): string {
  const [type = "", name = ""] = urn.split("::").slice(-2);
  return `${op} ${type.split("$").at(-1)} ${name}`;
}

/** That of the stacks' files, which leave it to its default. */
const namespace = "locust";

describe("the program's stacks, on the real engine and cluster", function () {
  this.timeout(300_000);

  needs("pulumi", "cluster");

  const project = (stack: string) => {
    const made = new PulumiProject({ checkTypes: stack === "dev" });
    made.mustRun("stack", "init", stack);
    return made;
  };

  describe("local-cluster", () => {
    let stack: PulumiProject;
    before(() => {
      stack = project("local-cluster");
    });
    after(() => {
      stack?.run("destroy", "--yes", "--skip-preview");
      stack?.remove();
    });

    it("comes up with ready pods, and is then as it should be", () => {
      stack.up();
      const ready = "jsonpath={range .items[*]}{.metadata.name} {.status.readyReplicas}{'\\n'}{end}";
      expect(kubectl(namespace, ["get", "deployments", "--output", ready]).split("\n")).to.deep.equal([
        "locust-control 1",
        "locust-worker 2",
      ]);
      expect(stack.changes()).to.deep.equal([]);
      const { loadtest, natAddresses, dashboard } = stack.outputs();
      expect(loadtest).to.deep.include({
        ...{ version: 1, platform: "existing", namespace: "locust", script: "script1.py", workerReplicas: 2 },
        ...{ controlDeployment: "locust-control", workerDeployment: "locust-worker", service: "locust-control" },
      });
      expect(natAddresses).to.deep.equal([]);
      expect(dashboard).to.include("port-forward service/locust-control");
    });

    it("changes one object when the workers do", () => {
      stack.mustRun("config", "set", "workerReplicas", "8");
      expect(stack.changes().map(named)).to.deep.equal(["update kubernetes:apps/v1:Deployment locust-worker"]);
      stack.up();
      expect(
        kubectl(namespace, ["get", "deployment", "locust-worker", "--output", "jsonpath={.status.readyReplicas}"]),
      ).to.equal("8");
      stack.mustRun("config", "set", "workerReplicas", "2");
      stack.up();
    });

    it("replaces one ConfigMap and both Deployments when a script changes", () => {
      appendFileSync(join(stack.folder, "locust", "scripts", "script1.py"), "\n# Changed.\n");
      const replaced = stack.changes().filter(({ op }) => op === "replace");
      expect(replaced.map(named).sort()).to.deep.equal([
        "replace kubernetes:apps/v1:Deployment locust-control",
        "replace kubernetes:apps/v1:Deployment locust-worker",
        "replace kubernetes:core/v1:ConfigMap locust-scripts",
      ]);
      stack.up();
      expect(stack.changes()).to.deep.equal([]);
    });

    it("gives up workers one at a time, and never the master, when their node is drained", async () => {
      const refused = ({ metadata: { name } }: Pod) => {
        const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
        const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
        try {
          kubectl(namespace, ["create", "--raw", path, "--filename", "-"], JSON.stringify(eviction));
          return false;
        } catch (error) {
          expect(String(error)).to.include("Cannot evict pod as it would violate the pod's disruption budget");
          return true;
        }
      };
      expect(podsOf(namespace, "control").map(refused)).to.deep.equal([true]);
      expect(podsOf(namespace, "worker").map(refused)).to.deep.equal([false, true]);
      await until("two ready workers", () => podsOf(namespace, "worker").filter(isReady).length === 2);
    });

    it("leaves no resource and no namespace", () => {
      stack.mustRun("destroy", "--yes", "--skip-preview");
      expect(stack.resources()).to.deep.equal([]);
      expect(`${kubectl(namespace, ["get", "namespaces", "--output", "name"])}\n`).to.not.include("namespace/locust\n");
    });
  });

  describe("dev and single-az", () => {
    let stack: PulumiProject;
    const team = { tags: { team: "checkout" } };
    before(() => {
      stack = project("dev");
      stack.mustRun("config", "set", "--path", "aws:defaultTags.tags.team", team.tags.team);
    });
    after(() => {
      stack?.run("destroy", "--yes", "--skip-preview");
      stack?.remove();
    });
    const subnets = () =>
      new Map(
        stack
          .resources()
          .filter(({ type }) => type === "aws:ec2/subnet:Subnet")
          .map(({ urn, id, outputs }) => [urn.split("::").at(-1) ?? "", `${id} ${outputs?.cidrBlock}`]),
      );

    it("previews on an empty stack with every plain value known", () => {
      const { output } = stack.run("preview");
      expect(output)
        .to.match(/namespace\s*:\s*"locust"/)
        .and.match(/workerDeployment\s*:\s*"locust-worker"/)
        .and.match(/fixedPerHour\s*:\s*0\.2747/);
      expect(stack.changes().map(({ op }) => op)).to.satisfy((ops: string[]) => ops.every((op) => op === "create"));
    });

    it("comes up by the plan of its preview, and is then as it should be", () => {
      stack.mustRun("preview", "--save-plan", "plan.json");
      stack.up("--plan", "plan.json");
      expect(stack.changes()).to.deep.equal([]);
      expect(stack.outputs().natAddresses).to.have.length(3);
      expect(subnets().size).to.equal(6);
    });

    it("reaches everything on AWS with the provider's aws:defaultTags", () => {
      const { deployment } = JSON.parse(stack.mustRun("stack", "export"));
      const all = deployment.resources as (StateResource & { inputs?: { defaultTags?: string } })[];
      const tagging = all
        .filter(({ type, inputs }) => type === "pulumi:providers:aws" && inputs?.defaultTags === JSON.stringify(team))
        .map(({ urn, id }) => `${urn}::${id}`);
      const others = all.filter(({ type, provider = "" }) => type.startsWith("aws:") && !tagging.includes(provider));
      expect(tagging).to.not.deep.equal([]);
      expect(others.map(({ urn }) => urn)).to.deep.equal([]);
    });

    /** What a preview says of the change, without what comes or goes with a zone or its NAT gateway. */
    const changesBesideZones = (op: "create" | "delete") => {
      const changes = stack.changes().map(named);
      return changes.filter((change) => !(change.startsWith(op) && /-[23]$/.test(change))).sort();
    };
    const profileAlone = [
      "replace aws:eks/fargateProfile:FargateProfile load-test-fargate",
      "update aws:ec2/route:Route load-test-private-2",
      "update serverless-load-testing:index:FargateCluster load-test",
      "update serverless-load-testing:index:LoadTestNetwork load-test",
    ];

    it("keeps subnets that stay when the layout changes, there and back, and previews no more than happens", () => {
      const before = subnets();
      stack.mustRun("config", "set", "layout", "single-az");
      expect(changesBesideZones("delete")).to.deep.equal(profileAlone);
      stack.up();
      const single = subnets();
      expect(single.size).to.equal(4);
      for (const [name, subnet] of single) expect(before.get(name), name).to.equal(subnet);
      expect(stack.outputs().natAddresses).to.have.length(1);
      stack.mustRun("config", "set", "layout", "multi-az");
      expect(changesBesideZones("create")).to.deep.equal(profileAlone);
      stack.mustRun("preview", "--save-plan", "plan.json");
      stack.up("--plan", "plan.json");
      const after = subnets();
      for (const [name, subnet] of single) expect(after.get(name), name).to.equal(subnet);
      expect(after.size).to.equal(6);
      expect(stack.changes()).to.deep.equal([]);
    });

    it("is not destroyed, nor any part of it, while it is protected", () => {
      stack.mustRun("config", "set", "deletionProtection", "true");
      stack.up();
      const before = stack.resources().map(({ urn }) => urn);
      const pods = podsOf(namespace, "worker").map(({ metadata }) => metadata.name);
      for (const args of [[], ["--skip-preview"]]) {
        const { code, output } = stack.run("destroy", "--yes", ...args);
        expect(code).to.not.equal(0);
        expect(output).to.match(/DeletionProtection::load-test" cannot be deleted\s+because it is protected/);
        expect(stack.resources().map(({ urn }) => urn)).to.deep.equal(before);
        expect(podsOf(namespace, "worker").map(({ metadata }) => metadata.name)).to.deep.equal(pods);
      }
      stack.mustRun("config", "set", "deletionProtection", "false");
      stack.up();
    });

    it("leaves nothing", () => {
      stack.mustRun("destroy", "--yes", "--skip-preview");
      expect(stack.resources()).to.deep.equal([]);
    });

    it("comes up as single-az, with the scripts in an image that the pods use by digest", () => {
      stack.mustRun("stack", "init", "single-az");
      const changes = stack.changes().map(named);
      expect(changes.filter((change) => change.includes("NatGateway"))).to.have.length(1);
      expect(changes.filter((change) => change.includes("ec2/subnet:Subnet"))).to.have.length(4);
      stack.mustRun("config", "set", "scriptDelivery", "image");
      stack.up();
      const images = kubectl(namespace, ["get", "pods", "--output", "jsonpath={.items[*].spec.containers[0].image}"]);
      expect(images.split(" ")).to.have.length(3);
      for (const image of images.split(" ")) expect(image).to.match(/\/locust-single-az@sha256:[0-9a-f]{64}$/);
      expect(kubectl(namespace, ["get", "configmaps", "--output", "name"])).to.not.include("locust-scripts");
      expect(stack.changes()).to.deep.equal([]);
      stack.mustRun("destroy", "--yes", "--skip-preview");
      expect(stack.resources()).to.deep.equal([]);
    });
  });
});
