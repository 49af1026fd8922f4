/** The rules between keys. Each looks only at keys that are right by themselves. */
import { hiddenSecret, type SettingsProblem } from "./errors";
import type { Settings, SettingsKey } from "./schema";
import { parseCidr, prefixForParts } from "./values/cidr";
import { fargateOverheadMiB, largestMemory } from "./values/fargate";

/** What is known when the rules run. */
export interface Checked {
  /** The keys that are right by themselves, defaults filled in. */
  readonly valid: Partial<Settings>;
  /** The keys that are wrong by themselves: given, but with nothing to be said about their value. */
  readonly wrong: ReadonlySet<SettingsKey>;
}

/** Problems that no key has alone, in the order of the rules; empty when all is well. */
export function checkRules(checked: Checked): SettingsProblem[] {
  return [kubeContext, existingVpc, subnetsFit, memoryFits, oneValuePerVariable].flatMap((rule) => rule(checked));
}

function kubeContext({ valid: { platform, kubeContext } }: Checked): SettingsProblem[] {
  return kubeContext === undefined || platform !== "eks-fargate"
    ? []
    : [{ key: "kubeContext", value: kubeContext, allowed: 'left out unless platform is "existing"' }];
}

function existingVpc({ valid, wrong }: Checked): SettingsProblem[] {
  const together = ["vpcId", "podSubnetIds", "controlPlaneSubnetIds"] as const;
  const given = together.filter((key) => valid[key] !== undefined || wrong.has(key));
  if (given.length === 0) return [];
  return together
    .filter((key) => !given.includes(key))
    .map((key) => ({ key, value: undefined, allowed: `given, as ${given.join(" and ")} ${given[1] ? "are" : "is"}` }));
}

function subnetsFit({ valid, wrong }: Checked): SettingsProblem[] {
  const { vpcCidr, subnetMask, availabilityZoneCount, availabilityZoneNames, vpcId } = valid;
  const zones = wrong.has("availabilityZoneNames")
    ? undefined
    : (availabilityZoneNames?.length ?? availabilityZoneCount);
  if (vpcCidr === undefined || subnetMask === undefined || zones === undefined) return [];
  // An existing VPC has its subnets already.
  if (vpcId !== undefined || wrong.has("vpcId")) return [];

  const vpcPrefix = parseCidr(vpcCidr).prefix;
  const least = prefixForParts(vpcPrefix, 2 * zones);
  if (subnetMask >= least) return [];
  const why = `${2 * zones} subnets, a public and a private one in each of ${zones} availability zones`;
  if (least > 28) {
    const widest = 28 - (least - vpcPrefix);
    return [{ key: "vpcCidr", value: vpcCidr, allowed: `a range of prefix 16 to ${widest}, to have room for ${why}` }];
  }
  const range = least === 28 ? "28" : `an integer from ${least} to 28`;
  return [{ key: "subnetMask", value: subnetMask, allowed: `${range}: ${vpcCidr} is divided into ${why}` }];
}

function memoryFits({ valid }: Checked): SettingsProblem[] {
  return (["worker", "control"] as const).flatMap((role) => {
    const [cpu, memory] = [valid[`${role}Cpu`], valid[`${role}Memory`]];
    const most = cpu === undefined ? undefined : largestMemory(cpu);
    if (memory === undefined || most === undefined || memory <= most) return [];
    const largest = `Fargate's largest size at ${cpu} vCPU is ${most + fargateOverheadMiB}, ${fargateOverheadMiB} of it its own`;
    return [
      { key: `${role}Memory`, value: memory, allowed: `at most ${most} (MiB) with ${role}Cpu ${cpu}: ${largest}` },
    ];
  });
}

function oneValuePerVariable({ valid: { environment = {}, secretEnvironment = {} } }: Checked): SettingsProblem[] {
  return Object.keys(secretEnvironment)
    .filter((name) => Object.hasOwn(environment, name))
    .map((name) => ({
      key: `secretEnvironment.${name}`,
      value: hiddenSecret,
      allowed: "left out here or in environment, not given in both",
    }));
}
