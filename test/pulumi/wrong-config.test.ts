import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { stringify } from "yaml";
import { needs } from "../support/needs";
import { PulumiProject } from "../support/pulumi";

const vpcId = "vpc-0123456789abcdef0";
const subnet = "subnet-0123456789abcdef0";

/** Several mistakes each, and the keys that the message names. `test/components/wrong-config.test.ts` has them alone. */
const wrong: readonly (readonly [string, Record<string, unknown>, readonly string[]])[] = [
  [
    "where it runs",
    { platform: "ecs", layout: "one-az", kubernetesVersion: "1.30", namespace: "Locust!", region: "us-east-2" },
    ["region", "platform", "layout", "kubernetesVersion", "namespace"],
  ],
  [
    "its network",
    { vpcCidr: "8.8.8.0/24", subnetMask: 30, availabilityZoneCount: 1, publicAccessCidrs: ["203.0.113.7"], vpcId },
    [
      ...["vpcCidr", "subnetMask", "availabilityZoneCount", "publicAccessCidrs[0]"],
      ...["podSubnetIds", "controlPlaneSubnetIds"],
    ],
  ],
  [
    "rules between keys",
    { kubeContext: "kind", scriptDelivery: "image", scriptsFolder: "load", workerMemory: 9000, podSubnetIds: [subnet] },
    ["kubeContext", "vpcId", "controlPlaneSubnetIds", "scriptsFolder", "workerMemory"],
  ],
  [
    "its load",
    {
      ...{ users: 0, spawnRate: "fast", runTime: "1d", thresholds: ["p95<500", "speed>9"], workerReplicas: 1001 },
      ...{ targetHost: "https://example.com/shop?q=1", script: "a/b.py", environment: { LOCUST_HOST: "x" } },
    },
    [
      ...["script", "targetHost", "users", "spawnRate", "runTime", "thresholds[1]"],
      ...["workerReplicas", "environment.LOCUST_HOST"],
    ],
  ],
  [
    "a script that is not there",
    { script: "nothing.py", users: 0, kubeContext: "kind" },
    ["script", "users", "kubeContext"],
  ],
];

describe("the program with a wrong config, on the real engine", function () {
  this.timeout(180_000);
  let project: PulumiProject;
  let file: string;
  let initial: string;

  needs("pulumi");
  before(() => {
    project = new PulumiProject();
    project.mustRun("stack", "init", "wrong");
    file = join(project.folder, "Pulumi.wrong.yaml");
    initial = readFileSync(file, "utf8");
  });
  after(() => project?.remove());

  for (const [what, values, keys] of wrong) {
    it(`names every mistake at once: ${what}`, () => {
      const config = Object.entries(values).map(([key, value]) => [`serverless-load-testing:${key}`, value]);
      writeFileSync(
        file,
        `${initial}${stringify({ config: { "aws:region": "us-east-2", ...Object.fromEntries(config) } })}`,
      );
      const { code, output } = project.run("preview");
      expect(code, output).to.not.equal(0);
      expect(output).to.match(new RegExp(`${keys.length} settings? (is|are) wrong \\(the stack's config\\):`));
      const named = [...output.matchAll(/^ +(\S+) is (?:missing|not a setting|.*: must be)/gm)].map(([, key]) => key);
      expect([...new Set(named)].sort()).to.deep.equal([...keys].sort());
      expect(output).to.not.match(/^\s+at /m);
      expect(project.resources()).to.deep.equal([]);
      // A program that ends while it registers would show what it got to.
      expect(output).to.not.match(/aws[x]?:|kubernetes:/);
    });
  }
});
