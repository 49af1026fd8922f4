import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { needs } from "../support/needs";
import { PulumiProject } from "../support/pulumi";
import { root } from "../support/pulumi-cli";

interface Policy {
  readonly Statement: readonly { readonly Sid: string; readonly Action: string | readonly string[] }[];
}

/** Resources that a preview of `dev` would make: everything that the program can. */
function previewed(): readonly { type: string; inputs: Record<string, unknown> }[] {
  const project = new PulumiProject();
  try {
    project.mustRun("stack", "init", "dev");
    project.mustRun("config", "set", "scriptDelivery", "image");
    project.mustRun("config", "set", "natAddressesPerGateway", "2");
    const admin = "arn:aws:iam::123456789012:role/admin";
    project.mustRun("config", "set", "--path", "clusterAdmins[0]", admin);
    project.mustRun("config", "set", "observability", "true");
    project.mustRun("config", "set", "--path", "alarmEmails[0]", "me@example.com");
    project.mustRun("config", "set", "alarmSlack", "T07EA123LEP/C07EZ1ABC23");
    const { steps } = JSON.parse(project.mustRun("preview", "--json", "--suppress-progress")) as {
      steps: { newState: { type: string; inputs?: Record<string, unknown> } }[];
    };
    return steps.map(({ newState: { type, inputs = {} } }) => ({ type, inputs }));
  } finally {
    project.remove();
  }
}

describe("docs/aws.md, against the real engine", function () {
  this.timeout(180_000);
  const page = readFileSync(join(root, "docs", "aws.md"), "utf8");
  /** kind → what it says about how many, and the action that makes one. */
  const kinds = new Map(
    [...page.matchAll(/^\| `(aws:[^`]+)` \| ([^|]+) \| `([^`]+)` \|/gm)].map(
      ([, kind = "", count = "", action = ""]) => [kind, { count, action }] as const,
    ),
  );
  /** What `up` needs, and what `observability` needs beside it. */
  const policies = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = ""]) => JSON.parse(text) as Policy);
  let resources: ReturnType<typeof previewed>;

  needs("pulumi");
  before(() => {
    resources = previewed();
  });

  it("has every kind of AWS resource that the program makes, and no other", () => {
    const made = new Set(resources.map(({ type }) => type).filter((type) => type.startsWith("aws:")));
    expect([...kinds.keys()].sort()).to.deep.equal([...made].sort());
  });

  it("says how many of each there are in dev", () => {
    for (const [kind, { count }] of kinds) {
      // `2, and 1 with alarmSlack`: here, all are on.
      if (!/^(\d+( with (`[^`]+`|an image))?(, (and )?|$))+$/.test(count)) continue;
      const all = [...count.matchAll(/\d+/g)].reduce((sum, [number]) => sum + Number(number), 0);
      expect(resources.filter(({ type }) => type === kind).length, kind).to.equal(all);
    }
  });

  it("permits to make each of them, in two policies that IAM takes", () => {
    const allowed = policies.flatMap(({ Statement }) => Statement.flatMap(({ Action }) => Action));
    for (const [kind, { action }] of kinds) expect(allowed, kind).to.include(action);
    expect(policies).to.have.length(2);
    for (const policy of policies) {
      // The most that a managed policy may have, white space not counted.
      expect(JSON.stringify(policy).length).to.be.at.most(6144);
      expect(new Set(policy.Statement.map(({ Sid }) => Sid)).size).to.equal(policy.Statement.length);
    }
  });

  it("may rely on the tag Name of every part of the network, and on the names of the rest", () => {
    for (const { type, inputs } of resources) {
      const tags = inputs.tags as Record<string, string> | undefined;
      if (type.startsWith("aws:ec2/") && tags !== undefined) expect(tags.Name, type).to.match(/^load-test-/);
      if (type.startsWith("aws:ec2/") && tags === undefined)
        expect(type).to.match(/:(Route|RouteTableAssociation|NatGatewayEipAssociation)$/);
      if (type === "aws:eks/cluster:Cluster") expect(inputs.name).to.equal("load-test-dev");
      if (type === "aws:cloudwatch/logGroup:LogGroup")
        expect(inputs.name).to.match(/^\/aws\/eks\/load-test-dev\/(cluster|pods)$/);
      if (type === "aws:cloudwatch/dashboard:Dashboard") expect(inputs.dashboardName).to.equal("load-test-dev");
      if (/:(MetricAlarm|Topic)$/.test(type)) expect(inputs.name, type).to.match(/^load-test-dev-/);
      if (type === "aws:iam/role:Role") expect(inputs.name).to.match(/^load-test-/);
    }
  });
});
