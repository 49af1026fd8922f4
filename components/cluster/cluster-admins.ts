/** Access entries of the IAM users and roles that administer a cluster. */
import { createHash } from "node:crypto";
import { getPartitionOutput } from "@pulumi/aws/getPartition";
import type { types } from "@pulumi/eks";
import * as pulumi from "@pulumi/pulumi";

/**
 * Makes the argument `accessEntries` of an EKS cluster.
 *
 * An entry's name comes from its ARN alone: to add or remove one, or to sort the list, leaves the others as they are.
 *
 * @param parent the component, whose AWS provider is used
 */
export function adminEntries(
  admins: readonly string[],
  parent: pulumi.Resource,
): Record<string, types.input.AccessEntryArgs> {
  const { partition } = getPartitionOutput({}, { parent });
  const clusterAdmin = {
    policyArn: pulumi.interpolate`arn:${partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`,
    accessScope: { type: "cluster" },
  };
  return Object.fromEntries(
    admins.map((principalArn) => [entryName(principalArn), { principalArn, accessPolicies: { admin: clusterAdmin } }]),
  );
}

/** Readable, and different for roles of the same name in other accounts or below other paths. */
function entryName(arn: string): string {
  const name = arn.slice(arn.lastIndexOf("/") + 1);
  return `${name}-${createHash("sha256").update(arn).digest("hex").slice(0, 8)}`;
}
