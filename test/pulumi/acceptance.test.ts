import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { type Acceptance, hasPassed } from "../../bench/acceptance/record";
import { identity, ScriptedAws, simulated } from "../support/aws";
import { until } from "../support/cluster";
import { needs } from "../support/needs";
import { root } from "../support/pulumi-cli";

describe("npm run acceptance:aws, on the real engine with stand-ins for AWS", function () {
  this.timeout(1_200_000);
  let aws: ScriptedAws;
  let folder: string;
  let child: ChildProcess | undefined;

  needs("pulumi", "cluster");
  before(async () => {
    aws = await ScriptedAws.start();
    aws.replies = {
      "sts:GetCallerIdentity": () => identity(),
      "iam:SimulatePrincipalPolicy": (call) => simulated(call),
      "servicequotas:GetServiceQuota": () => ({ result: { Quota: { Value: 100 } } }),
      "ec2:DescribeVpcs": () => ({ result: { vpcSet: [] } }),
      "ec2:DescribeAddresses": () => ({ result: { addressesSet: [] } }),
      "ec2:DescribeNatGateways": () => ({ result: { natGatewaySet: [] } }),
      "tagging:GetResources": () => ({ result: { ResourceTagMappingList: [] } }),
    };
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "loadtest-acceptance-"));
    mkdirSync(join(folder, "state"));
  });
  afterEach(() => {
    // One that a test did not wait for goes on in nobody's state.
    child?.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  after(() => aws?.close());

  /** For a node of 2 CPUs, beside other tests. */
  const settings = ["--config", "workerCpu=0.25", "--config", "namespace=acceptance"];
  const small = ["--yes", "--run-time", "10s", "--workers", "3", ...settings];

  const env = (): NodeJS.ProcessEnv => ({
    ...process.env,
    ...aws.env,
    ...{ PULUMI_BACKEND_URL: `file://${folder}/state`, PULUMI_CONFIG_PASSPHRASE: "test", CI: "" },
  });

  function start(...args: readonly string[]): { child: ChildProcess; said: () => string } {
    const command = ["--import", "tsx", "bench/acceptance/main.ts", "--out", folder];
    const started = spawn(process.execPath, [...command, ...args], { cwd: root, env: env() });
    child = started;
    let said = "";
    for (const stream of [started.stdout, started.stderr]) stream.on("data", (data: Buffer) => (said += data));
    return { child: started, said: () => said };
  }

  async function run(...args: readonly string[]): Promise<{ code: number; said: string }> {
    const { child, said } = start(...args);
    const [code] = (await once(child, "close")) as [number];
    return { code, said: said() };
  }

  const record = () => JSON.parse(readFileSync(join(folder, "acceptance.json"), "utf8")) as Acceptance;
  const page = () => readFileSync(join(folder, "acceptance.md"), "utf8");
  const stacks = () => readFileSync(join(folder, "state", ".pulumi", "meta.yaml"), "utf8");

  it("says what it would make and cost, and makes nothing, without --yes", async () => {
    const { code, said } = await run();
    expect(code).to.equal(2);
    for (const stack of ["single-az", "dev"]) {
      expect(said).to.match(
        new RegExp(`acceptance-${stack}: a VPC, an EKS cluster on Fargate, Locust; about \\$0\\.\\d\\d an hour`),
      );
    }
    expect(said).to.include("Nothing was made: --yes does it.");
    expect(stacks).to.throw("ENOENT");
  });

  // The other stack is that of the test behind it.
  it("goes from nothing to nothing, and says that it was not AWS", async () => {
    const { code, said } = await run(...small, "--stacks", "dev");
    expect(code, said).to.equal(0);
    const acceptance = record();
    expect(hasPassed(acceptance)).to.equal(true);
    expect(acceptance.trials.map(({ stack }) => stack)).to.deep.equal(["dev"]);
    for (const { steps, costUsd, leftovers } of acceptance.trials) {
      expect(steps.map(({ name }) => name)).to.deep.equal([
        ...["stack", "doctor", "preview", "up", "target", "run with thresholds"],
        ...["up with 3 workers", "run with 3 workers", "up with 2 workers", "another script"],
        ...["up with a changed script", "the changed script", "dashboard", "cost so far"],
        ...["destroy", "stack rm", "look for leftovers"],
      ]);
      expect(costUsd).to.be.above(0);
      expect(leftovers).to.deep.equal([]);
    }
    expect(acceptance.standIn).to.equal(aws.url);
    expect(page()).to.include("**not on AWS**, but on stand-ins").and.include("All of it passed.");
  });

  it("destroys what it has made when it is interrupted", async () => {
    const { child, said } = start(...small, "--stacks", "single-az");
    await until("up goes on", () => /single-az: up …[\s\S]*locust-namespace.*creat/.test(said()), 300);
    // As people do; and a terminal that is closed.
    for (let time = 0; time < 2; time += 1) child.kill("SIGINT");
    await until("it is destroyed", () => said().includes("single-az: destroy …"), 300);
    for (const signal of ["SIGINT", "SIGHUP"] as const) child.kill(signal);
    const [code] = (await once(child, "close")) as [number];
    expect(code, said()).to.equal(130);
    const { interrupted, trials } = record();
    expect(interrupted).to.equal(true);
    expect(trials[0]?.steps.map(({ name }) => name)).to.include.members(["up", "destroy", "look for leftovers"]);
    expect(trials[0]?.steps.find(({ name }) => name === "destroy")).to.include({ passed: true });
  });
});
