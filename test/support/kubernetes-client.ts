import type { AppsV1Api, CoordinationV1Api, CoreV1Api } from "@kubernetes/client-node";

/**
 * The API of the cluster in KUBECONFIG, through the client that the product uses.
 *
 * @param user whom to act as, instead of the kubeconfig's own
 */
export async function kubernetesClient(
  user?: string,
): Promise<{ core: CoreV1Api; apps: AppsV1Api; coordination: CoordinationV1Api }> {
  const { KubeConfig, CoreV1Api, AppsV1Api, CoordinationV1Api } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromDefault();
  const own = config.getCurrentUser();
  if (user !== undefined && own !== null) {
    config.users = [...config.users.filter(({ name }) => name !== own.name), { ...own, impersonateUser: user }];
  }
  return {
    core: config.makeApiClient(CoreV1Api),
    apps: config.makeApiClient(AppsV1Api),
    coordination: config.makeApiClient(CoordinationV1Api),
  };
}
