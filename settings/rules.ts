/** The rules between keys. Each looks only at keys that are right by themselves. */
import { hiddenSecret, type SettingsProblem } from "./errors";
import { checkExistingVpc, checkPodAddresses, checkSubnetsFit, existingVpcKeys } from "./network";
import type { Settings, SettingsKey } from "./schema";
import { fargateCpus, fargateOverheadMiB, largestMemory } from "./values/fargate";
import { isObject } from "./values/object";
import { isAllowedTarget } from "./values/target";
import { correctedTime } from "./values/threshold";

/** The scripts' folder that the image is made of. */
const imageScripts = "locust/scripts";

/** What is known when the rules run. */
export interface Checked {
  /** The keys that are right by themselves and by the rules before, defaults filled in. */
  readonly valid: Partial<Settings>;
  /** The keys that are wrong already: given, but with nothing to be said about their value. */
  readonly wrong: ReadonlySet<SettingsKey>;
}

/** Problems that no key has alone. */
export type Rule = (checked: Checked) => SettingsProblem[];

/** Keys that mean nothing on the other platform, and what they must be there. */
const ofPlatform: readonly (readonly [SettingsKey, Settings["platform"], string])[] = [
  ["kubeContext", "existing", "left out"],
  ["nodeSelector", "existing", "left out"],
  ["tolerations", "existing", "left out"],
  // A cluster that exists is not the stack's to protect.
  ["deletionProtection", "eks-fargate", "false"],
  ["observability", "eks-fargate", "false"],
];

function platformKeys({ valid }: Checked): SettingsProblem[] {
  return ofPlatform.flatMap(([key, platform, allowed]) => {
    const value = valid[key];
    const isSet = isObject(value) ? Object.keys(value).length > 0 : Boolean(value);
    if (!isSet || valid.platform === undefined || valid.platform === platform) return [];
    return [{ key, value, allowed: `${allowed} unless platform is "${platform}"` }];
  });
}

/** The program makes the namespace, and destroys it with all that is in it. */
function ownNamespace({ valid: { namespace } }: Checked): SettingsProblem[] {
  return namespace === "default" || namespace?.startsWith("kube-")
    ? [{ key: "namespace", value: namespace, allowed: "a namespace of its own, which is destroyed with the stack" }]
    : [];
}

function existingVpc({ valid, wrong }: Checked): SettingsProblem[] {
  const given = existingVpcKeys.filter((key) => valid[key] !== undefined || wrong.has(key));
  return checkExistingVpc(given, valid.natAddressesPerGateway);
}

function networkFits({ valid, wrong }: Checked): SettingsProblem[] {
  const { platform, layout, vpcCidr, subnetMask, availabilityZoneNames, vpcId, workerReplicas } = valid;
  const availabilityZoneCount = availabilityZoneNames?.length ?? valid.availabilityZoneCount;
  // Only EKS gets a network made for it, and an existing VPC has its subnets already.
  if (platform !== "eks-fargate" || vpcId !== undefined || wrong.has("vpcId")) return [];
  if (layout === undefined || vpcCidr === undefined || subnetMask === undefined) return [];
  if (availabilityZoneCount === undefined || wrong.has("availabilityZoneNames")) return [];

  const { natAddressesPerGateway = 1 } = valid;
  const network = {
    ...{ layout, vpcCidr, subnetMask, availabilityZoneCount, availabilityZoneNames },
    natAddressesPerGateway,
  };
  const problems = checkSubnetsFit(network);
  return problems.length > 0 || workerReplicas === undefined
    ? problems
    : checkPodAddresses({ ...network, workerReplicas });
}

/** The program builds one image, of the folder `locust/`, and pushes it to ECR; one of one's own is used as it is. */
function imageDelivery({ valid, wrong }: Checked): SettingsProblem[] {
  const { scriptDelivery, platform, scriptsFolder, image } = valid;
  if (scriptDelivery !== "image" || image !== undefined || wrong.has("image")) return [];
  const problems: SettingsProblem[] = [];
  if (platform === "existing") {
    const allowed = '"configmap" with platform existing, as there is no registry to push an image to';
    problems.push({ key: "scriptDelivery", value: scriptDelivery, allowed });
  }
  if (scriptsFolder !== undefined && scriptsFolder !== imageScripts) {
    const allowed = `${imageScripts} with scriptDelivery "image", as the image has that folder`;
    problems.push({ key: "scriptsFolder", value: scriptsFolder, allowed });
  }
  return problems;
}

