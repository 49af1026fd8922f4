import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup";
import { Addon } from "@pulumi/aws/eks/addon";
import { FargateProfile } from "@pulumi/aws/eks/fargateProfile";
import { getRegionOutput } from "@pulumi/aws/getRegion";
import type { Role } from "@pulumi/aws/iam/role";
import { Cluster, type ClusterArgs } from "@pulumi/eks/cluster";
import * as pulumi from "@pulumi/pulumi";
import { clusterHourlyCost } from "../../settings/cost/hourly";
import { usEast2 } from "../../settings/cost/us-east-2";
import { asRunError } from "../../settings/pulumi-config";
import { protectFromDeletion } from "../deletion-protection";
import { partOf } from "../inputs";
import type { NatCount } from "../network/args";
import { insideOf, withStackTag } from "../stack-tags";
import type { FargateClusterArgs, ServiceAccountRoleArgs } from "./args";
import { type ClusterPlan, readClusterArgs } from "./check";
import { adminAccess, adminEntries } from "./cluster-admins";
import { awsCliProblem, kubeconfigCredentials } from "./kubeconfig";
import { podExecutionRole } from "./pod-execution-role";
import { serviceAccountRole } from "./service-account-role";

type Tags = ReturnType<typeof withStackTag>;

/** Everything the control plane can write to its log. */
const controlPlaneLogs = ["api", "audit", "authenticator", "controllerManager", "scheduler"];

export type { ClusterNetwork, FargateClusterArgs, ServiceAccountRoleArgs } from "./args";

/**
 * An EKS cluster whose every pod runs on Fargate: no nodes, and none of what only nodes need.
 *
 * It makes the control plane with all its logs and their log group, an OIDC provider for roles of service accounts,
 * a Fargate profile with a role that pods are started with, CoreDNS on Fargate, and an access entry for each
 * administrator. Where pods' logs go is for LoadTestObservability to say.
 *
 * Cost in us-east-2: $0.10 an hour for the control plane and about $0.025 for the two pods of CoreDNS, whether a test
 * runs or not; $0.50 for each GB of logs. Versions are kept in standard support, as extended support costs $0.60 an
 * hour.
 *
 * The AWS command line must be installed: the kubeconfig gets its tokens from it. Kubernetes objects of one's own should
 * have `dependsOn: cluster`, so that they are made when pods can start, and deleted before what they need. Roles and the
 * Fargate profile are named after the component, whose name has 39 characters at most.
 *
 * @example
 * const network = new LoadTestNetwork("load-test");
 * const cluster = new FargateCluster("load-test", { network });
 * const locust = new LocustDeployment("shop", { cluster, scriptsFolder: "load", script: "shop.py" });
 */
export class FargateCluster extends pulumi.ComponentResource {
  /** Name of the cluster in EKS. */
  public readonly clusterName: pulumi.Output<string>;
  /** Address of the API server, known when it answers. */
  public readonly endpoint: pulumi.Output<string>;
  /** Kubeconfig as JSON; whoever uses it needs the AWS command line and credentials. A secret. */
  public readonly kubeconfig: pulumi.Output<string>;
  /** ARN of the OIDC provider, for the trust policies of service accounts' roles. */
  public readonly oidcProviderArn: pulumi.Output<string>;
  /** The OIDC issuer's URL, with `https://`. */
  public readonly oidcProviderUrl: pulumi.Output<string>;
  /** ARN of the role that Fargate starts pods with. */
  public readonly podExecutionRoleArn: pulumi.Output<string>;
  /** Name of the role that Fargate starts pods with, for more policies. */
  public readonly podExecutionRoleName: pulumi.Output<string>;
  /** The AWS Region. */
  public readonly region: pulumi.Output<string>;
  /** Namespaces whose pods run on Fargate. */
  public readonly namespaces: pulumi.Output<string[]>;
  /** The NAT gateways that pods go out through, as far as they are known. */
  public readonly nat: pulumi.Output<NatCount>;
  /** Their ids, as far as they are known. */
  public readonly natGatewayIds: pulumi.Output<string[]>;
  /** What AWS bills for control plane, CoreDNS and the network, as far as it is known, in USD an hour (us-east-2). */
  public readonly hourlyCost: pulumi.Output<number>;

