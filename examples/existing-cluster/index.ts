/** Locust on a Kubernetes cluster that exists, with scripts and a secret of one's own. */
import { Provider } from "@pulumi/kubernetes/provider";
import { Config, interpolate } from "@pulumi/pulumi";
import { LocustDeployment } from "serverless-load-testing";

const config = new Config();
const context = config.get("kubeContext");

const locust = new LocustDeployment(
  "shop",
  {
    // The command line finds the cluster by it too.
    kubeContext: context,
    namespace: config.require("namespace"),
    scriptsFolder: "load",
    script: "shop.py",
    targetHost: config.require("targetHost"),
    workerReplicas: config.requireNumber("workers"),
    workerCpu: config.requireNumber("workerCpu"),
    thresholds: ["p95<500", "fail_ratio<1%"],
    secretEnvironment: { API_KEY: config.requireSecret("apiKey") },
  },
  { provider: new Provider("cluster", context ? { context } : {}) },
);

/** For the command line: `npx loadtest run --stack dev`. */
export const loadtest = locust.loadtest;
/** Reaches Locust's web UI at http://127.0.0.1:8089/?token=TOKEN, from this machine only. */
export const dashboard = interpolate`kubectl --namespace ${locust.namespaceName} port-forward service/${locust.serviceName} 8089:${locust.webPort}`;
/** `pulumi stack output token --show-secrets` */
export const token = locust.token;
