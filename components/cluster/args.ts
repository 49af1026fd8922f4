import type { Input } from "@pulumi/pulumi";
import type { List, Texts } from "../inputs";
import type { NatCount } from "../network/args";

/** What a cluster needs of its network. A LoadTestNetwork is one. */
export interface ClusterNetwork {
  /** The VPC. */
  vpcId: Input<string>;
  /** Subnets of the control plane, in two availability zones or more. */
  controlPlaneSubnetIds: Input<List<Input<string>>>;
  /** Private subnets of the pods, with a way out through NAT. */
  podSubnetIds: Input<List<Input<string>>>;
  /** What the network costs, in USD an hour. Defaults to 0. */
  hourlyCost?: Input<number> | undefined;
  /** The NAT gateways that pods go out through. Defaults to none that are known. */
  nat?: Input<NatCount> | undefined;
  /** Their ids, by which a run asks CloudWatch for them. Defaults to none that are known. */
  natGatewayIds?: Input<List<Input<string>>> | undefined;
}

/** Arguments of a FargateCluster: its network as a whole, or the VPC and its subnets one by one. */
export interface FargateClusterArgs {
  /** The network: a LoadTestNetwork, for one. Needed without vpcId. */
  network?: Input<ClusterNetwork> | undefined;
  /** The VPC that the subnets are in. Needed without network. */
  vpcId?: Input<string> | undefined;
  /**
   * Subnets of the control plane, in two availability zones or more. They cannot be moved to other zones later. Needed
   * without network.
   */
  controlPlaneSubnetIds?: Input<List<Input<string>>> | undefined;
  /**
   * Private subnets of the pods, with a way out through NAT. Changing them replaces the Fargate profile, not more.
   * Needed without network.
   */
  podSubnetIds?: Input<List<Input<string>>> | undefined;
  /**
   * Name of the cluster in EKS. Defaults to the component's name and the stack's, with a dash between them, and a hash
   * where EKS would not take that.
   */
  clusterName?: string | undefined;
  /** Namespaces whose pods run on Fargate beside `default` and CoreDNS; 3 at most. Defaults to `["locust"]`. */
  namespaces?: Input<List<Input<string>>> | undefined;
  /** Version of Kubernetes. Defaults to "1.36". */
  version?: string | undefined;
  /**
   * Version of the CoreDNS add-on, such as "v1.12.4-eksbuild.1". Defaults to the one that EKS takes when the cluster is
   * made; it stays then, also when Kubernetes' version changes.
   */
  coreDnsVersion?: string | undefined;
  /** Who may reach the cluster's API server over the internet: 40 ranges at most. Defaults to `["0.0.0.0/0"]`. */
  publicAccessCidrs?: Input<List<Input<string>>> | undefined;
  /**
   * ARNs of IAM users and roles that administer the cluster. Whoever creates it does so anyway and must not be here,
   * as EKS refuses a second entry. The access entry of an ARN that is an output is named after its place in the list,
   * so that previews know it: moved to another place it is replaced. Defaults to none.
   */
  admins?: List<Input<string>> | undefined;
  /**
   * Refuse to delete the cluster, and all in this component, until this is false again: Pulumi does so before it deletes
   * any of it, and EKS for all others. Defaults to false.
   */
  deletionProtection?: boolean | undefined;
  /** Days that CloudWatch keeps the control plane's log. Defaults to 30. */
  logRetentionDays?: number | undefined;
  /**
   * AWS profile that the kubeconfig gets its tokens with. Defaults to that of the component's AWS provider, or to
   * `aws:profile` of the stack's config.
   */
  kubeconfigProfile?: Input<string> | undefined;
  /**
   * IAM role that the kubeconfig gets its tokens with. Defaults to the only one of `aws:assumeRoles` in the stack's
   * config; that of an AWS provider of one's own must be given here, as providers do not tell it.
   */
  kubeconfigRoleArn?: Input<string> | undefined;
  /** Tags of all that can have tags. Defaults to `load-test:stack` alone, which is the stack's name. */
  tags?: Texts | undefined;
}

/** What a role of a service account is made of. */
export interface ServiceAccountRoleArgs {
  /** Namespace of the service account. Defaults to "locust". */
  namespace?: Input<string> | undefined;
  /** Name of the service account. Defaults to "locust". */
  serviceAccountName?: Input<string> | undefined;
  /** ARNs of the policies that the role has. */
  policyArns: List<Input<string>>;
  /** Tags of the role. Defaults to `load-test:stack` alone, which is the stack's name. */
  tags?: Texts | undefined;
}
