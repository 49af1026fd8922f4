/**
 * What pods take from beside them. ConfigMaps and Secrets are named after what is in them: a change makes a new one, and
 * pods that name it are replaced. Pulumi would make names up only when it knows the cluster, and `up` would not keep to a
 * first plan.
 */
import { createHmac } from "node:crypto";
import { ConfigMap } from "@pulumi/kubernetes/core/v1/configMap";
import { Secret } from "@pulumi/kubernetes/core/v1/secret";
import { ServiceAccount } from "@pulumi/kubernetes/core/v1/serviceAccount";
import { all, type CustomResourceOptions, type Input, type Output, secret, unsecret } from "@pulumi/pulumi";
import type { LocustDeploymentArgs } from "./args";
import type { LocustPlan } from "./check";
import { commonLabels, type LocustPod, tokenKey } from "./pod";
import { type ConfigMapFiles, readPlugin, volumeItems } from "./scripts";

/** Where objects are made. */
interface ContentsPlace {
  /** Of the component; objects have names that begin with it. */
  readonly name: string;
  readonly namespace: Input<string>;
  readonly opts: CustomResourceOptions;
}

/** All that pods take from beside them; both roles have the same, but for the token. */
export type PodContents = Pick<LocustPod, "plugin" | "scripts" | "environmentSecret" | "serviceAccountName"> & {
  readonly tokenSecret: Output<string>;
};

/** Makes all that pods take from beside them. */
export function makeContents(
  place: ContentsPlace,
  plan: LocustPlan,
  token: Output<string>,
  args: LocustDeploymentArgs,
): PodContents {
  return {
    plugin: configMapOf(place, "plugin", readPlugin()),
    scripts: plan.scripts && configMapOf(place, "scripts", plan.scripts),
    tokenSecret: secretOf(place, "token", { [tokenKey]: token }, token),
    environmentSecret: plan.secretEnvironment && secretOf(place, "environment", plan.secretEnvironment, token),
    serviceAccountName: serviceAccountOf(place, args),
  };
}

/** A ConfigMap of files, as a volume of pods. */
function configMapOf({ name, namespace, opts }: ContentsPlace, part: string, files: ConfigMapFiles) {
  const map = new ConfigMap(
    `${name}-${part}`,
    {
      metadata: { namespace, labels: commonLabels, name: `${name}-${part}-${shortHash(files)}` },
      immutable: true,
      ...files,
    },
    opts,
  );
  const items = volumeItems(files);
  return { name: map.metadata.name, ...(items === undefined ? {} : { items }) };
}

/**
 * A Secret of texts; gives its name.
 *
 * @param key without it nobody can guess from the name what is in the Secret
 */
function secretOf(
  { name, namespace, opts }: ContentsPlace,
  part: string,
  stringData: Input<Record<string, Input<string>>>,
  key: Input<string>,
): Output<string> {
  const named = all([stringData, key]).apply(
    ([inside, secretKey]) => `${name}-${part}-${shortHash(inside, secretKey)}`,
  );
  return new Secret(
    `${name}-${part}`,
    {
      metadata: { namespace, labels: commonLabels, name: unsecret(named) },
      immutable: true,
      stringData: secret(stringData),
    },
    opts,
  ).metadata.name;
}

/** Name of the pods' service account: one that is made for a role, or one that exists; undefined leaves the default. */
function serviceAccountOf(
  { name, namespace, opts }: ContentsPlace,
  { serviceAccountName, serviceAccountRoleArn }: LocustDeploymentArgs,
): Input<string> | undefined {
  if (serviceAccountRoleArn === undefined) return serviceAccountName;
  return new ServiceAccount(
    `${name}-account`,
    {
      metadata: {
        ...{ namespace, labels: commonLabels, name: serviceAccountName ?? "locust" },
        annotations: { "eks.amazonaws.com/role-arn": serviceAccountRoleArn },
      },
      automountServiceAccountToken: false,
    },
    opts,
  ).metadata.name;
}

/** A few letters and digits for what is in an object, with a key that only those know who know what is in it. */
function shortHash(inside: object, key = ""): string {
  return createHmac("sha256", key).update(JSON.stringify(inside)).digest("hex").slice(0, 8);
}
