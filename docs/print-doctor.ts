/**
 * Prints what `loadtest doctor` says of AWS in `docs/aws.md`: `npx tsx docs/print-doctor.ts`. AWS is a stand-in that
 * answers as it would in a new account, for a role that may do all but one thing.
 */
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { runChecks } from "../runner/cli/doctor/check";
import { checksFor } from "../runner/cli/doctor/doctor";
import { doctorText } from "../runner/cli/doctor/print";
import { type AwsReply, identity, ScriptedAws, simulated, withEnvironment } from "../test/support/aws";

const columns = 100;

/** Checks whose words are another machine's on another machine. */
const ofMachine = ["Node", "Python", "Pulumi", "AWS CLI", "stack", "API server", "pods"];

/** AWS' usual quotas, from its documentation. */
const quotas: Readonly<Record<string, number>> = {
  ...{ "L-3032A538": 6, "L-F678F1CE": 5, "L-0263D0A3": 5, "L-FE5A380F": 5, "L-5F53652F": 2 },
};

const role = "arn:aws:iam::123456789012:role/load-testers";
const zones = ["us-east-2a", "us-east-2b", "us-east-2c"];

const replies: ScriptedAws["replies"] = {
  "sts:GetCallerIdentity": () => identity("arn:aws:sts::123456789012:assumed-role/load-testers/session"),
  "iam:GetRole": () => result({ Role: { Arn: role, RoleName: "load-testers", Path: "/" } }),
  "iam:SimulatePrincipalPolicy": (call) =>
    simulated(call, (action) => (action === "eks:CreateFargateProfile" ? "implicitDeny" : "allowed")),
  "servicequotas:GetServiceQuota": ({ input }) => result({ Quota: { Value: quotas[String(input.QuotaCode)] } }),
  "ec2:DescribeVpcs": () => result({ vpcSet: [{ vpcId: "vpc-0123456789abcdef0" }] }),
  "ec2:DescribeAddresses": () => result({ addressesSet: [1, 2, 3].map((last) => ({ publicIp: `192.0.2.${last}` })) }),
  "ec2:DescribeNatGateways": () => result({ natGatewaySet: [] }),
  "ec2:DescribeSubnets": () => result({ subnetSet: [] }),
  "ec2:DescribeAvailabilityZones": () => result({ availabilityZoneInfo: zones.map((zoneName) => ({ zoneName })) }),
};

function result(fields: Readonly<Record<string, unknown>>): AwsReply {
  return { result: fields };
}

async function main(): Promise<void> {
  const aws = await ScriptedAws.start();
  aws.replies = replies;
  const restore = withEnvironment({
    ...aws.env,
    LOADTEST_PRICES: "/nonexistent",
    HTTP_PROXY: undefined,
    HTTPS_PROXY: undefined,
  });
  try {
    const { checks, wrong } = checksFor({ stack: "dev" }, join(__dirname, ".."));
    const results = await runChecks(
      checks.filter(({ name }) => !ofMachine.includes(name)),
      wrong,
      10_000,
    );
    process.stdout.write(stripVTControlCharacters(doctorText(results, columns)));
  } finally {
    restore();
    await aws.close();
  }
}

void main();
