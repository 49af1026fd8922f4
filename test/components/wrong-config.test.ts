import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { mockEngine } from "../support/mock-engine";

const project = "serverless-load-testing";
const vpcId = "vpc-0123456789abcdef0";
const subnets = (...digits: number[]) => JSON.stringify(digits.map((digit) => `subnet-0123456789abcdef${digit}`));

/** What is wrong, the config as `pulumi config set` writes it, and the start of each line of the message. */
const wrong: readonly (readonly [string, Record<string, string>, readonly string[]])[] = [
  ["a key that is no setting", { workers: "3" }, ["workers is not a setting"]],
  ["a key with a typo", { workerReplica: "3" }, ["workerReplica is not a setting (did you mean workerReplicas?)"]],
  ["another platform", { platform: "ecs" }, ["platform is"]],
  ["a context on Fargate", { kubeContext: "kind" }, ["kubeContext is"]],
  ["another layout", { layout: "one-az" }, ["layout is"]],
  ["a public range", { vpcCidr: "8.8.8.0/24" }, ["vpcCidr is"]],
  ["a VPC without room for subnets", { vpcCidr: "10.0.0.0/27", subnetMask: "28" }, ["vpcCidr is"]],
  ["subnets larger than the VPC", { subnetMask: "16" }, ["subnetMask is"]],
  ["one zone", { availabilityZoneCount: "1" }, ["availabilityZoneCount is"]],
  ["a region for a zone", { availabilityZoneNames: '["us-east-2","us-east-2a"]' }, ["availabilityZoneNames[0] is"]],
  ["more workers than addresses", { subnetMask: "28", workerReplicas: "40" }, ["workerReplicas is"]],
  ["a VPC without its subnets", { vpcId }, ["podSubnetIds is missing", "controlPlaneSubnetIds is missing"]],
  [
    "one subnet for the control plane",
    { vpcId, podSubnetIds: subnets(0), controlPlaneSubnetIds: subnets(0) },
    ["controlPlaneSubnetIds is"],
  ],
  [
    "a name for a subnet",
    { vpcId, podSubnetIds: '["private"]', controlPlaneSubnetIds: subnets(0, 1) },
    ["podSubnetIds[0] is"],
  ],
  ["a Kubernetes of long ago", { kubernetesVersion: "1.30" }, ["kubernetesVersion is"]],
  ["an address for a range", { publicAccessCidrs: '["203.0.113.7"]' }, ["publicAccessCidrs[0] is"]],
  ["a name for an ARN", { clusterAdmins: '["admin"]' }, ["clusterAdmins[0] is"]],
  ["a word for a boolean", { deletionProtection: "yes" }, ["deletionProtection is"]],
  ["a namespace with capitals", { namespace: "Locust" }, ["namespace is"]],
  ["another delivery", { scriptDelivery: "s3" }, ["scriptDelivery is"]],
  ["an image on a cluster that exists", { platform: "existing", scriptDelivery: "image" }, ["scriptDelivery is"]],
  ["scripts that no image has", { scriptDelivery: "image", scriptsFolder: "load" }, ["scriptsFolder is"]],
  ["other scripts than the image's", { scriptDelivery: "image", scriptsFolder: "components" }, ["scriptsFolder is"]],
  ["a folder that is not there", { scriptsFolder: "nowhere" }, ["scriptsFolder is"]],
  ["a script that is not there", { script: "nothing.py" }, ["script is"]],
  ["a script of another language", { script: "script.js" }, ["script is"]],
  ["a target with a query", { targetHost: "https://example.com/shop?q=1" }, ["targetHost is"]],
  ["a target of another protocol", { targetHost: "ftp://example.com" }, ["targetHost is"]],
  ["no users", { users: "0" }, ["users is"]],
  ["users in words", { users: "many" }, ["users is"]],
  ["a negative rate", { spawnRate: "-1" }, ["spawnRate is"]],
  ["a run in days", { runTime: "1d" }, ["runTime is"]],
  ["a threshold on nothing", { thresholds: '["p95<500","speed>9"]' }, ["thresholds[1] is"]],
  ["a text for a list", { thresholds: "p95<500" }, ["thresholds is"]],
  ["too many workers", { workerReplicas: "1001" }, ["workerReplicas is"]],
  ["half a worker", { workerReplicas: "1.5" }, ["workerReplicas is"]],
  ["a CPU that Fargate has not", { workerCpu: "3" }, ["workerCpu is"]],
  ["memory that the CPU has not", { controlMemory: "2048" }, ["controlMemory is"]],
  ["a variable of Locust", { environment: '{"LOCUST_HOST":"x"}' }, ["environment.LOCUST_HOST is"]],
  ["a list for variables", { environment: '["A=1"]' }, ["environment is"]],
  ["days that CloudWatch has not", { logRetentionDays: "31" }, ["logRetentionDays is"]],
  [
    "many at once",
    { replicas: "3", platform: "ecs", users: "0", script: "a/b.py", namespace: "", workerCpu: "0" },
    ["replicas is", "platform is", "namespace is", "script is", "users is", "workerCpu is"],
  ],
  [
    "many at once, and a script that is not there",
    { users: "0", kubeContext: "kind", script: "nothing.py" },
    ["users is", "kubeContext is", "script is"],
  ],
  [
    "a folder that is not there, for a script of another language",
    { scriptsFolder: "nowhere", script: "script.js" },
    ["script is", "scriptsFolder is"],
  ],
];

