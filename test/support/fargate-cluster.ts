import * as pulumi from "@pulumi/pulumi";
import type { FargateClusterArgs } from "../../components/cluster/fargate-cluster";
import { known, mockEngine, type Registered } from "./mock-engine";

export const clusterType = "eks:index:Cluster";
export const roleType = "aws:iam/role:Role";

export const required = {
  vpcId: "vpc-1",
  controlPlaneSubnetIds: ["subnet-1", "subnet-2"],
  podSubnetIds: ["subnet-1"],
};
export const roleArn = "arn:aws-cn:iam::210987654321:role/pods";
export const kubeconfig = '{"kind":"Config"}';

/** What the real providers would give back. */
export function outputsOf({ type }: Registered): Record<string, unknown> {
  if (type === roleType) return { arn: roleArn, name: "pods" };
  if (type !== clusterType) return {};
  return {
    core: { endpoint: "https://cluster" },
    kubeconfigJson: kubeconfig,
    oidcProviderArn: "arn:oidc",
    oidcProviderUrl: "https://oidc",
  };
}

/** Another partition than most, so that nothing can take it for granted. */
export const answers: Record<string, Record<string, unknown>> = {
  "aws:index/getPartition:getPartition": { partition: "aws-cn" },
  "aws:index/getRegion:getRegion": { region: "cn-north-1" },
  "aws:index/getCallerIdentity:getCallerIdentity": { accountId: "210987654321" },
};

/** Makes a cluster as in an update, or as in a preview of one. */
export async function make(args: Partial<FargateClusterArgs> = {}, preview = false, name = "load") {
  const engine = await mockEngine(preview ? () => ({}) : outputsOf, preview, ({ token }) => answers[token] ?? {});
  const { FargateCluster } = await import("../../components/cluster/fargate-cluster.js");
  const cluster = new FargateCluster(name, { ...required, ...args });
  await known(cluster.urn);
  await pulumi.runtime.disconnect();
  return { cluster, engine };
}

/** What the EKS cluster is given. */
export async function inputsWith(args: Partial<FargateClusterArgs> = {}) {
  return (await make(args)).engine.one(clusterType).inputs;
}
