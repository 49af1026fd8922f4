/** Reads what the component LoadTestNetwork is given, by the same rules as the stack's config. */
import { SettingsError, type SettingsProblem } from "../../settings/errors";
import {
  checkExistingVpc,
  checkSubnetsFit,
  existingVpcKeys,
  type NetworkPlan,
  type NetworkSettings,
  planNetwork,
} from "../../settings/network";
import { parseKey } from "../../settings/parse";

/** Names of the component's arguments, and the settings that they are. */
const settingOf = {
  cidrBlock: "vpcCidr",
  subnetMask: "subnetMask",
  availabilityZoneCount: "availabilityZoneCount",
  availabilityZoneNames: "availabilityZoneNames",
  layout: "layout",
} as const;

type NetworkArgument = keyof typeof settingOf | (typeof existingVpcKeys)[number];

/**
 * Checks arguments and fills in the settings' defaults. Ids that only AWS will know are taken as they are.
 *
 * @param source what the error names as the origin
 * @returns the plan of a new VPC; with an existing one it means nothing
 * @throws SettingsError with everything that is wrong
 */
export function readNetworkArgs(
  args: Readonly<Partial<Record<NetworkArgument, unknown>>>,
  source: string,
): NetworkPlan {
  const problems: SettingsProblem[] = [];
  const read: Record<string, unknown> = {};
  for (const [argument, key] of Object.entries(settingOf) as [keyof typeof settingOf, keyof NetworkSettings][]) {
    const found = parseKey(key, args[argument]);
    read[key] = found.value;
    problems.push(...found.problems);
  }
  const settings = read as unknown as NetworkSettings;

  const given = existingVpcKeys.filter((key) => {
    if (!isPlain(args[key])) return args[key] !== undefined;
    const found = parseKey(key, args[key]);
    problems.push(...found.problems);
    return found.value !== undefined || found.problems.length > 0;
  });
  problems.push(...checkExistingVpc(given));
  if (problems.length === 0 && given.length === 0) problems.push(...checkSubnetsFit(settings));
  if (problems.length > 0) {
    throw new SettingsError(
      problems.map((problem) => ({ ...problem, key: problem.key.replace(/^vpcCidr/, "cidrBlock") })),
      source,
    );
  }
  return planNetwork(settings);
}

/** Whether a value is known now, and not only when its resource is there. */
function isPlain(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isPlain) : typeof value !== "object";
}
