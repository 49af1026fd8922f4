import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { needs } from "../support/needs";
import { PulumiProgram, type StateResource } from "../support/pulumi-program";

const program = `
import { Subnet } from "@pulumi/aws/ec2/subnet";
import { Vpc } from "@pulumi/aws/ec2/vpc";
import { Namespace } from "@pulumi/kubernetes/core/v1/namespace";
import { Provider } from "@pulumi/kubernetes/provider";
import { Config } from "@pulumi/pulumi";
import { FargateCluster, LocustDeployment, LocustImage } from "./components";

const config = new Config();
const vpc = new Vpc("vpc", { cidrBlock: "10.0.0.0/16" });
const ids = ["a", "b"].map((zone, index) => {
  const place = { cidrBlock: \`10.0.\${4 * index}.0/22\`, availabilityZone: \`us-east-2\${zone}\` };
  return new Subnet(zone, { vpcId: vpc.id, ...place }).id;
});
const cluster = new FargateCluster("load", {
  vpcId: vpc.id,
  controlPlaneSubnetIds: ids,
  podSubnetIds: config.get("layout") === "single-az" ? ids.slice(0, 1) : ids,
  deletionProtection: config.getBoolean("protected") ?? false,
  admins: ["arn:aws:iam::123456789012:role/admin"],
});
const provider = new Provider("cluster", { kubeconfig: cluster.kubeconfig });
new Namespace("tests", {}, { provider, dependsOn: cluster });
const namespace = config.get("namespace");
if (namespace) new LocustDeployment("shop", { cluster, namespace, scriptsFolder: "context", script: "script.py" });
export const { clusterName, endpoint, oidcProviderArn, oidcProviderUrl, podExecutionRoleName } = cluster;
export const { ref, digest, repositoryUrl } = new LocustImage("load", { context: "context" });
`;

const imageType = "docker-build:index:Image";
const profileType = "aws:eks/fargateProfile:FargateProfile";

/** What the cluster's container runtime knows an image by. */
function imagesInCluster(): string {
  const { stdout } = spawnSync("crictl", ["images", "--digests"], { encoding: "utf8" });
  const containerd = ["-a", "/run/loadtest-containerd/containerd.sock", "-n", "k8s.io", "images", "ls", "-q"];
  return `${stdout ?? ""}${spawnSync("ctr", containerd, { encoding: "utf8" }).stdout ?? ""}`;
}

