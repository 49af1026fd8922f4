import type { AppsV1Api, CoordinationV1Api, CoreV1Api } from "@kubernetes/client-node";

/** The API of the cluster in KUBECONFIG, through the client that the product uses. */
export async function kubernetesClient(): Promise<{
  core: CoreV1Api;
  apps: AppsV1Api;
  coordination: CoordinationV1Api;
}> {
  const { KubeConfig, CoreV1Api, AppsV1Api, CoordinationV1Api } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromDefault();
  return {
    core: config.makeApiClient(CoreV1Api),
    apps: config.makeApiClient(AppsV1Api),
    coordination: config.makeApiClient(CoordinationV1Api),
  };
}