  constructor(name: string, args: FargateClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    // Before anything is registered.
    const plan = asRunError(() => readClusterArgs(name, pulumi.getStack(), args));
    const { clusterName, vpcId, controlPlaneSubnetIds, podSubnetIds } = plan;
    // The network by its ids, as a component can be no input of another everywhere.
    const { network, ...rest } = args;
    super(
      "serverless-load-testing:index:FargateCluster",
      name,
      { ...rest, vpcId, controlPlaneSubnetIds, podSubnetIds },
      opts,
    );
    const tags = withStackTag(args.tags);
    const problem = awsCliProblem();
    if (problem !== undefined) pulumi.log.warn(problem, this);

    // Made by the first line of the log otherwise: kept forever, and left behind by destroy.
    const logs = new LogGroup(
      `${name}-control-plane-logs`,
      { name: `/aws/eks/${clusterName}/cluster`, retentionInDays: plan.logRetentionDays, tags },
      { parent: this },
    );
    const podRole = podExecutionRole(name, clusterName, tags, this);
    const inside = insideOf(name, args.tags);
    const cluster = new Cluster(
      `${name}-eks`,
      {
        ...controlPlane(plan),
        accessEntries: adminEntries(plan.admins, this),
        ...kubeconfigCredentials(args, this),
        tags,
      },
      { parent: this, dependsOn: [logs, ...podRole.policies], transforms: [inside.transform] },
    );
    const profile = fargateProfile(
      name,
      plan,
      podRole.role,
      { parent: this, dependsOn: inside.partsOf(cluster) },
      tags,
    );
    // Pods that are there before their profile wait for a node forever.
    const coreDns = coreDnsAddon(name, plan, { parent: this, dependsOn: [profile] }, tags);
    adminAccess(name, plan.admins, clusterName, tags, { parent: this, dependsOn: inside.partsOf(cluster) });
    protectFromDeletion(`${name}-protection`, plan.deletionProtection, [logs, cluster, profile, coreDns], this);

    // With URNs, so that what uses the name waits for the cluster, though a preview knows the name; and what uses the
    // kubeconfig for all that pods need, though a preview does not know a new profile.
    this.clusterName = pulumi.all([clusterName, cluster.urn]).apply(([known]) => known);
    this.endpoint = cluster.core.apply(({ endpoint }) => endpoint);
    const ready = pulumi.all([cluster.kubeconfigJson, profile.urn, coreDns.urn]);
    this.kubeconfig = pulumi.secret(ready.apply(([kubeconfig]) => kubeconfig));
    this.oidcProviderArn = cluster.oidcProviderArn;
    this.oidcProviderUrl = cluster.oidcProviderUrl;
    this.podExecutionRoleArn = podRole.role.arn;
    this.podExecutionRoleName = podRole.role.name;
    this.region = getRegionOutput({}, { parent: this }).region;
    this.namespaces = pulumi.output(plan.namespaces);
    const nat = network === undefined ? undefined : partOf(network, "nat");
    this.nat = pulumi.output(nat).apply((known) => known ?? { gateways: 0, addresses: 0 });
    const natIds = network === undefined ? undefined : partOf(network, "natGatewayIds");
    this.natGatewayIds = pulumi.output(natIds).apply((known) => [...(known ?? [])]);
    const ofNetwork = network === undefined ? 0 : (partOf(network, "hourlyCost") ?? 0);
    this.hourlyCost = pulumi.output(ofNetwork).apply((cost = 0) => clusterHourlyCost(usEast2, 0).total + cost);
    this.registerOutputs({
      clusterName: this.clusterName,
      endpoint: this.endpoint,
      kubeconfig: this.kubeconfig,
      oidcProviderArn: this.oidcProviderArn,
      oidcProviderUrl: this.oidcProviderUrl,
      podExecutionRoleArn: this.podExecutionRoleArn,
      podExecutionRoleName: this.podExecutionRoleName,
      region: this.region,
      namespaces: this.namespaces,
      nat: this.nat,
      natGatewayIds: this.natGatewayIds,
      hourlyCost: this.hourlyCost,
    });
  }

  /**
   * Makes an IAM role that pods of one service account have (IRSA): what their scripts may do in AWS.
   *
   * @example
   * const role = cluster.serviceAccountRole("shop-role", { policyArns: [readsTestUsers.arn] });
   * new LocustDeployment("shop", { cluster, serviceAccountRoleArn: role.arn });
   */
  serviceAccountRole(name: string, args: ServiceAccountRoleArgs): Role {
    return serviceAccountRole(name, args, this);
  }
}

function controlPlane(plan: ClusterPlan): ClusterArgs {
  return {
    name: plan.clusterName,
    version: plan.version,
    vpcId: plan.vpcId,
    subnetIds: plan.controlPlaneSubnetIds,
    // Access entries alone: no ConfigMap to write into the new cluster.
    authenticationMode: "API",
    endpointPrivateAccess: true,
    // Left out, it is true for EKS, but the provider does not wait until the API server answers.
    endpointPublicAccess: true,
    publicAccessCidrs: plan.publicAccessCidrs,
    enabledClusterLogTypes: controlPlaneLogs,
    upgradePolicy: { supportType: "STANDARD" },
    deletionProtection: plan.deletionProtection,
    createOidcProvider: true,
    // What only nodes would use.
    skipDefaultNodeGroup: true,
    skipDefaultSecurityGroups: true,
    useDefaultVpcCni: true,
    kubeProxyAddonOptions: { enabled: false },
    // Made below. The component's own, like its Fargate profile, is missing in previews that do not know all of it.
    corednsAddonOptions: { enabled: false },
  };
}

/** Which pods run on Fargate: before all else that is in the cluster, and gone after it. */
function fargateProfile(
  name: string,
  { clusterName, podSubnetIds, selectors }: ClusterPlan,
  { arn }: Role,
  opts: pulumi.CustomResourceOptions,
  tags: Tags,
): FargateProfile {
  return new FargateProfile(
    `${name}-fargate`,
    // Its own name has random letters: a profile cannot change, and the new one is made before the old one goes.
    { clusterName, podExecutionRoleArn: arn, selectors, subnetIds: podSubnetIds, tags },
    opts,
  );
}

function coreDnsAddon(
  name: string,
  { clusterName, coreDnsVersion }: ClusterPlan,
  opts: pulumi.CustomResourceOptions,
  tags: Tags,
): Addon {
  return new Addon(
    `${name}-coredns`,
    {
      clusterName,
      addonName: "coredns",
      // EKS decides once, when the add-on is made; asking for the newest would change it with each release.
      addonVersion: coreDnsVersion,
      configurationValues: JSON.stringify({ computeType: "Fargate" }),
      // EKS gives each cluster a CoreDNS for nodes.
      resolveConflictsOnCreate: "OVERWRITE",
      resolveConflictsOnUpdate: "OVERWRITE",
      tags,
    },
    opts,
  );
}