describe("FargateCluster and LocustImage, on the real engine", function () {
  this.timeout(300_000);
  let project: PulumiProgram;

  needs("pulumi", "cluster");
  before(() => {
    project = new PulumiProgram(program);
    cpSync("locust", join(project.folder, "locust"), { recursive: true });
    mkdirSync(join(project.folder, "context"));
    writeFileSync(
      join(project.folder, "context", "Dockerfile"),
      "FROM docker.io/locustio/locust:2.47.0\nCOPY script.py /\n",
    );
    writeScript("1");
  });
  after(() => project?.remove());

  it("refuse a load test in a namespace whose pods would wait for a node for ever, in the preview", () => {
    project.mustRun("config", "set", "namespace", "shop");
    const { code, output } = project.run("preview");
    project.mustRun("config", "rm", "namespace");
    expect(code, output).to.not.equal(0);
    expect(output).to.include(
      `namespace is "shop": must be one of those whose pods run on Fargate, the cluster's namespaces: default, locust`,
    );
    expect(output).to.not.match(/at .*\.[jt]s:\d+/);
  });

  const writeScript = (text: string) => writeFileSync(join(project.folder, "context", "script.py"), text);
  const ofType = (type: string) => project.resources().filter((resource) => resource.type === type);
  const tagsOf = ([image]: readonly StateResource[]) => (image?.outputs?.tags as string[] | undefined) ?? [];
  const idsOf = () => new Map(project.resources().map(({ urn, id }) => [urn, id]));

  it("previews on an empty stack, without Docker", () => {
    const output = project.mustRun("preview");
    expect(output)
      .to.match(/eks:index:Cluster\s+load-eks/)
      .and.to.match(/docker-build:index:Image\s+load-image/);
    expect(project.resources()).to.deep.equal([]);
  });

  it("makes a cluster without nodes and what only they need, CoreDNS on Fargate, and an image known by its digest", () => {
    project.up();
    const types = project.resources().map(({ type }) => type.replace(/^aws:.*:/, "aws:"));
    expect(types.filter((type) => type.startsWith("aws:")).sort()).to.deep.equal([
      ...["aws:AccessEntry", "aws:AccessPolicyAssociation", "aws:Addon", "aws:Cluster", "aws:FargateProfile"],
      ...["aws:LifecyclePolicy", "aws:LogGroup", "aws:OpenIdConnectProvider", "aws:Repository"],
      // The control plane's role and the pods', and what each may do.
      ...["aws:Role", "aws:Role", "aws:RolePolicyAttachment", "aws:RolePolicyAttachment"],
      ...["aws:Subnet", "aws:Subnet", "aws:Vpc"],
    ]);
    const [coredns] = ofType("aws:eks/addon:Addon");
    expect(coredns?.outputs).to.include({ addonName: "coredns", configurationValues: '{"computeType":"Fargate"}' });

    // In the order of making, and so backwards in the order of deletion: no line of the log without its group.
    const [made] = ofType("eks:index:Cluster");
    const first = (made?.dependencies ?? []).map((urn) => urn.split("::").at(-1));
    expect(first).to.include.members(["load-control-plane-logs", "load-pod-execution"]);

    const { ref, digest, repositoryUrl, ...cluster } = project.outputs();
    expect(cluster).to.include({ clusterName: "load-test" });
    for (const [name, value] of Object.entries(cluster)) expect(value, name).to.match(/\S/);
    expect(ref).to.equal(`${repositoryUrl}@${digest}`);
    expect(imagesInCluster()).to.include(String(digest));
    expect(ofType(imageType)[0], "goes with its repository, not before").to.include({ retainOnDelete: true });
  });

  it("changes nothing the second time", () => {
    project.mustRun("up", "--yes", "--skip-preview", "--expect-no-changes");
  });

  it("replaces the Fargate profile and no more for other pod subnets, and a changed file makes a new tag", () => {
    const before = idsOf();
    const [oldTag] = tagsOf(ofType(imageType));
    writeScript("2");
    project.mustRun("config", "set", "layout", "single-az");
    project.up();
    const after = idsOf();
    expect([...after.keys()]).to.have.members([...before.keys()]);
    const replaced = [...after].filter(([urn, id]) => before.get(urn) !== id && !urn.includes(imageType));
    expect(replaced.map(([urn]) => urn.split("::").at(-1))).to.deep.equal(["load-fargate"]);
    expect(ofType(profileType)[0]?.outputs?.subnetIds).to.have.lengthOf(1);
    const tags = tagsOf(ofType(imageType));
    expect(tags).to.have.lengthOf(1);
    expect(tags[0]).to.not.equal(oldTag);
    expect(imagesInCluster()).to.include(String(project.outputs().digest));
  });

  it("gives all that can have tags that of the stack", () => {
    const untaggable = /:(AccessPolicyAssociation|LifecyclePolicy|RolePolicy|RolePolicyAttachment)$/;
    const made = project
      .resources()
      .filter(({ type, urn }) => type.startsWith("aws:") && urn.includes("::serverless-"));
    const others = made.filter(({ type }) => !untaggable.test(type));
    expect(others).to.have.length.above(8);
    for (const { urn, outputs } of others) expect(outputs?.tags, urn).to.include({ "load-test:stack": "test" });
    const [cluster] = ofType("aws:eks/cluster:Cluster");
    expect(cluster?.outputs?.tags).to.include({ Name: "load-test-eks-eksCluster" });
  });

  it("deletes nothing of a protected cluster, and leaves nothing when it is not", () => {
    project.mustRun("config", "set", "protected", "true");
    project.up();
    const inside = () => [...idsOf().keys()].filter((urn) => urn.includes(":index:FargateCluster"));
    const before = inside();
    const { code, output } = project.run("destroy", "--yes", "--skip-preview");
    expect(code).to.not.equal(0);
    expect(output).to.match(/DeletionProtection::load-protection" cannot be deleted\s+because it is protected/);
    expect(inside()).to.deep.equal(before);

    project.mustRun("config", "set", "protected", "false");
    project.up();
    const destroyed = project.mustRun("destroy", "--yes", "--skip-preview");
    expect(project.resources()).to.deep.equal([]);
    const when = (text: string) => destroyed.search(new RegExp(`${text}\\s+deleted`));
    // What is in the cluster needs the profile and the access entry, and the log ends after the cluster's last line.
    const order = ["tests", "load-coredns", "load-fargate", "load-eks-eksCluster", "load-control-plane-logs"].map(when);
    expect(order).to.deep.equal([...order].sort((a, b) => a - b));
    expect(order).to.not.include(-1);
  });
});
