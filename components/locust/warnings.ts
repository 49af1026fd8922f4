/** What a test would run into, said in every preview: a target that does not answer, and limits of large tests. */
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import { isPublic, mayExceedNat, natProblem, pullProblem } from "../../settings/limits";
import { hostOf, portOf } from "../../settings/values/target";
import { partOf } from "../inputs";
import type { LocustCluster } from "./args";
import type { LocustPlan } from "./check";

/** A preview does not wait longer for the target's addresses, or its answer. */
const patience = 3000;

/**
 * Warns of what will fail once there are this many users and workers, and in previews of a target that does not answer.
 *
 * @returns the warnings, as far as a preview knows what they depend on; registering them makes Pulumi wait until they
 *   are said
 */
export function warnOfProblems(
  component: pulumi.Resource,
  cluster: pulumi.Input<LocustCluster> | undefined,
  { settings, targetHost }: LocustPlan,
  image: pulumi.Input<string>,
): pulumi.Output<string[]> {
  const { users, workerReplicas: workers } = settings;
  const nat = cluster === undefined ? undefined : partOf(cluster, "nat");
  // One by one, as an image that is still to be built must not hide the other.
  const ofNat = pulumi.output({ nat, targetHost }).apply(async (known) => {
    if (known.nat === undefined || !mayExceedNat(users, known.nat.addresses)) return undefined;
    const targetAddresses = known.targetHost === undefined ? undefined : await addressesOf(known.targetHost);
    return natProblem({ users, ...known.nat, targetAddresses });
  });
  const ofPulls = pulumi
    .output({ nat, image })
    .apply((known) => known.nat && pullProblem({ workers, addresses: known.nat.addresses, image: known.image }));
  // An update has been previewed, and changes nothing of what answers.
  const tried = pulumi.runtime.isDryRun() ? targetHost : undefined;
  const ofTarget = pulumi.output(tried).apply(async (target) => target && targetProblem(target));
  const said = [ofNat, ofPulls, ofTarget].map((problem) =>
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
  const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), patience).unref());
  return (await Promise.race([found, late]))?.map(({ address }) => address);
}

/** What is wrong with a target; nothing is said of what only pods may reach: private addresses, and names unknown here. */
async function targetProblem(target: string): Promise<string | undefined> {
  const addresses = await addressesOf(target);
  if (addresses?.every((address) => /^127\.|^::1$/.test(address))) {
    return `${target} is each pod itself, where only Locust listens: set targetHost to what pods reach`;
  }
  return addresses?.some(isPublic) ? connectionProblem(target) : undefined;
}

/** What is wrong where nothing accepts a connection at a target, as seen from this machine. */
export async function connectionProblem(target: string): Promise<string | undefined> {
  const socket = connect({ host: hostOf(target), port: portOf(target) });
  socket.setTimeout(patience, () => socket.destroy(new Error(`no answer within ${patience / 1000} s`)));
  try {
    await once(socket, "connect");
    return undefined;
  } catch (error) {
    return `${target} does not answer here: ${(error as Error).message}. Is it up, and are port and name right?`;
  } finally {
    socket.destroy();
  }
}
