import { expect } from "chai";
import { neededStatements, policyStatements } from "../../../settings/aws/policy";
import { quotaNeeds } from "../../../settings/aws/quotas";
import { parseSettings } from "../../../settings/parse";

const asked = (raw: Record<string, unknown>) =>
  Object.fromEntries(quotaNeeds(parseSettings(raw, "a test")).map(({ name, asked }) => [name, asked]));

describe("what a stack asks of AWS' quotas", () => {
  it("follows from its sizes, rounded as Fargate does, and from its network", () => {
    expect(asked({})).to.deep.equal({
      // Two pods of CoreDNS and the master at 0.25, two workers at 0.5.
      "Fargate vCPU": 1.75,
      VPCs: 1,
      "Elastic IPs": 3,
      "NAT gateways": 1,
      "IPs per gateway": 1,
    });
    expect(asked({ workerReplicas: 8, layout: "single-az", natAddressesPerGateway: 4 })).to.include({
      "Fargate vCPU": 4.75,
      "Elastic IPs": 4,
      "IPs per gateway": 4,
    });
    expect(asked({ workerReplicas: 10, workerCpu: 1 })["Fargate vCPU"]).to.equal(10.75);
  });

  it("is Fargate's alone in a VPC that exists", () => {
    const subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];
    const vpc = { vpcId: "vpc-0123456789abcdef0", podSubnetIds: subnets, controlPlaneSubnetIds: subnets };
    expect(Object.keys(asked(vpc))).to.deep.equal(["Fargate vCPU"]);
  });
});

describe("the policy for up", () => {
  const place = { account: "123456789012", region: "eu-west-1" };

  it("is for one account and Region, also of another partition", () => {
    const text = JSON.stringify(policyStatements({ ...place, partition: "aws-us-gov" }));
    expect(text).to.not.match(/arn:aws:|us-east-2/);
    expect(text).to.include("arn:aws-us-gov:eks:eu-west-1:123456789012:cluster/load-test-*");
  });

  it("lets more addresses be given to a NAT gateway: on the gateway by its tag, on addresses and interfaces by kind", () => {
    const all = policyStatements(place).filter(({ Action }) => Action.includes("ec2:AssociateNatGatewayAddress"));
    expect(all.map(({ Sid }) => Sid)).to.deep.equal(["ChangeNetwork", "FreeAddresses"]);
    expect(all.map(({ Condition }) => Condition !== undefined)).to.deep.equal([true, false]);
  });

  it("leaves out what only loadtest doctor needs", () => {
    const sids = neededStatements(parseSettings({}, "a test"), place).map(({ Sid }) => Sid);
    expect(sids).to.include("Cluster").and.not.include("Doctor").and.not.include("Image");
  });

  it("lets AWS make its role for Slack, where a channel is told of alarms, and nowhere else", () => {
    const needed = (given: object) =>
      neededStatements(parseSettings({ observability: true, ...given }, "a test"), place);
    const chat = needed({ alarmSlack: "T07EA123LEP/C07EZ1ABC23" }).find(({ Sid }) => Sid === "ChatServiceRole");
    expect(chat?.Action).to.deep.equal(["iam:CreateServiceLinkedRole"]);
    expect(chat?.Resource).to.have.length(1);
    expect(chat?.Resource[0]).to.match(/:role\/aws-service-role\/management\.chatbot\.amazonaws\.com\/\*$/);
    expect(needed({}).map(({ Sid }) => Sid))
      .to.include("AlarmTopic")
      .and.not.include("ChatServiceRole");
  });
});
