/** What large tests on Fargate run into first, said in every preview and update that knows enough of them. */
import { lookup } from "node:dns/promises";
import * as pulumi from "@pulumi/pulumi";
import { natProblem, pullProblem } from "../../settings/limits";
import { hostOf } from "../../settings/values/target";
import { partOf } from "../inputs";
import type { LocustCluster } from "./args";
import type { LocustPlan } from "./check";

/** A preview does not wait longer for the target's addresses. */
const lookupSeconds = 3;

/**
 * Warns of what will fail once there are this many users and workers.
 *
 * @returns the warnings, known when the image, the target and the NAT gateways are; registering them makes Pulumi wait
 *   until they are said
 */
export function warnOfLimits(
  component: pulumi.Resource,
  cluster: pulumi.Input<LocustCluster>,
  { settings, targetHost }: LocustPlan,
  image: pulumi.Input<string>,
): pulumi.Output<string[]> {
  const nat = partOf(cluster, "nat");
  return pulumi.output({ nat, image, targetHost }).apply(async (known) => {
    if (known.nat === undefined) return [];
    const { users, workerReplicas: workers } = settings;
    const { addresses } = known.nat;
    const targetAddresses = known.targetHost === undefined ? [] : await addressesOf(known.targetHost);
    const warnings = [
      natProblem({ users, ...known.nat, targetAddresses }),
      pullProblem({ workers, addresses, image: known.image }),
    ].filter((one) => one !== undefined);
    for (const warning of warnings) await pulumi.log.warn(warning, component);
    return warnings;
  });
}

/** The target's IPv4 addresses, as this machine sees them; none where it has no answer in time. */
async function addressesOf(target: string): Promise<string[]> {
  const found = lookup(hostOf(target), { all: true, family: 4 }).catch(() => []);
  const late = new Promise<[]>((resolve) => setTimeout(() => resolve([]), lookupSeconds * 1000).unref());
  return (await Promise.race([found, late])).map(({ address }) => address);
}
