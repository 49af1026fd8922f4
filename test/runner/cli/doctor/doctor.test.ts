import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { type AwsReply, identity, ScriptedAws, simulated, withEnvironment } from "../../../support/aws";
import { makeProject, type Project, removeProjects, temporaryFolder } from "../../../support/project";
import { doctor } from "./look";

/** Adds a line to a stack's file. */
function set(project: Project, ...lines: string[]): void {
  const file = join(project.directory, "Pulumi.dev.yaml");
  const keys = ["scriptsFolder: scripts", "script: hello.py", ...lines];
  const named = keys.map((line) => (line.startsWith("aws:") ? line : `serverless-load-testing:${line}`));
  writeFileSync(file, `config:\n${named.map((line) => `  ${line}\n`).join("")}`);
}

const quotas: Record<string, number> = { "L-3032A538": 6, "L-F678F1CE": 5, "L-0263D0A3": 5, "L-FE5A380F": 5 };

describe("loadtest doctor", function () {
  this.timeout(20_000);
  let aws: ScriptedAws;
  let restore: () => void;
  let project: Project;

  const python = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();

  before(async () => {
    aws = await ScriptedAws.start();
  });

  beforeEach(() => {
    project = makeProject();
    // No pulumi, aws and the like: these are looked at elsewhere.
    restore = withEnvironment({
      ...aws.env,
      AWS_REGION: undefined,
      LOADTEST_PRICES: "/nonexistent",
      PATH: join(project.directory, "bin"),
    });
    set(project, "aws:region: us-east-2");
    aws.calls.length = 0;
    const zones = ["us-east-2a", "us-east-2b", "us-east-2c"];
    aws.replies = {
      "sts:GetCallerIdentity": () => identity(),
      "iam:SimulatePrincipalPolicy": (call) => simulated(call),
      "servicequotas:GetServiceQuota": ({ input }) => ({
        result: { Quota: { Value: quotas[String(input.QuotaCode)] ?? 2 } },
      }),
      "ec2:DescribeVpcs": () => ({ result: { vpcSet: [{ vpcId: "vpc-1" }] } }),
      "ec2:DescribeAddresses": () => ({ result: { addressesSet: [] } }),
      "ec2:DescribeNatGateways": () => ({ result: { natGatewaySet: [] } }),
      "ec2:DescribeSubnets": () => ({ result: { subnetSet: [] } }),
      "ec2:DescribeAvailabilityZones": () => ({
        result: { availabilityZoneInfo: zones.map((zoneName) => ({ zoneName })) },
      }),
    };
  });

  afterEach(() => restore());

  after(async () => {
    await aws.close();
    removeProjects();
  });

  it("looks at settings, script, AWS and cost for a stack on EKS and Fargate", async () => {
    const found = await doctor({}, project.directory);
    const text = (name: string) => `${found.get(name)?.state}: ${found.get(name)?.text}`;
    expect(text("settings")).to.equal("ok: Pulumi.dev.yaml is right");
    expect(text("script")).to.match(/^ok: hello\.py; all that it imports is in locustio\/locust/);
    expect(text("AWS identity")).to.equal("ok: arn:aws:iam::123456789012:user/dev in us-east-2");
    expect(text("permissions")).to.equal("ok: up and destroy are allowed, by IAM's simulation");
    expect(text("Fargate vCPU")).to.match(/^ok: 6 vCPU of Fargate, 1\.75 asked for; what others run/);
    expect(text("VPCs")).to.equal("ok: 5 VPCs, 1 in use, 1 asked for");
    expect(text("Elastic IPs")).to.equal("ok: 5 Elastic IPs, 0 in use, 3 asked for");
    expect(text("IPs per gateway")).to.equal("ok: 2 Elastic IPs a NAT gateway, 1 asked for");
    expect(text("cost")).to.match(/^ok: about \$0\.34 an hour/);
    expect(text("Pulumi")).to.equal("problem: pulumi is not on the PATH");
    expect(text("AWS CLI")).to.equal("problem: aws is not on the PATH");
    expect([...found.keys()]).to.not.include("Docker");
  });

  it("does not take the prices of one Region for those of another", async () => {
    set(project, "aws:region: eu-west-1");
    const { state, text } = (await doctor({}, project.directory)).get("cost") ?? {};
    expect(`${state}: ${text}`).to.match(/^warning: there are no prices of eu-west-1.* loadtest cost --refresh/);
  });

  it("says which quotas are too small, and how to ask for more", async () => {
    set(project, "aws:region: us-east-2", "workerReplicas: 40", "natAddressesPerGateway: 3");
    const found = await doctor({}, project.directory);
    expect(found.get("Fargate vCPU")).to.deep.equal({
      name: "Fargate vCPU",
      state: "problem",
      text: "6 vCPU of Fargate, 20.75 asked for",
      todo:
        "Ask for 21: aws service-quotas request-service-quota-increase --service-code fargate --quota-code L-3032A538 " +
        "--desired-value 21",
    });
    expect(found.get("Elastic IPs")?.text).to.equal("5 Elastic IPs, 0 in use, 9 asked for");
    expect(found.get("IPs per gateway")?.state).to.equal("problem");
  });

  it("lists every wrong setting in one check, and looks at what does not need them", async () => {
    set(project, "aws:region: us-east-2", "users: 0", "workerReplicas: many", "wrokers: 3");
    const found = await doctor({}, project.directory);
    const { state, text = "" } = found.get("settings") ?? {};
    expect(state).to.equal("problem");
    expect(text)
      .to.include("users is 0")
      .and.include('workerReplicas is "many"')
      .and.include("wrokers is not a setting");
    expect(text).to.not.include("\n");
    expect(found.get("quotas")?.text).to.equal("not looked at, as workerReplicas must be right first");
    expect(found.get("script")?.state).to.equal("ok");
    expect(found.get("permissions")?.state).to.equal("ok");
  });

  const refusals: readonly (readonly [string, AwsReply, RegExp])[] = [
    [
      "expired",
      { error: "ExpiredToken", message: "The token is expired" },
      /have expired \(ExpiredToken: The token is e/,
    ],
    ["invalid", { error: "InvalidClientTokenId", message: "The token is invalid" }, /does not know these credentials/],
    ["throttled", { error: "Throttling", message: "Rate exceeded" }, /too many requests/],
  ];
  for (const [what, reply, expected] of refusals) {
    it(`asks for nothing more where the identity is ${what}, and says so once`, async () => {
      aws.replies["sts:GetCallerIdentity"] = () => reply;
      const found = await doctor({}, project.directory);
      expect(found.get("AWS identity")?.state).to.equal(what === "throttled" ? "warning" : "problem");
      expect(found.get("AWS identity")?.text).to.match(expected);
      expect(found.get("AWS identity")?.todo).to.be.a("string");
      const others = ["permissions", "VPCs", "Fargate vCPU"].map((name) => found.get(name)?.state);
      expect(others).to.deep.equal(["skipped", "skipped", "skipped"]);
    });
  }

  it("names the profile that has no credentials", async () => {
    const keys = withEnvironment({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined });
    set(project, "aws:region: us-east-2", "aws:profile: nobody");
    const found = await doctor({}, project.directory);
    keys();
    expect(found.get("AWS identity")?.text).to.match(/^there are no AWS credentials/);
    expect(found.get("AWS identity")?.todo).to.match(/^Look at profile nobody: aws sso login --profile nobody/);
  });

  it("warns of what AWS does not let it look at", async () => {
    const message = "User: dev is not authorized to perform: servicequotas:GetServiceQuota";
    aws.replies["servicequotas:GetServiceQuota"] = () => ({ error: "AccessDeniedException", message });
    aws.replies["iam:SimulatePrincipalPolicy"] = () => ({ error: "AccessDenied", message: "not authorized" });
    const found = await doctor({}, project.directory);
    expect(found.get("VPCs")?.state).to.equal("warning");
    expect(found.get("VPCs")?.text).to.match(/^not allowed: servicequotas:GetServiceQuota \(AccessDeniedException/);
    expect(found.get("permissions")?.state).to.equal("warning");
  });

  it("names the actions that are not allowed", async () => {
    aws.replies["iam:SimulatePrincipalPolicy"] = (call) =>
      simulated(call, (action) => (action === "eks:CreateCluster" ? "implicitDeny" : "allowed"));
    const found = await doctor({}, project.directory);
    expect(found.get("permissions")).to.deep.include({ state: "problem", text: "not allowed: eks:CreateCluster" });
    aws.replies["iam:SimulatePrincipalPolicy"] = (call) => simulated(call, () => "implicitDeny");
    const nothing = await doctor({}, project.directory);
    expect(nothing.get("permissions")?.text).to.match(/^not allowed: ec2:DescribeVpcs, (\S+, ){8}\S+ and \d+ more$/);
  });

  it("counts the free addresses of subnets that exist, and no quota of a network", async () => {
    const ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];
    set(
      project,
      "aws:region: us-east-2",
      ...["vpcId: vpc-0123456789abcdef0", `podSubnetIds: [${ids[0]}]`, `controlPlaneSubnetIds: [${ids}]`],
    );
    let vpc = "vpc-0123456789abcdef0";
    let zones = ["us-east-2a", "us-east-2b"];
    const answer = (free: number) => () => ({
      result: {
        subnetSet: ids.map((subnetId, index) => ({
          ...{ subnetId, vpcId: vpc, availabilityZone: zones[index], availableIpAddressCount: free },
        })),
      },
    });
    aws.replies["ec2:DescribeSubnets"] = answer(250);
    const enough = await doctor({}, project.directory);
    expect(enough.get("subnets")?.text).to.equal(`250 free addresses for 5 pods (${ids[0]} 250)`);
    expect([...enough.keys()]).to.not.include("VPCs");
    aws.replies["ec2:DescribeSubnets"] = answer(4);
    expect((await doctor({}, project.directory)).get("subnets")?.state, "they may be its own").to.equal("warning");
    zones = ["us-east-2a", "us-east-2a"];
    const oneZone = (await doctor({}, project.directory)).get("subnets");
    expect(oneZone).to.include({ state: "problem", text: "controlPlaneSubnetIds are in us-east-2a alone" });
    vpc = "vpc-other";
    expect((await doctor({}, project.directory)).get("subnets")?.text).to.include("not in vpc-0123456789abcdef0");
  });

  it("asks AWS for nothing with --local, nor on a cluster that exists", async () => {
    const local = await doctor({ local: true }, project.directory);
    expect([...local.keys()]).to.deep.equal(["Node", "Python", "settings", "script", "target"]);
    set(project, "platform: existing");
    const existing = await doctor({}, project.directory);
    expect([...existing.keys()])
      .to.include("API server")
      .and.not.include("AWS identity");
    expect(aws.calls).to.have.length(0);
  });

  it("says what there is where the stack has no file, and where there is no project", async () => {
    const none = await doctor({ stack: "prod" }, project.directory);
    expect(none.get("settings")?.text).to.equal("Stack prod has no file Pulumi.prod.yaml; there is dev");
    rmSync(join(project.directory, "Pulumi.yaml"));
    const nowhere = await doctor({}, temporaryFolder());
    expect(nowhere.get("settings")?.text).to.equal("there is no Pulumi.yaml here or above");
  });

  it("warns of a target that does not answer here, and of packages that Locust does not bring", async () => {
    const other = makeProject({ "hello.py": "import faker\n" }, ["targetHost: http://127.0.0.1:9"]);
    const found = await doctor({ local: true }, other.directory);
    expect(found.get("target")?.text).to.equal("http://127.0.0.1:9 does not answer here: connection refused");
    expect(found.get("target")?.state).to.equal("warning");
    expect(found.get("script")?.text).to.equal(
      "hello.py imports faker (hello.py, line 1), which does not come with Locust",
    );
    const inPods = await doctor({}, other.directory);
    expect(inPods.get("script")?.state).to.equal("problem");
  });

  it("names the line that Python cannot read", async () => {
    const other = makeProject({ "hello.py": "from locust import HttpUser\nclass U(HttpUser:\n    pass\n" });
    const found = async (local: boolean) => (await doctor({ local }, other.directory)).get("script");
    expect((await found(true))?.state, "without Python").to.equal("ok");
    const back = withEnvironment({ LOADTEST_PYTHON: python });
    for (const local of [true, false]) {
      const script = await found(local);
      expect(script).to.deep.include({ state: "problem", todo: "Python cannot read it" });
      expect(script?.text).to.match(/^hello\.py: line 2: SyntaxError: /);
    }
    back();
  });

  it("looks at scripts of any folder with --local, which needs no project", async () => {
    const scriptsFolder = join(makeProject({ "script1.py": "import faker\n" }).directory, "scripts");
    const found = await doctor({ local: true, scriptsFolder }, temporaryFolder());
    expect(found.get("script")?.text).to.include("script1.py imports faker");
    await doctor({ scriptsFolder }, project.directory).then(
      () => expect.fail("it is refused"),
      (error: Error) => expect(error.message).to.include("--scripts-folder is for --local"),
    );
  });
});
