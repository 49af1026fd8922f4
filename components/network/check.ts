/** Reads what the component LoadTestNetwork is given, by the same rules as the stack's config. */
import { SettingsError } from "../../settings/errors";
import {
  checkExistingVpc,
  checkSubnetsFit,
  existingVpcKeys,
  type NetworkPlan,
  type NetworkSettings,
  planNetwork,
} from "../../settings/network";
import { type Arguments, checkArguments, setting, texts } from "../check";
import { isLater } from "../inputs";
import type { LoadTestNetworkArgs } from "./args";

export const networkRules: Arguments<LoadTestNetworkArgs> = {
  cidrBlock: setting("vpcCidr"),
  subnetMask: setting("subnetMask"),
  availabilityZoneCount: setting("availabilityZoneCount"),
  availabilityZoneNames: setting("availabilityZoneNames"),
  layout: setting("layout"),
  natAddressesPerGateway: setting("natAddressesPerGateway"),
  vpcId: setting("vpcId", "yes"),
  podSubnetIds: setting("podSubnetIds", "yes"),
  controlPlaneSubnetIds: setting("controlPlaneSubnetIds", "yes"),
  tags: texts(),
};

/**
 * Checks arguments and fills in the settings' defaults.
 *
 * @param source what the error names as the origin
 * @returns the plan of a new VPC; with an existing one it means nothing
 * @throws SettingsError with everything that is wrong
 */
export function readNetworkArgs(
  args: Partial<Record<keyof LoadTestNetworkArgs, unknown>>,
  source: string,
): NetworkPlan {
  const problems = checkArguments(args, networkRules);
  const read = (key: keyof LoadTestNetworkArgs) => networkRules[key].read(args?.[key], key);
  const given = existingVpcKeys.filter((key) => {
    if (isLater(args?.[key])) return true;
    const { value, problems: wrong } = read(key);
    return value !== undefined || wrong.length > 0;
  });
  problems.push(...checkExistingVpc(given, args?.natAddressesPerGateway));
  const settings = {
    layout: read("layout").value,
    vpcCidr: read("cidrBlock").value,
    subnetMask: read("subnetMask").value,
    availabilityZoneCount: read("availabilityZoneCount").value,
    availabilityZoneNames: read("availabilityZoneNames").value,
    natAddressesPerGateway: read("natAddressesPerGateway").value,
  } as unknown as NetworkSettings;
  if (problems.length === 0 && given.length === 0) {
    problems.push(
      ...checkSubnetsFit(settings).map((one) => ({ ...one, key: one.key.replace("vpcCidr", "cidrBlock") })),
    );
  }
  if (problems.length > 0) throw new SettingsError(problems, source);
  return planNetwork(settings);
}
