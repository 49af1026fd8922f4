/** The role that Fargate starts the pods of one cluster with. A LoadTestObservability lets it write their logs, too. */
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity";
import { getPartitionOutput } from "@pulumi/aws/getPartition";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment";
import * as pulumi from "@pulumi/pulumi";

/** The role and the policies that it has; a cluster should be made after them, and deleted before. */
export interface PodExecutionRole {
  readonly role: Role;
  readonly policies: readonly pulumi.Resource[];
}

/**
 * Makes the role.
 *
 * @param name of the component, with which the names of its parts begin
 * @param clusterName whose Fargate profiles may take the role
 * @param parent the component, whose AWS provider is used throughout
 */
export function podExecutionRole(
  name: string,
  clusterName: string,
  tags: pulumi.Output<Record<string, string>>,
  parent: pulumi.Resource,
): PodExecutionRole {
  const { partition } = getPartitionOutput({}, { parent });
  const { region } = getRegionOutput({}, { parent });
  const { accountId } = getCallerIdentityOutput({}, { parent });
  const here = (service: string) => pulumi.interpolate`arn:${partition}:${service}:${region}:${accountId}`;

  const role = new Role(
    `${name}-pod-execution`,
    {
      description: `Starts the pods of the EKS cluster ${clusterName} on Fargate`,
      assumeRolePolicy: policy({
        Effect: "Allow",
        Principal: { Service: "eks-fargate-pods.amazonaws.com" },
        Action: "sts:AssumeRole",
        // Else anybody's Fargate profile could make the service use this role: the confused deputy. A profile's name
        // and id are AWS's to choose.
        Condition: {
          ArnLike: { "aws:SourceArn": pulumi.interpolate`${here("eks")}:fargateprofile/${clusterName}/*` },
        },
      }),
      tags,
    },
    { parent },
  );
  const start = new RolePolicyAttachment(
    `${name}-pod-execution`,
    {
      role: role.name,
      policyArn: pulumi.interpolate`arn:${partition}:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy`,
    },
    { parent },
  );
  return { role, policies: [start] };
}

function policy(statement: pulumi.Inputs): pulumi.Output<string> {
  return pulumi.jsonStringify({ Version: "2012-10-17", Statement: [statement] });
}