/** Runs `index.ts` with a config; gives what it ended with, and how many resources it registered before. */
async function run(values: Readonly<Record<string, string>>, secrets: readonly string[] = []) {
  const engine = await mockEngine(() => ({}));
  const full = (key: string) => `${project}:${key}`;
  pulumi.runtime.setAllConfig(
    Object.fromEntries(Object.entries(values).map(([key, value]) => [full(key), value])),
    secrets.map(full),
  );
  const program = require.resolve("../../index");
  // It runs when it is loaded, and so must be loaded anew.
  delete require.cache[program];
  let error: unknown;
  try {
    require(program);
  } catch (thrown) {
    error = thrown;
  }
  await pulumi.runtime.disconnect();
  return { error, registered: engine.registered.map(({ type }) => type) };
}

/** The lines of the message, when the program ended as it should. */
async function refused(values: Readonly<Record<string, string>>, secrets: readonly string[] = []): Promise<string[]> {
  const { error, registered } = await run(values, secrets);
  if (error === undefined) throw new Error("This config is right.");
  expect(pulumi.RunError.isInstance(error), `shown without a stack trace: ${error}`).to.equal(true);
  expect(registered, "nothing is registered").to.deep.equal([]);
  return (error as Error).message.split("\n");
}

describe("the program, with a wrong config", function () {
  // The first test loads the SDKs.
  this.timeout(60_000);
  after(() => pulumi.runtime.setAllConfig({}));

  for (const [what, values, starts] of wrong) {
    it(`refuses ${what}`, async () => {
      const [head, ...lines] = await refused(values);
      expect(head).to.match(new RegExp(`^${starts.length} settings? (is|are) wrong \\(the stack's config\\):$`));
      expect(lines).to.have.lengthOf(starts.length);
      for (const [index, start] of starts.entries()) {
        expect(lines[index]).to.satisfy((line: string) => line.startsWith(`  ${start}`), `${start}: ${lines[index]}`);
      }
    });
  }

  it("does not show a secret that is wrong", async () => {
    const [, ...lines] = await refused({ users: "hunter2", secretEnvironment: '{"A-B":"hunter2"}' }, [
      "users",
      "secretEnvironment",
    ]);
    expect(lines).to.have.lengthOf(2);
    expect(lines.join("\n")).to.include("[secret]").and.to.not.include("hunter2");
  });

  it("refuses a folder that no ConfigMap holds, and registers nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "loadtest-scripts-"));
    try {
      writeFileSync(join(folder, "script1.py"), "");
      writeFileSync(join(folder, "recording.bin"), Buffer.alloc(1024 * 1024 + 1));
      for (const platform of ["eks-fargate", "existing"]) {
        const [, ...lines] = await refused({ platform, scriptsFolder: folder, script: "other.py", users: "0" });
        expect(lines.map((line) => /\w+/.exec(line)?.[0])).to.deep.equal(["users", "script", "scriptsFolder"]);
        expect(lines.at(-1)).to.include("at most 1048576 bytes");
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("runs with a config that is right", async () => {
    const { error, registered } = await run({ platform: "existing" });
    expect(error).to.equal(undefined);
    expect(registered).to.include("kubernetes:apps/v1:Deployment");
  });
});