/** The program brings Locust's own image, and no other, into ECR. */
function imageInEcr({ valid: { imageSource, platform, image } }: Checked): SettingsProblem[] {
  if (imageSource !== "ecr") return [];
  const problem = (allowed: string) => [{ key: "imageSource", value: imageSource, allowed }];
  if (platform === "existing")
    return problem('"docker-hub" with platform existing, as there is no registry of the stack\'s');
  return image === undefined ? [] : problem("left out with image, which says where pods pull from");
}

/** Locust's own image comes into ECR as it is, without OpenTelemetry's packages. */
function otelInEcr({ valid: { imageSource, scriptDelivery, otelEndpoint, image } }: Checked): SettingsProblem[] {
  const isMirrored = imageSource === "ecr" && scriptDelivery === "configmap" && image === undefined;
  if (!isMirrored || otelEndpoint === undefined) return [];
  const allowed = `left out with imageSource "ecr": that image lacks OpenTelemetry; ${otelInImage}`;
  return [{ key: "otelEndpoint", value: otelEndpoint, allowed }];
}

const otelInImage = 'put locust[otel] into locust/requirements.txt and set scriptDelivery "image"';

/** A run to any other host is refused; where nothing says a target, the plugin looks at what the run has. */
export function targetIsAllowed({ valid: { targetHost, allowedHosts } }: Checked): SettingsProblem[] {
  if (targetHost === undefined || allowedHosts === undefined || isAllowedTarget(targetHost, allowedHosts)) return [];
  return [{ key: "targetHost", value: targetHost, allowed: `on one of allowedHosts: ${allowedHosts.join(", ")}` }];
}

/** On Fargate a pod has one of its sizes; nodes of other clusters take any. */
export function fargateSizes({ valid }: Checked): SettingsProblem[] {
  if (valid.platform !== "eks-fargate") return [];
  return (["worker", "control"] as const).flatMap((role) => {
    const [cpu, memory] = [valid[`${role}Cpu`], valid[`${role}Memory`]];
    if (cpu === undefined) return [];
    const most = largestMemory(cpu);
    if (most === undefined) {
      return [{ key: `${role}Cpu`, value: cpu, allowed: `one of Fargate's vCPU sizes: ${fargateCpus.join(", ")}` }];
    }
    if (memory === undefined || memory <= most) return [];
    const largest = `Fargate's largest size at ${cpu} vCPU is ${most + fargateOverheadMiB}, ${fargateOverheadMiB} of it its own`;
    return [
      { key: `${role}Memory`, value: memory, allowed: `at most ${most} (MiB) with ${role}Cpu ${cpu}: ${largest}` },
    ];
  });
}

/** Only what is in CloudWatch makes alarms. */
function alarmsNeedObservability({ valid, wrong }: Checked): SettingsProblem[] {
  if (valid.observability !== false || wrong.has("observability")) return [];
  return (["alarmEmails", "alarmWebhooks", "alarmSlack"] as const)
    .filter((key) => valid[key] !== undefined)
    .map((key) => ({ key, value: valid[key], allowed: "left out unless observability is true" }));
}

/** Only iterations that are due at a time can be late. */
export function correctedNeedsArrivals({ valid: { thresholds = [], arrivalRate }, wrong }: Checked): SettingsProblem[] {
  if (arrivalRate !== undefined || wrong.has("arrivalRate")) return [];
  return thresholds.flatMap(({ metric, text }, index) => {
    const time = correctedTime(metric);
    const allowed = `on ${time} instead of ${metric}, unless arrivalRate is set: only then iterations have a time to start`;
    return time === undefined ? [] : [{ key: `thresholds[${index}]`, value: text, allowed }];
  });
}

/** A variable is a secret or it is not. */
export function oneValuePerVariable({
  valid: { environment = {}, secretEnvironment = {} },
}: Checked): SettingsProblem[] {
  return Object.keys(secretEnvironment)
    .filter((name) => Object.hasOwn(environment, name))
    .map((name) => ({
      key: `secretEnvironment.${name}`,
      value: hiddenSecret,
      allowed: "left out here or in environment, not given in both",
    }));
}

/** Every rule of a stack's settings, in the order in which their problems are told. */
export const stackRules: readonly Rule[] = [
  ...[platformKeys, ownNamespace, existingVpc, networkFits, imageDelivery],
  ...[imageInEcr, otelInEcr, fargateSizes, oneValuePerVariable, targetIsAllowed, alarmsNeedObservability],
  correctedNeedsArrivals,
];
