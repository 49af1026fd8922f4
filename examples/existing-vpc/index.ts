/** Locust on a new EKS cluster on Fargate, in a VPC that exists: nothing in the VPC is changed. */
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
  network,
  // Pods of any other namespace would stay pending, as nothing runs them.
  namespaces: [namespace],
});

const locust = new LocustDeployment("load", {
  cluster,
  namespace,
  scriptsFolder: "load",
  script: "visit.py",
  targetHost: config.require("targetHost"),
  workerReplicas: config.requireNumber("workers"),
});

/** For the command line: `npx loadtest run --stack dev`. */
export const loadtest = locust.loadtest;
/** A secret; the command line reaches the cluster with it. */
export const kubeconfig = cluster.kubeconfig;
export const clusterName = cluster.clusterName;
/** `pulumi stack output token --show-secrets` */
export const token = locust.token;
