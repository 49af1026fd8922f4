import type { V1Container, V1Deployment } from "@kubernetes/client-node";
import { type TestDescription, testAnnotation } from "../../../../../settings/deployed/deployed-test";
import { scriptText } from "../../../../../settings/locust";

/** What is deployed, as somebody may write it by hand. */
export interface Described extends Partial<TestDescription> {
  /** The value of `LOADTEST_SCRIPT`; usually what the rest says. */
  readonly variable?: string;
}

/** A Deployment in namespace `load` that runs `a.py`, unless told otherwise. */
export function deployment(
  name: string,
  { variable, ...change }: Described = {},
  { env = [], ...container }: Partial<V1Container> = {},
): V1Deployment {
  const test = {
    version: 1,
    script: "a.py",
    scriptArguments: {},
    tokenSecret: { name: "the-token", key: "token" },
    ...change,
  };
  const script = { name: "LOADTEST_SCRIPT", value: variable ?? scriptText(test) };
  return {
    metadata: {
      ...{ name, namespace: "load", uid: `uid-of-${name}` },
      annotations: { other: "stays", [testAnnotation]: JSON.stringify(test) },
    },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [
            { name: "sidecar", args: ["-f", "other"] },
            { name: "locust", env: [{ name: "TARGET", value: "shop" }, script, ...env], ...container },
          ],
        },
      },
    },
  };
}
