import type { V1Container, V1Deployment } from "@kubernetes/client-node";

const token = {
  name: "LOADTEST_TOKEN",
  valueFrom: { secretKeyRef: { name: "the-token", key: "token" } },
};

/** A Deployment that somebody wrote by hand, in namespace `load`; its container has a token and a variable TARGET. */
export function deployment(name: string, { env = [], ...container }: Partial<V1Container>): V1Deployment {
  return {
    metadata: { name, namespace: "load", uid: `uid-of-${name}` },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            { name: "sidecar", args: ["-f", "other"] },
            { name: "locust", env: [token, { name: "TARGET", value: "shop" }, ...env], ...container },
          ],
        },
      },
    },
  };
}
