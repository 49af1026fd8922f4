/** How the kubeconfig gets its tokens: by the AWS command line, with the credentials that the cluster is made with. */
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Provider } from "@pulumi/aws/provider";
import { Config, type Input, output, type Resource } from "@pulumi/pulumi";
import type { FargateClusterArgs } from "./args";

interface Credentials {
  profileName?: Input<string>;
  roleArn?: Input<string>;
}

/**
 * The argument `providerCredentialOpts` of an EKS cluster: what the arguments say, else what the AWS provider does. It is
 * left out where the AWS command line finds its credentials as the provider does.
 */
export function kubeconfigCredentials(
  { kubeconfigProfile, kubeconfigRoleArn }: FargateClusterArgs,
  component: Resource,
): { providerCredentialOpts?: Input<Credentials> } {
  const provider = component.getProvider("aws:eks/cluster:Cluster") as Partial<Provider> | undefined;
  const config = new Config("aws");
  const ofConfig = provider === undefined ? { profile: config.get("profile"), roleArn: onlyRole(config) } : {};
  const profileName = kubeconfigProfile ?? provider?.profile ?? ofConfig.profile;
  const roleArn = kubeconfigRoleArn ?? ofConfig.roleArn;
  if (profileName === undefined && roleArn === undefined) return {};
  const providerCredentialOpts = output({ profileName, roleArn }).apply((known) =>
    Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined && value !== "")),
  );
  return { providerCredentialOpts };
}

/** With a chain of roles, or an external id, `aws eks get-token` cannot do what the provider does. */
function onlyRole(config: Config): string | undefined {
  const roles = config.getObject<readonly { readonly roleArn?: string; readonly externalId?: string }[]>("assumeRoles");
  const [role, ...others] = roles ?? [];
  return others.length > 0 || role?.externalId !== undefined ? undefined : role?.roleArn;
}

/** What is wrong where the AWS command line is missing: an update would only fail once the cluster is there. */
export function awsCliProblem(path = process.env.PATH ?? ""): string | undefined {
  const files = path.split(delimiter).flatMap((folder) => ["aws", "aws.exe"].map((name) => join(folder, name)));
  if (files.some(existsSync)) return undefined;
  return "aws is not on the PATH: the cluster's kubeconfig calls aws eks get-token. See https://docs.aws.amazon.com/cli";
}
