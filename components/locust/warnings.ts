/** What large tests on Fargate run into first, said in every preview and update that knows enough of them. */
import { lookup } from "node:dns/promises";
import * as pulumi from "@pulumi/pulumi";
import { mayExceedNat, natProblem, pullProblem } from "../../settings/limits";
import { hostOf } from "../../settings/values/target";
import { partOf } from "../inputs";
import type { LocustCluster } from "./args";
import type { LocustPlan } from "./check";

/** A preview does not wait longer for the target's addresses. */
const lookupSeconds = 3;

/**
 * Warns of what will fail once there are this many users and workers.
 *
 * @returns the warnings, as far as a preview knows what they depend on; registering them makes Pulumi wait until they
 *   are said
 */
export function warnOfLimits(
  component: pulumi.Resource,
  cluster: pulumi.Input<LocustCluster>,
  { settings, targetHost }: LocustPlan,
  image: pulumi.Input<string>,
): pulumi.Output<string[]> {
  const { users, workerReplicas: workers } = settings;
  const nat = partOf(cluster, "nat");
  // One by one, as an image that is still to be built must not hide the other.
  const ofNat = pulumi.output({ nat, targetHost }).apply(async (known) => {
    if (known.nat === undefined || !mayExceedNat(users, known.nat.addresses)) return undefined;
    const targetAddresses = known.targetHost === undefined ? undefined : await addressesOf(known.targetHost);
    return natProblem({ users, ...known.nat, targetAddresses });
  });
  const ofPulls = pulumi
    .output({ nat, image })
    .apply((known) => known.nat && pullProblem({ workers, addresses: known.nat.addresses, image: known.image }));
  const said = [ofNat, ofPulls].map((problem) =>
    problem.apply(async (text) => {
      if (text !== undefined) await pulumi.log.warn(text, component);
      return text;
    }),
  );
  return pulumi.all(said).apply((texts) => texts.filter((text) => text !== undefined));
}

/** The target's addresses, as this machine sees them; undefined where it has no answer in time. */
async function addressesOf(target: string): Promise<string[] | undefined> {
  const found = lookup(hostOf(target), { all: true }).catch(() => undefined);
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), lookupSeconds * 1000).unref());
  return (await Promise.race([found, late]))?.map(({ address }) => address);
}
