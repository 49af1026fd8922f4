import { expect } from "chai";
import { readIdentity, readSubnets } from "../../../runner/aws/account";
import { AwsClients } from "../../../runner/aws/clients";
import type { AwsError } from "../../../runner/aws/errors";
import { inUse, readQuota } from "../../../runner/aws/quotas";
import { identity, type ScriptedAws, useScriptedAws, withEnvironment } from "../../support/aws";

const fargate = { name: "Fargate vCPU", service: "fargate", code: "L-3032A538" } as const;
const region = "us-east-2";
const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => undefined,
    (error: AwsError) => error,
  );

describe("an account on AWS", () => {
  let aws: ScriptedAws;
  const { signal } = new AbortController();

  useScriptedAws((one) => {
    aws = one;
  });

  it("has quotas of its own", async () => {
    aws.replies["servicequotas:GetServiceQuota"] = () => ({ result: { Quota: { Value: 64 } } });
    expect(await readQuota(new AwsClients({ region }), fargate, signal)).to.equal(64);
    expect(aws.calls[0]?.input).to.deep.equal({ ServiceCode: "fargate", QuotaCode: "L-3032A538" });
  });

  it("has AWS' usual quotas where nobody has asked for others", async () => {
    const error = "NoSuchResourceException";
    aws.replies["servicequotas:GetServiceQuota"] = () => ({ error, message: "The request failed" });
    aws.replies["servicequotas:GetAWSDefaultServiceQuota"] = () => ({ result: { Quota: { Value: 6 } } });
    expect(await readQuota(new AwsClients({ region }), fargate, signal)).to.equal(6);
  });

  for (const [error, failure] of [
    ["TooManyRequestsException", "throttled"],
    ["AccessDeniedException", "denied"],
    ["UnrecognizedClientException", "invalid"],
    ["ServiceException", "other"],
  ] as const) {
    it(`whose quotas cannot be read says so: ${error}`, async () => {
      aws.replies["servicequotas:GetServiceQuota"] = () => ({ error, message: "AWS' own words" });
      const thrown = await failureOf(readQuota(new AwsClients({ region }), fargate, signal));
      expect(thrown?.failure).to.equal(failure);
      expect(thrown?.message).to.match(/^Service Quotas for Fargate vCPU: .*AWS' own words/);
      expect(aws.calls.length).to.be.at.most(2);
    });
  }

  it("has VPCs and addresses of others, beside those of the stack", async () => {
    const tags = (stack: string) => ({ tagSet: [{ key: "load-test:stack", value: stack }] });
    aws.replies["ec2:DescribeVpcs"] = () => ({
      result: {
        vpcSet: [{ vpcId: "vpc-1" }, { vpcId: "vpc-2", ...tags("dev") }, { vpcId: "vpc-3", ...tags("other") }],
      },
    });
    aws.replies["ec2:DescribeAddresses"] = () => ({ result: { addressesSet: [{ publicIp: "192.0.2.1" }] } });
    const place = { stack: "dev", zones: 3 };
    const clients = new AwsClients({ region });
    expect(await inUse(clients, "VPCs", place, signal)).to.equal(2);
    expect(await inUse(clients, "Elastic IPs", place, signal)).to.equal(1);
    expect(await inUse(clients, "Fargate vCPU", place, signal)).to.equal(undefined);
  });

  it("has NAT gateways, counted in the fullest of the stack's zones", async () => {
    const zones = ["a", "b", "c"].map((name) => `us-east-2${name}`);
    const gateway = (subnetId: string) => ({ natGatewayId: `nat-${subnetId}`, subnetId, state: "available" });
    aws.replies["ec2:DescribeAvailabilityZones"] = () => ({
      result: { availabilityZoneInfo: zones.map((zoneName) => ({ zoneName })) },
    });
    aws.replies["ec2:DescribeSubnets"] = () => ({
      result: { subnetSet: zones.map((zone) => ({ subnetId: `subnet-${zone}`, availabilityZone: zone })) },
    });
    const there = ["subnet-us-east-2a", "subnet-us-east-2c", "subnet-us-east-2c"];
    aws.replies["ec2:DescribeNatGateways"] = () => ({ result: { natGatewaySet: there.map(gateway) } });
    const clients = new AwsClients({ region });
    expect(await inUse(clients, "NAT gateways", { stack: "dev", zones: 3 }, signal)).to.equal(2);
    expect(await inUse(clients, "NAT gateways", { stack: "dev", zones: 1 }, signal)).to.equal(1);
    const named = { stack: "dev", zones: 2, zoneNames: ["us-east-2b", "us-east-2a"] };
    expect(await inUse(clients, "NAT gateways", named, signal)).to.equal(1);
  });

  it("has subnets with free addresses, or does not have them", async () => {
    aws.replies["ec2:DescribeSubnets"] = () => ({
      result: {
        subnetSet: [
          { subnetId: "subnet-1", vpcId: "vpc-1", availabilityZone: "us-east-2a", availableIpAddressCount: 250 },
        ],
      },
    });
    const clients = new AwsClients({ region });
    expect(await readSubnets(clients, ["subnet-1"], signal)).to.deep.equal([
      { id: "subnet-1", zone: "us-east-2a", vpcId: "vpc-1", free: 250 },
    ]);
    aws.replies["ec2:DescribeSubnets"] = () => ({
      error: "InvalidSubnetID.NotFound",
      message: "The subnet ID 'subnet-1' does not exist",
    });
    const thrown = await failureOf(readSubnets(clients, ["subnet-1"], signal));
    expect(thrown?.message).to.include("The subnet ID 'subnet-1' does not exist");
  });

  it("is not who answers without a name, such as a network that wants a login", async () => {
    aws.replies["sts:GetCallerIdentity"] = () => ({ result: {} });
    const thrown = await failureOf(readIdentity(new AwsClients({ region }), signal));
    expect(thrown?.message).to.include("what answers is not AWS");
  });

  it("knows who asks, and where", async () => {
    aws.replies["sts:GetCallerIdentity"] = () => identity();
    expect(await readIdentity(new AwsClients({ region }), signal)).to.deep.equal({
      account: "123456789012",
      arn: "arn:aws:iam::123456789012:user/dev",
      region: "us-east-2",
      expires: undefined,
    });
  });

  it("tells credentials that have expired, and the lack of a Region", async () => {
    const message = "The security token included in the request is expired";
    aws.replies["sts:GetCallerIdentity"] = () => ({ error: "ExpiredToken", message });
    const expired = await failureOf(readIdentity(new AwsClients({ region }), signal));
    expect(expired?.failure).to.equal("expired");
    const unset = withEnvironment({ AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined });
    const nowhere = await failureOf(readIdentity(new AwsClients({}), signal));
    unset();
    expect(nowhere?.message).to.equal(
      "Identity: no Region is named. Name one: aws:region in the stack's config, or AWS_REGION",
    );
  });

  it("that cannot be reached, or does not answer, is told apart from one that refuses", async () => {
    aws.replies["sts:GetCallerIdentity"] = () => "silence";
    const silent = await failureOf(readIdentity(new AwsClients({ region }), AbortSignal.timeout(300)));
    expect(silent?.failure).to.equal("no-network");
    const unset = withEnvironment({ AWS_ENDPOINT_URL: "http://127.0.0.1:9" });
    const refused = await failureOf(readIdentity(new AwsClients({ region }), signal));
    unset();
    expect(refused?.message).to.match(/^Identity: AWS cannot be reached \(ECONNREFUSED\)\. Look at the network/);
  });
});
