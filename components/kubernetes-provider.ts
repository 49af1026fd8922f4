/** How a component reaches a cluster that it is given. */
import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { partOf } from "./inputs";

/** Stands for all that the Kubernetes provider makes. */
export const anyObject = "kubernetes:core/v1:Namespace";

/** The provider for a cluster that is given; undefined where the options name one. Objects go before what they need. */
export function kubernetesProvider(
  name: string,
  cluster: pulumi.Input<{ readonly kubeconfig: pulumi.Input<string> }>,
  component: pulumi.ComponentResource,
  parent: pulumi.Resource | undefined,
): Provider | undefined {
  const ofOptions = component.getProvider(anyObject);
  if (ofOptions !== undefined && ofOptions !== parent?.getProvider(anyObject)) return undefined;
  const dependsOn = pulumi.Resource.isInstance(cluster) ? [cluster] : [];
  return new Provider(
    `${name}-cluster`,
    { kubeconfig: partOf(cluster, "kubeconfig") },
    { parent: component, dependsOn },
  );
}
