import type { AwsClients } from "./clients";
import { explainAwsError } from "./errors";

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
