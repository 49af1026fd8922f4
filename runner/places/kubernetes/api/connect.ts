import type { KubeConfig } from "@kubernetes/client-node";
import { type RunnerError, UsageError } from "../../../errors";
import { Cluster } from "./cluster";
import { useExecPlugin } from "./credentials";
import { explainFailure, unreadableFile } from "./failures";
import { type KubeconfigSource, loadKubeconfig, selectContext } from "./kubeconfig";
import { proxyFor } from "./proxy";

/** Where a load test is. */
export interface ConnectOptions extends KubeconfigSource {
  /** The kubeconfig's current context unless told. */
  readonly context?: string;
  readonly namespace: string;
}

/**
 * Finds the cluster and gets credentials for it; no call is made yet. Rejects with a UsageError where the kubeconfig is
 * not as it must be, and with a RunnerError where the program that it names gives no credentials.
 */
export async function connectCluster(options: ConnectOptions, env: NodeJS.ProcessEnv = process.env): Promise<Cluster> {
  // It takes half a second to load, which a command without a cluster need not wait for.
  const kube = await import("@kubernetes/client-node");
  const kubeConfig = await loadKubeconfig(kube, options, env);
  selectContext(kubeConfig, options.context);
  prepareServer(kubeConfig, env);
  prepareUser(kubeConfig, env);
  const cluster = new Cluster(kube, kubeConfig, options.namespace);
  try {
    await kubeConfig.applyToHTTPSOptions({});
  } catch (error) {
    throw explainCredentials(error, cluster);
  }
  return cluster;
}

/** The client knows a proxy of the kubeconfig, but not those of the environment, and refuses to do without TLS. */
function prepareServer(kubeConfig: KubeConfig, env: NodeJS.ProcessEnv): void {
  const cluster = kubeConfig.getCurrentCluster();
  if (cluster === null) return;
  const proxyUrl = cluster.proxyUrl ?? proxyFor(cluster.server, env);
  const plain = cluster.server.startsWith("http:");
  const prepared = {
    ...cluster,
    ...(proxyUrl === undefined ? {} : { proxyUrl }),
    ...(plain ? { skipTLSVerify: true } : {}),
  };
  kubeConfig.clusters = kubeConfig.clusters.map((other) => (other.name === cluster.name ? prepared : other));
}

/** The client heeds the cluster's certificate only where there is a user, and, unlike kubectl, sends credentials openly. */
function prepareUser(kubeConfig: KubeConfig, env: NodeJS.ProcessEnv): void {
  const plain = kubeConfig.getCurrentCluster()?.server.startsWith("http:") === true;
  if (plain || kubeConfig.getCurrentUser() === null) setNobody(kubeConfig);
  else useExecPlugin(kubeConfig, env);
}

function setNobody(kubeConfig: KubeConfig): void {
  const current = kubeConfig.getCurrentContext();
  const nobody = { name: "nobody" };
  kubeConfig.users = [nobody];
  kubeConfig.contexts = kubeConfig.contexts.map((other) =>
    other.name === current ? { ...other, user: nobody.name } : other,
  );
}

function explainCredentials(error: unknown, cluster: Cluster): RunnerError {
  const file = unreadableFile(error);
  if (file !== undefined) return new UsageError(`the kubeconfig names ${file}, which cannot be read`, { cause: error });
  return explainFailure(error, `use the credentials of context ${cluster.context}`, cluster);
}
