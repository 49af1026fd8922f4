/** The IAM policy of whoever runs `pulumi`: docs/aws.md shows it, and `loadtest doctor` asks AWS whether it holds. */
import type { Settings } from "../schema";

/** Where the policy holds. */
interface PolicyPlace {
  readonly account: string;
  readonly region: string;
  /** `aws`, unless told: `aws-us-gov` and `aws-cn` have ARNs of their own. */
  readonly partition?: string;
}

/** The settings that decide what is needed, of a stack with platform `eks-fargate`. */
export interface PolicySettings
  extends Pick<Settings, "vpcId" | "scriptDelivery" | "image" | "imageSource" | "observability" | "alarmSlack"> {}

/** One statement, as IAM has it. */
export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** Actions that make the parts of a network. */
const networkActions = "CreateVpc CreateSubnet CreateInternetGateway CreateRouteTable CreateNatGateway AllocateAddress";

/** Every statement but those of `observability`, in the order in which people should read them. */
export function policyStatements({ account, region, partition = "aws" }: PolicyPlace): Statement[] {
  const ec2 = (resource: string) => `arn:${partition}:ec2:${region}:${account}:${resource}`;
  const eks = (resource: string) => `arn:${partition}:eks:${region}:${account}:${resource}/load-test-*`;
  const iam = (resource: string) => `arn:${partition}:iam::${account}:${resource}`;
  const logs = (group: string) => `arn:${partition}:logs:${region}:${account}:log-group:${group}`;
  const roles = [iam("role/load-test-*")];
  const natAddresses = actions("ec2", "AssociateNatGatewayAddress DisassociateNatGatewayAddress");
  return [
    statement("Look", ["ec2:Describe*", "eks:DescribeAddonVersions"], ["*"]),
    statement("MakeNetwork", actions("ec2", networkActions), ["*"], {
      StringEquals: { "aws:RequestedRegion": region },
    }),
    statement("TagNetwork", ["ec2:CreateTags"], [ec2("*/*")], {
      StringEquals: { "ec2:CreateAction": networkActions.split(" ") },
    }),
    statement(
      "ChangeNetwork",
      [
        ...actions(
          "ec2",
          `ModifyVpcAttribute DeleteVpc ModifySubnetAttribute DeleteSubnet AttachInternetGateway DetachInternetGateway
           DeleteInternetGateway CreateRoute ReplaceRoute DeleteRoute AssociateRouteTable DisassociateRouteTable
           DeleteRouteTable DeleteNatGateway ReleaseAddress CreateTags DeleteTags`,
        ),
        ...natAddresses,
      ],
      [ec2("*/*")],
      { StringLike: { "aws:ResourceTag/Name": "load-test-*" } },
    ),
    statement(
      "DefaultGroup",
      actions("ec2", "RevokeSecurityGroupIngress RevokeSecurityGroupEgress CreateTags DeleteTags"),
      [ec2("security-group/*")],
    ),
    statement(
      "FreeAddresses",
      ["ec2:DisassociateAddress", ...natAddresses],
      [ec2("elastic-ip/*"), ec2("network-interface/*")],
    ),
    statement(
      "Cluster",
      actions(
        "eks",
        `CreateCluster DescribeCluster UpdateClusterConfig UpdateClusterVersion DeleteCluster DescribeUpdate
         CreateFargateProfile DescribeFargateProfile DeleteFargateProfile CreateAddon DescribeAddon UpdateAddon
         DeleteAddon CreateAccessEntry DescribeAccessEntry UpdateAccessEntry DeleteAccessEntry AssociateAccessPolicy
         DisassociateAccessPolicy ListAssociatedAccessPolicies ListTagsForResource TagResource UntagResource`,
      ),
      ["cluster", "fargateprofile", "addon", "access-entry"].map(eks),
    ),
    statement(
      "Roles",
      actions(
        "iam",
        `CreateRole GetRole UpdateRole UpdateAssumeRolePolicy DeleteRole TagRole UntagRole ListRolePolicies
         ListAttachedRolePolicies ListInstanceProfilesForRole PutRolePolicy GetRolePolicy DeleteRolePolicy`,
      ),
      roles,
    ),
    statement("AttachTwoPolicies", actions("iam", "AttachRolePolicy DetachRolePolicy"), roles, {
      ArnEquals: {
        "iam:PolicyARN": [
          `arn:${partition}:iam::aws:policy/AmazonEKSClusterPolicy`,
          `arn:${partition}:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy`,
        ],
      },
    }),
    statement("PassRoles", ["iam:PassRole"], roles, { StringLike: { "iam:PassedToService": "eks*.amazonaws.com" } }),
    statement(
      "OidcProvider",
      actions(
        "iam",
        `CreateOpenIDConnectProvider GetOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint
         DeleteOpenIDConnectProvider TagOpenIDConnectProvider UntagOpenIDConnectProvider`,
      ),
      [iam(`oidc-provider/oidc.eks.${region}.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}/id/*`)],
    ),
    statement(
      "ServiceRolesOnce",
      actions("iam", "CreateServiceLinkedRole GetRole"),
      ["eks", "eks-fargate"].map((service) => iam(`role/aws-service-role/${service}.amazonaws.com/*`)),
    ),
    statement(
      "LogGroup",
      actions("logs", `CreateLogGroup PutRetentionPolicy DeleteLogGroup TagResource UntagResource ListTagsForResource`),
      [logs("/aws/eks/load-test-*")],
    ),
    statement("FindLogGroup", ["logs:DescribeLogGroups"], [logs("*")]),
    statement(
      "Image",
      actions(
        "ecr",
        `CreateRepository DescribeRepositories DeleteRepository PutImageTagMutability PutImageScanningConfiguration
         PutLifecyclePolicy GetLifecyclePolicy DeleteLifecyclePolicy ListTagsForResource TagResource UntagResource
         BatchCheckLayerAvailability InitiateLayerUpload UploadLayerPart CompleteLayerUpload PutImage BatchGetImage
         GetDownloadUrlForLayer BatchDeleteImage`,
      ),
      [`arn:${partition}:ecr:${region}:${account}:repository/locust*`],
    ),
    statement("ImageLogin", ["ecr:GetAuthorizationToken"], ["*"]),
    statement(
      doctorsOwn,
      [
        ...actions("iam", "SimulatePrincipalPolicy GetRole"),
        ...actions("servicequotas", "GetServiceQuota GetAWSDefaultServiceQuota"),
        "tag:GetResources",
        "cloudwatch:GetMetricData",
      ],
      ["*"],
    ),
  ];
}

