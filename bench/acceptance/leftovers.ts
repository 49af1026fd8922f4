/** What a destroyed stack has left in the account, by its tag. */
import { DescribeNatGatewaysCommand } from "@aws-sdk/client-ec2";
import { paginateGetResources, ResourceGroupsTaggingAPIClient } from "@aws-sdk/client-resource-groups-tagging-api";
import { AwsClients, awsConfig } from "../../runner/aws/clients";
import { explainAwsError } from "../../runner/aws/errors";
import { pause } from "../../runner/engine/timing";
import { stackTag } from "../../settings/deployed/stack-tag";

/**
 * Looks until nothing is left, or for ten minutes: the index of tags is some minutes late, also in forgetting what is
 * gone.
 *
 * @param stack value of the tag `load-test:stack`
 * @returns ARNs of what is still there
 */
export async function findLeftovers(stack: string, region: string, patienceSeconds = 600): Promise<string[]> {
  const end = Date.now() + patienceSeconds * 1000;
  for (;;) {
    try {
      const left = await leftNow(stack, region);
      if (left.length === 0 || Date.now() >= end) return left;
    } catch (error) {
      if (Date.now() >= end) throw explainAwsError(error, `what has the tag ${stackTag} ${stack}`);
    }
    await pause(15_000);
  }
}

async function leftNow(stack: string, region: string): Promise<string[]> {
  const client = new ResourceGroupsTaggingAPIClient(awsConfig({ region }));
  const arns: string[] = [];
  const tags = { TagFilters: [{ Key: stackTag, Values: [stack] }] };
  for await (const { ResourceTagMappingList = [] } of paginateGetResources({ client }, tags)) {
    arns.push(...ResourceTagMappingList.flatMap(({ ResourceARN }) => ResourceARN ?? []));
  }
  const gone = await deletedGateways(arns, region);
  return arns.filter((arn) => !gone.has(arn.split("/").at(-1) ?? ""));
}

/** A NAT gateway is listed for an hour after it is gone, and costs nothing then; AWS may know it no more. */
async function deletedGateways(arns: readonly string[], region: string): Promise<ReadonlySet<string>> {
  const ids = arns.flatMap((arn) => /:natgateway\/(nat-\w+)$/.exec(arn)?.[1] ?? []);
  if (ids.length === 0) return new Set();
  const ec2 = await new AwsClients({ region }).ec2();
  // As a filter: asked for by id, one that is not known any more is an error.
  const Filter = [{ Name: "nat-gateway-id", Values: ids }];
  const { NatGateways = [] } = await ec2.send(new DescribeNatGatewaysCommand({ Filter }));
  const there = NatGateways.filter(({ State }) => State !== "deleted" && State !== "deleting");
  return new Set(ids.filter((id) => !there.some(({ NatGatewayId }) => NatGatewayId === id)));
}
