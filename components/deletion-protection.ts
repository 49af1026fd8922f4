import * as pulumi from "@pulumi/pulumi";

/**
 * Something that Pulumi has to delete before all that it depends on, and refuses to delete while it is protected.
 *
 * Pulumi refuses only the resource that is protected and what that depends on; a protected cluster would lose first all
 * that depends on it. What is protected here can still be changed and replaced. It is there without protection too, as
 * taking it away would be to delete it.
 */
export function protectFromDeletion(
  name: string,
  on: boolean,
  all: readonly pulumi.Resource[],
  parent?: pulumi.Resource,
): void {
  new pulumi.ComponentResource(
    "serverless-load-testing:index:DeletionProtection",
    name,
    {},
    { protect: on, dependsOn: [...all], ...(parent === undefined ? {} : { parent }) },
  );
}