/** What `observability` needs beside that: a policy of its own, as one has no room for both. */
export function observabilityStatements({ account, region, partition = "aws" }: PolicyPlace): Statement[] {
  const here = (service: string) => `arn:${partition}:${service}:${region}:${account}`;
  const everywhere = (service: string) => `arn:${partition}:${service}::${account}`;
  return [
    statement("MetricFilters", actions("logs", "PutMetricFilter DescribeMetricFilters DeleteMetricFilter"), [
      `${here("logs")}:log-group:/aws/eks/load-test-*`,
    ]),
    statement(
      "DashboardAndAlarms",
      actions(
        "cloudwatch",
        `PutDashboard GetDashboard DeleteDashboards PutMetricAlarm DescribeAlarms DeleteAlarms ListTagsForResource
         TagResource UntagResource`,
      ),
      [`${everywhere("cloudwatch")}:dashboard/load-test-*`, `${here("cloudwatch")}:alarm:load-test-*`],
    ),
    statement(
      "AlarmTopic",
      actions(
        "sns",
        `CreateTopic GetTopicAttributes SetTopicAttributes DeleteTopic Subscribe ListTagsForResource TagResource
         UntagResource`,
      ),
      [`${here("sns")}:load-test-*`],
    ),
    statement("Subscriptions", actions("sns", "GetSubscriptionAttributes SetSubscriptionAttributes Unsubscribe"), [
      "*",
    ]),
    statement(
      "Chat",
      actions(
        "chatbot",
        `CreateSlackChannelConfiguration DescribeSlackChannelConfigurations UpdateSlackChannelConfiguration
         DeleteSlackChannelConfiguration ListTagsForResource TagResource UntagResource`,
      ),
      ["*"],
    ),
    statement(
      "ChatServiceRole",
      ["iam:CreateServiceLinkedRole"],
      [`${everywhere("iam")}:role/aws-service-role/management.chatbot.amazonaws.com/*`],
    ),
    statement("ChatRole", ["iam:PassRole"], [`${everywhere("iam")}:role/load-test-*`], {
      StringEquals: { "iam:PassedToService": "chatbot.amazonaws.com" },
    }),
  ];
}

/** The statement that `loadtest doctor`, the look for what is left and the end of a run alone need. */
const doctorsOwn = "Doctor";

/** Statements on what is the stack's in a VPC of its own. */
const ofNetwork: readonly string[] = ["MakeNetwork", "TagNetwork", "ChangeNetwork", "DefaultGroup", "FreeAddresses"];

/** The statements that `up` needs with these settings. */
export function neededStatements(settings: PolicySettings, place: PolicyPlace): Statement[] {
  const all = [...policyStatements(place), ...(settings.observability ? observabilityStatements(place) : [])];
  return all.filter(({ Sid }) => {
    if (Sid.startsWith("Chat")) return settings.alarmSlack !== undefined;
    if (ofNetwork.includes(Sid)) return settings.vpcId === undefined;
    return Sid.startsWith("Image") ? usesEcr(settings) : Sid !== doctorsOwn;
  });
}

/** Whether the stack has a repository in ECR. */
export function usesEcr({ scriptDelivery, image, imageSource }: PolicySettings): boolean {
  return image === undefined && (scriptDelivery === "image" || imageSource === "ecr");
}

function actions(service: string, names: string): string[] {
  return names.split(/\s+/).map((name) => `${service}:${name}`);
}

function statement(
  Sid: string,
  Action: readonly string[],
  Resource: readonly string[],
  Condition?: Statement["Condition"],
): Statement {
  return { Sid, Effect: "Allow", Action, Resource, ...(Condition && { Condition }) };
}
