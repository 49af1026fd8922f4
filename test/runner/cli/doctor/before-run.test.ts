import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { lookBeforeRun } from "../../../../runner/cli/doctor/before-run";
import type { LoadTestOutput } from "../../../../settings/deployed/outputs";
import { identity, ScriptedAws, withEnvironment } from "../../../support/aws";
import { makeProject, type Project, removeProjects } from "../../../support/project";

describe("the look before a run on EKS and Fargate", () => {
  let aws: ScriptedAws;
  let project: Project;
  let restore: () => void;

  before(async () => {
    aws = await ScriptedAws.start();
    project = makeProject();
    const lines = ["aws:region: us-east-2", "serverless-load-testing:targetHost: http://192.0.2.1"];
    writeFileSync(join(project.directory, "Pulumi.dev.yaml"), `config:\n${lines.map((one) => `  ${one}\n`).join("")}`);
  });

  beforeEach(() => {
    restore = withEnvironment(aws.env);
    aws.calls.length = 0;
    aws.replies = {
      "sts:GetCallerIdentity": () => identity(),
      "servicequotas:GetServiceQuota": () => ({ result: { Quota: { Value: 6 } } }),
    };
  });

  afterEach(() => restore());

  after(async () => {
    await aws.close();
    removeProjects();
  });

  const on = (platform: LoadTestOutput["platform"]) => ({ stack: "dev", output: { platform } as LoadTestOutput });
  const look = (options: Parameters<typeof lookBeforeRun>[1] = {}) =>
    lookBeforeRun(on("eks-fargate"), options, project.directory);

  it("says nothing where all is well", async () => {
    expect(await look()).to.deep.equal([]);
  });

  it("warns of more workers than Fargate's quota has room for, and of more users than NAT", async () => {
    const warnings = await look({ workers: "40", users: "200000" });
    expect(warnings[0]).to.match(/^Fargate vCPU: 6 vCPU of Fargate, 20\.75 asked for\. Ask for 21: aws service-quotas/);
    expect(warnings[1]).to.match(/^NAT ports: 200000 users may need more connections than NAT has room for: 165000/);
    expect(warnings).to.have.length(2);
  });

  it("warns of credentials that end before the run", async () => {
    const expires = new Date(Date.now() + 30 * 60_000).toISOString();
    const unset = withEnvironment({ AWS_CREDENTIAL_EXPIRATION: expires, AWS_SESSION_TOKEN: "token" });
    const short = await look({ runTime: "10m" });
    const long = await look({ runTime: "25m" });
    unset();
    expect(short).to.deep.equal([]);
    expect(long.join()).to.match(/^AWS identity: .*, until .*: in (29|30) min\. Sign in anew first$/);
  });

  it("warns of credentials that have expired", async () => {
    aws.replies["sts:GetCallerIdentity"] = () => ({ error: "ExpiredToken", message: "The token is expired" });
    expect(await look()).to.have.length(1);
  });

  it("says nothing without credentials, without a network, and where AWS is silent", async () => {
    const without = withEnvironment({ AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined });
    const none = await look({ workers: "40" });
    without();
    const away = withEnvironment({ AWS_ENDPOINT_URL: "http://127.0.0.1:9" });
    const unreachable = await look({ workers: "40" });
    away();
    aws.replies["sts:GetCallerIdentity"] = () => "silence";
    const began = performance.now();
    const silent = await look({ workers: "40" });
    expect([none, unreachable, silent]).to.deep.equal([[], [], []]);
    expect(performance.now() - began).to.be.below(3300);
  }).timeout(10_000);

  it("asks AWS for nothing on a cluster that exists, or without Pulumi", async () => {
    expect(await lookBeforeRun(on("existing"), {}, project.directory)).to.deep.equal([]);
    expect(await lookBeforeRun({ stack: null }, {}, project.directory)).to.deep.equal([]);
    expect(aws.calls).to.have.length(0);
  });
});
