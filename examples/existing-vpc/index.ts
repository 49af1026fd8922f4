/** Locust on a new EKS cluster on Fargate, in a VPC that exists: nothing in the VPC is changed. */
import { Provider } from "@pulumi/kubernetes/provider";
import { Config } from "@pulumi/pulumi";
import { FargateCluster, LoadTestNetwork, LocustDeployment } from "serverless-load-testing";

const config = new Config();
const namespace = config.require("namespace");

const network = new LoadTestNetwork("load", {
  vpcId: config.require("vpcId"),
  podSubnetIds: config.requireObject<string[]>("podSubnetIds"),
  controlPlaneSubnetIds: config.requireObject<string[]>("controlPlaneSubnetIds"),
});

const cluster = new FargateCluster("load", {
  vpcId: network.vpcId,
  podSubnetIds: network.podSubnetIds,
  controlPlaneSubnetIds: network.controlPlaneSubnetIds,
  // Pods of any other namespace would stay pending, as nothing runs them.
  namespaces: [namespace],
});

const locust = new LocustDeployment(
  "load",
  {
    namespace,
    scriptsFolder: "load",
    script: "visit.py",
    targetHost: config.require("targetHost"),
    workerReplicas: config.requireNumber("workers"),
  },
  // Deleted before the cluster is.
  { provider: new Provider("cluster", { kubeconfig: cluster.kubeconfig }, { dependsOn: cluster }) },
);

export const clusterName = cluster.clusterName;
/** `pulumi stack output token --show-secrets` */
export const token = locust.token;
