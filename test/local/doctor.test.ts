import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { CheckResult } from "../../runner/cli/doctor/check";
import { credentials, Moto, ScriptedAws, simulated } from "../support/aws";
import { startCommand, stopCommands } from "../support/cli";
import { skip } from "../support/needs";
import { makeProject, type Project, removeProjects } from "../support/project";

describe("loadtest doctor, as a command", function () {
  this.timeout(120_000);
  let project: Project;
  let aws: ScriptedAws;

  before(async () => {
    project = makeProject();
    writeFileSync(
      join(project.directory, "Pulumi.dev.yaml"),
      ["config:", "  aws:region: us-east-2", "  serverless-load-testing:scriptsFolder: scripts"]
        .concat("  serverless-load-testing:script: hello.py\n")
        .join("\n"),
    );
    aws = await ScriptedAws.start();
  });

  after(async () => {
    await stopCommands();
    await aws.close();
    removeProjects();
  });

  async function doctor(env: Record<string, string>, ...args: string[]) {
    const end = await startCommand(["doctor", ...args], { cwd: project.directory, env: { ...credentials, ...env } })
      .ended;
    expect(end.stderr, "standard error").to.equal("");
    return end;
  }

  it("is over within 5 s where nothing answers, and has no stack trace", async () => {
    for (const action of ["sts:GetCallerIdentity", "ec2:DescribeVpcs", "servicequotas:GetServiceQuota"]) {
      aws.replies[action] = () => "silence";
    }
    const silent = await doctor({ AWS_ENDPOINT_URL: aws.url });
    expect(silent.seconds).to.be.below(5);
    expect(silent.code).to.equal(2);
    expect(silent.stdout).to.match(/^problem +AWS identity: AWS does not answer\. Look at/m);
    const refused = await doctor({ AWS_ENDPOINT_URL: "http://127.0.0.1:9" });
    expect(refused.seconds).to.be.below(5);
    expect(refused.stdout).to.match(/^problem +AWS identity: AWS cannot be reached \(ECONNREFUSED\)\. Look at/m);
    expect(`${silent.stdout}${refused.stdout}`).to.not.match(/^ +at |Error:/m);
  });

  it("prints JSON and nothing else with --json", async () => {
    const { stdout, code } = await doctor({ AWS_ENDPOINT_URL: "http://127.0.0.1:9" }, "--local", "--json");
    const results = JSON.parse(stdout) as CheckResult[];
    expect(results.map(({ name }) => name)).to.deep.equal(["Node", "Python", "settings", "script", "target"]);
    expect(code).to.equal(0);
  });

  describe("against moto", () => {
    let moto: Moto;

    before(async function () {
      moto = await Moto.start().catch((error: Error) => skip(this, `moto cannot be had: ${error.message}`));
    });

    after(() => moto?.stop());

    /** What the AWS CLI's own SDK makes there, by moto's Python. */
    function python(script: string): string {
      const text = `import boto3\ndef client(name):\n  return boto3.client(name, region_name="us-east-2")\n${script}`;
      const env = { ...process.env, ...credentials, AWS_ENDPOINT_URL: moto.url };
      return execFileSync(moto.python, ["-c", text], { env, encoding: "utf8" }).trim();
    }

    it("knows who asks, by a role that it has taken, and until when", async () => {
      const made = python(`
import json
arn = client("iam").create_role(RoleName="ci", Path="/teams/", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
keys = client("sts").assume_role(RoleArn=arn, RoleSessionName="run-1")["Credentials"]
print(json.dumps([keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]]))`);
      const [AWS_ACCESS_KEY_ID = "", AWS_SECRET_ACCESS_KEY = "", AWS_SESSION_TOKEN = ""] = JSON.parse(made) as string[];
      aws.replies["iam:SimulatePrincipalPolicy"] = (call) => simulated(call);
      aws.replies["iam:GetRole"] = () => ({
        result: { Role: { Arn: "arn:aws:iam::123456789012:role/teams/ci", RoleName: "ci", Path: "/teams/" } },
      });
      const expires = new Date(Date.now() + 20 * 60_000).toISOString();
      const { stdout } = await doctor({
        ...{ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION: expires },
        ...{ AWS_ENDPOINT_URL: moto.url, AWS_ENDPOINT_URL_IAM: aws.url },
      });
      expect(stdout).to.match(
        /^warning +AWS identity: \S+:assumed-role\/ci\/run-1 in us-east-2, until .*: in (19|20) min/m,
      );
      expect(stdout).to.match(/^ok +permissions: /m);
    });

    it("counts what is in use in the Region", async () => {
      aws.replies["servicequotas:GetServiceQuota"] = () => ({ result: { Quota: { Value: 5 } } });
      const env = { AWS_ENDPOINT_URL: moto.url, AWS_ENDPOINT_URL_SERVICE_QUOTAS: aws.url };
      const before = await doctor(env);
      // An account begins with a VPC, with a subnet in each zone.
      expect(before.stdout).to.match(/^ok +VPCs: 5 VPCs, 1 in use, 1 asked for$/m);
      python(`
ec2 = client("ec2")
tags = [{"ResourceType": "vpc", "Tags": [{"Key": "load-test:stack", "Value": "dev"}]}]
ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tags)
for _ in range(2): ec2.create_vpc(CidrBlock="10.0.0.0/16")
subnet = ec2.describe_subnets(Filters=[{"Name": "availabilityZone", "Values": ["us-east-2b"]}])["Subnets"][0]["SubnetId"]
for _ in range(5):
  ip = ec2.allocate_address(Domain="vpc")["AllocationId"]
  ec2.create_nat_gateway(SubnetId=subnet, AllocationId=ip)`);
      const { stdout, code, seconds } = await doctor(env);
      expect(stdout).to.match(/^ok +VPCs: 5 VPCs, 3 in use, 1 asked for$/m);
      expect(stdout).to.match(
        /^problem +Elastic IPs: 5 Elastic IPs, 5 in use, 3 asked for\. Ask for 8: aws service-quotas/m,
      );
      expect(stdout).to.match(/^problem +NAT gateways: 5 NAT gateways a zone, 5 in use, 1 asked for\./m);
      expect(code).to.equal(2);
      expect(seconds).to.be.below(5);
    });
  });
});
