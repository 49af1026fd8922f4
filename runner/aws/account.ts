/** What AWS says of who asks, and of subnets of the account. */
import type { AwsClients } from "./clients";
import { explainAwsError } from "./errors";

/** Whose credentials AWS sees, and where they are used. */
export interface Identity {
  readonly account: string;
  readonly arn: string;
  readonly region: string;
  /** When the credentials end; undefined where they do not, or nobody knows. */
  readonly expires: Date | undefined;
}

/** Rejects with an AwsError. */
export async function readIdentity(clients: AwsClients, signal: AbortSignal): Promise<Identity> {
  try {
    const [sts, { GetCallerIdentityCommand }] = await Promise.all([clients.sts(), import("@aws-sdk/client-sts")]);
    const region = await sts.config.region();
    const { Account: account = "", Arn: arn = "" } = await sts.send(new GetCallerIdentityCommand({}), {
      abortSignal: signal,
    });
    // A network that asks for a login answers everything.
    if (!arn.startsWith("arn:")) throw new Error("what answers is not AWS: it names nobody");
    const { expiration } = await sts.config.credentials();
    return { account, arn, region, expires: expiration };
  } catch (error) {
    throw explainAwsError(error, "Identity");
  }
}

/** A subnet that exists. */
export interface Subnet {
  readonly id: string;
  readonly zone: string;
  readonly vpcId: string;
  /** Addresses that nobody has yet. */
  readonly free: number;
}

/** Rejects with an AwsError, also where one of them does not exist. */
export async function readSubnets(clients: AwsClients, ids: readonly string[], signal: AbortSignal): Promise<Subnet[]> {
  try {
    const [ec2, { DescribeSubnetsCommand }] = await Promise.all([clients.ec2(), import("@aws-sdk/client-ec2")]);
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [...ids] }), {
      abortSignal: signal,
    });
    return Subnets.map(({ SubnetId = "", AvailabilityZone = "", VpcId = "", AvailableIpAddressCount = 0 }) => ({
      id: SubnetId,
      zone: AvailabilityZone,
      vpcId: VpcId,
      free: AvailableIpAddressCount,
    }));
  } catch (error) {
    throw explainAwsError(error, "Subnets");
  }
}
