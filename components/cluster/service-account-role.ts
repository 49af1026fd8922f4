/** A role that pods of one service account have (IRSA; EKS Pod Identity does not work on Fargate). */
import { Role } from "@pulumi/aws/iam/role";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment";
import * as pulumi from "@pulumi/pulumi";
import { SettingsError } from "../../settings/errors";
import { asRunError } from "../../settings/pulumi-config";
import { type Arguments, argument, checkArguments, readArgument, setting, text, texts } from "../check";
import { withStackTag } from "../stack-tags";
import type { ServiceAccountRoleArgs } from "./args";

const rules: Arguments<ServiceAccountRoleArgs> = {
  namespace: setting("namespace", "yes"),
  serviceAccountName: text("the name of a service account"),
  policyArns: {
    ...argument(
      "a list of the ARNs of policies",
      (value) => Array.isArray(value) && value.every((arn) => typeof arn === "string" && arn.startsWith("arn:")),
    ),
    later: "items",
  },
  tags: texts(),
};

/** The cluster that the service account is in. */
interface Cluster extends pulumi.Resource {
  readonly oidcProviderArn: pulumi.Output<string>;
  readonly oidcProviderUrl: pulumi.Output<string>;
}

/** @throws RunError with everything that is wrong */
export function serviceAccountRole(name: string, args: ServiceAccountRoleArgs, cluster: Cluster): Role {
  const source = `serviceAccountRole ${name}`;
  asRunError(() => {
    const problems = checkArguments(args, rules);
    if (args?.policyArns === undefined && args) {
      problems.push({ key: "policyArns", value: undefined, allowed: rules.policyArns.allowed });
    }
    if (problems.length > 0) throw new SettingsError(problems, source);
  });
  const namespace = readArgument<string>(source, rules.namespace, args.namespace, "namespace");
  const account = args.serviceAccountName ?? "locust";
  const issuer = cluster.oidcProviderUrl.apply((url) => url.replace("https://", ""));
  const condition = pulumi.all([issuer, namespace, account]).apply(([host, within, name]) => ({
    [`${host}:aud`]: "sts.amazonaws.com",
    [`${host}:sub`]: `system:serviceaccount:${within}:${name}`,
  }));
  const role = new Role(
    name,
    {
      description: pulumi.interpolate`Pods of the service account ${account} in the namespace ${namespace}`,
      assumeRolePolicy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Federated: cluster.oidcProviderArn },
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: { StringEquals: condition },
          },
        ],
      }),
      tags: withStackTag(args.tags),
    },
    { parent: cluster },
  );
  for (const [index, policyArn] of args.policyArns.entries()) {
    new RolePolicyAttachment(`${name}-${index + 1}`, { role: role.name, policyArn }, { parent: cluster });
  }
  return role;
}
