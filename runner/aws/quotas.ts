/** Quotas of an account in a Region, and what is in use of them. */
import type { EC2Client, Tag } from "@aws-sdk/client-ec2";
import type { QuotaNeed } from "../../settings/aws/quotas";
import { stackTag } from "../../settings/deployed/stack-tag";
import type { AwsClients } from "./clients";
import { explainAwsError } from "./errors";

/** The quota that holds now: the account's own, else AWS' usual one. Rejects with an AwsError. */
export async function readQuota(
  clients: AwsClients,
  { name, service, code }: Pick<QuotaNeed, "name" | "service" | "code">,
  signal: AbortSignal,
): Promise<number> {
  try {
    const [client, sdk] = await Promise.all([clients.quotas(), import("@aws-sdk/client-service-quotas")]);
    const input = { ServiceCode: service, QuotaCode: code };
    const { Quota } = await client
      .send(new sdk.GetServiceQuotaCommand(input), { abortSignal: signal })
      .catch((error: unknown) => {
        if (!(error instanceof sdk.NoSuchResourceException)) throw error;
        // Nobody has asked for another one in this account yet.
        return client.send(new sdk.GetAWSDefaultServiceQuotaCommand(input), { abortSignal: signal });
      });
    if (Quota?.Value === undefined) throw new Error("there is no value in the answer");
    return Quota.Value;
  } catch (error) {
    throw explainAwsError(error, `Service Quotas for ${name}`);
  }
}

/** What the stack is, for counting what others have. */
interface StackPlace {
  readonly stack: string;
  /** How many availability zones it has NAT gateways in, and their names, where they are given. */
  readonly zones: number;
  readonly zoneNames?: readonly string[] | undefined;
}

/**
 * How many there are in the Region already, those of this stack left out; of NAT gateways, in that of the stack's zones
 * that has most. Undefined for a quota of which the use is not to be had from EC2. Rejects with an AwsError.
 */
export async function inUse(
  clients: AwsClients,
  name: QuotaNeed["name"],
  place: StackPlace,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const [ec2, sdk] = await Promise.all([clients.ec2(), import("@aws-sdk/client-ec2")]);
    const abort = { abortSignal: signal };
    switch (name) {
      case "VPCs":
        return ofOthers((await ec2.send(new sdk.DescribeVpcsCommand({}), abort)).Vpcs, place).length;
      case "Elastic IPs":
        return ofOthers((await ec2.send(new sdk.DescribeAddressesCommand({}), abort)).Addresses, place).length;
      case "NAT gateways":
        return await gatewaysInZone(ec2, place, abort);
      default:
        return undefined;
    }
  } catch (error) {
    throw explainAwsError(error, `${name} in use`);
  }
}

async function gatewaysInZone(
  ec2: EC2Client,
  place: StackPlace,
  abort: { readonly abortSignal: AbortSignal },
): Promise<number> {
  const sdk = await import("@aws-sdk/client-ec2");
  const states = { Name: "state", Values: ["pending", "available", "deleting"] };
  const usable = [
    { Name: "state", Values: ["available"] },
    { Name: "zone-type", Values: ["availability-zone"] },
  ];
  const [{ NatGateways }, { Subnets = [] }, { AvailabilityZones = [] }] = await Promise.all([
    ec2.send(new sdk.DescribeNatGatewaysCommand({ Filter: [states] }), abort),
    ec2.send(new sdk.DescribeSubnetsCommand({}), abort),
    ec2.send(new sdk.DescribeAvailabilityZonesCommand({ Filters: usable }), abort),
  ]);
  const firstOnes = AvailabilityZones.flatMap(({ ZoneName }) => ZoneName ?? []).sort();
  const own = (place.zoneNames ?? firstOnes).slice(0, place.zones);
  const zoneOf = new Map(Subnets.map(({ SubnetId, AvailabilityZone }) => [SubnetId, AvailabilityZone]));
  const used = ofOthers(NatGateways, place).map(({ SubnetId }) => zoneOf.get(SubnetId));
  return Math.max(0, ...own.map((zone) => used.filter((one) => one === zone).length));
}

function ofOthers<T extends { readonly Tags?: Tag[] | undefined }>(all: readonly T[] = [], { stack }: StackPlace): T[] {
  return all.filter(({ Tags = [] }) => !Tags.some(({ Key, Value }) => Key === stackTag && Value === stack));
}
