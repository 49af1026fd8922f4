/** Access entries of the IAM users and roles that administer a cluster. */
import { createHash } from "node:crypto";
import { AccessEntry } from "@pulumi/aws/eks/accessEntry";
import { AccessPolicyAssociation } from "@pulumi/aws/eks/accessPolicyAssociation";
import { getPartitionOutput } from "@pulumi/aws/getPartition";
import type { types } from "@pulumi/eks";
import * as pulumi from "@pulumi/pulumi";

const accessScope = { type: "cluster" };

/**
 * Makes the argument `accessEntries` of an EKS cluster, for ARNs that are known.
 *
 * An entry's name comes from its ARN alone: to add or remove one, or to sort the list, leaves the others as they are.
 *
 * @param parent the component, whose AWS provider is used
 */
export function adminEntries(
  admins: readonly pulumi.Input<string>[],
  parent: pulumi.Resource,
): Record<string, types.input.AccessEntryArgs> {
  const admin = { policyArn: policyArn(parent), accessScope };
  return Object.fromEntries(
    admins
      .filter((arn) => typeof arn === "string")
      .map((principalArn) => [entryName(principalArn), { principalArn, accessPolicies: { admin } }]),
  );
}

/**
 * Makes the entries of the other ARNs, which are outputs: eks makes none of its own where one of them is. They are
 * named by their place in the list, as a name must be known before the ARN is.
 */
export function adminAccess(
  name: string,
  admins: readonly pulumi.Input<string>[],
  clusterName: string,
  tags: pulumi.Output<Record<string, string>>,
  opts: pulumi.CustomResourceOptions & { readonly parent: pulumi.Resource },
): void {
  for (const [index, principalArn] of admins.entries()) {
    if (typeof principalArn === "string") continue;
    const entryName = `${name}-admin-${index + 1}`;
    const entry = new AccessEntry(entryName, { clusterName, principalArn, tags }, opts);
    new AccessPolicyAssociation(
      entryName,
      { clusterName, principalArn: entry.principalArn, policyArn: policyArn(opts.parent), accessScope },
      opts,
    );
  }
}

function policyArn(parent: pulumi.Resource): pulumi.Output<string> {
  const { partition } = getPartitionOutput({}, { parent });
  return pulumi.interpolate`arn:${partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`;
}

/** Readable, and different for roles of the same name in other accounts or below other paths. */
function entryName(arn: string): string {
  const name = arn.slice(arn.lastIndexOf("/") + 1);
  return `${name}-${createHash("sha256").update(arn).digest("hex").slice(0, 8)}`;
}
