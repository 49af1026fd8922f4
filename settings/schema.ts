/** Every setting of a load test, once: its type, default, range and description. */
import * as z from "zod";
import {
  addonVersion,
  checkedBy,
  cpu,
  cpuAllowed,
  describeKey,
  environment,
  type KeyDescription,
  key,
  labelPattern,
  listOf,
  memory,
  memoryAllowed,
  readBy,
  scriptArguments,
  scriptName,
  subnetAllowed,
  subnets,
  textsByName,
  tolerations,
  vpcPattern,
} from "./keys";
import { loadKeys } from "./load-keys";
import { observabilityKeys } from "./observability-keys";
import { isVpcRange, parsePublicCidr, publicCidrAllowed } from "./values/cidr";
import { kubernetesVersionAllowed, kubernetesVersionNames } from "./values/kubernetes-versions";
import { hostAllowed, isAllowedHost, parseTarget, targetAllowed } from "./values/target";

/**
 * The schema. Rules between keys are in `rules.ts`; `parseSettings` applies both and reports in words for people,
 * so nothing else should call `parse` here. Defaults are what one would write, and go through the same checks.
 */
export const settingsSchema = z.strictObject({
  platform: key(z.enum(["eks-fargate", "existing"]).prefault("eks-fargate"), {
    description: "Where the cluster comes from: a new EKS cluster on Fargate, or one that exists.",
    allowed: '"eks-fargate" or "existing"',
  }),
  kubeContext: key(z.string().min(1).optional(), {
    description: "Context of the kubeconfig, with platform existing; left out, the current one.",
    allowed: "the name of a context in the kubeconfig",
  }),
  layout: key(z.enum(["multi-az", "single-az"]).prefault("multi-az"), {
    description: "Pods in every availability zone, or all in the first: cheaper, and down when that zone is.",
    allowed: '"multi-az" or "single-az"',
  }),
  vpcCidr: key(z.string().refine(isVpcRange).prefault("10.0.0.0/16"), {
    description: "Addresses of the new VPC.",
    allowed: 'a private IPv4 range of prefix 16 to 28 that starts at its first address, such as "10.0.0.0/16"',
  }),
  subnetMask: key(z.int().min(16).max(28).prefault(22), {
    description: "Prefix of every subnet in the new VPC; a pod takes an address, and a /22 holds about 1,000 pods.",
    allowed: "an integer from 16 to 28",
  }),
  availabilityZoneCount: key(z.int().min(2).max(6).prefault(3), {
    description: "How many availability zones the new VPC has subnets in.",
    allowed: "an integer from 2 to 6",
  }),
  availabilityZoneNames: key(listOf(z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d+[a-z]$/), { min: 2, max: 6 }).optional(), {
    description: "The availability zones by name, instead of the first ones of the region.",
    allowed: "a list of 2 to 6 availability zones",
    items: 'an availability zone, such as "us-east-2a"',
  }),
  vpcId: key(z.string().regex(vpcPattern).optional(), {
    description: "A VPC that exists, to be used instead of a new one; needs both lists of subnets.",
    allowed: 'a VPC\'s id, such as "vpc-0123456789abcdef0"',
  }),
  podSubnetIds: key(subnets(1), {
    description: "Private subnets of the VPC that exists, for pods; they need a way out through NAT.",
    allowed: "a list of subnet ids",
    items: subnetAllowed,
  }),
  controlPlaneSubnetIds: key(subnets(2), {
    description: "Subnets of the VPC that exists, in two availability zones or more, for the EKS control plane.",
    allowed: "a list of 2 subnet ids or more",
    items: subnetAllowed,
  }),
  natAddressesPerGateway: key(z.int().min(1).max(8).prefault(1), {
    description:
      "Public addresses of each NAT gateway in the new VPC; each takes 55,000 connections at a time to one address.",
    allowed: "an integer from 1 to 8",
  }),
  natErrors: key(z.enum(["invalid", "warn"]).prefault("invalid"), {
    description: "What a run is in which NAT gateways had no port for a connection: invalid, or judged with a warning.",
    allowed: '"invalid" or "warn"',
  }),
  kubernetesVersion: key(z.enum(kubernetesVersionNames).prefault("1.36"), {
    description: "Version of the EKS control plane.",
    allowed: kubernetesVersionAllowed,
  }),
  coreDnsVersion: key(z.string().regex(addonVersion).optional(), {
    description: "Version of EKS's CoreDNS add-on; left out, the one that EKS took when the cluster was made.",
    allowed: 'a version of the add-on, such as "v1.12.4-eksbuild.1"',
  }),
  // EKS takes 40.
  publicAccessCidrs: key(listOf(checkedBy(parsePublicCidr), { min: 1, max: 40 }).prefault(["0.0.0.0/0"]), {
    description: "Who may reach the API server of the cluster over the internet; it asks for AWS credentials anyway.",
    allowed: "a list of 1 to 40 IPv4 ranges",
    items: publicCidrAllowed,
  }),
  clusterAdmins: key(listOf(z.string().regex(/^arn:aws(-[a-z]+)*:iam::\d{12}:(user|role)\/[\w+=,.@/-]+$/)).optional(), {
    description: "IAM users and roles that administer the cluster, beside whoever creates it.",
    allowed: "a list of IAM user or role ARNs",
    items: 'the ARN of an IAM user or role, such as "arn:aws:iam::123456789012:role/admin"',
  }),
  deletionProtection: key(z.boolean().prefault(false), {
    description: "Refuse to destroy the stack and its cluster until this is off again.",
    allowed: "true or false",
  }),
  namespace: key(z.string().regex(labelPattern).prefault("locust"), {
    description: "Kubernetes namespace of the load test.",
    allowed: 'a name of at most 63 small letters, digits and "-", with no "-" first or last',
  }),
  image: key(z.string().regex(/^\S+$/).optional(), {
    description: "Image of Locust's pods; left out, Locust's own, or the one that scriptDelivery image builds.",
    allowed: 'the reference of an image, such as "registry.example.com/locust:1"',
  }),
  imageSource: key(z.enum(["docker-hub", "ecr"]).prefault("docker-hub"), {
    description: "Where pods pull Locust's own image from; ecr brings it into the account, as Docker Hub limits pulls.",
    allowed: '"docker-hub" or "ecr"',
  }),
  nodeSelector: key(textsByName().prefault({}), {
    description: "Labels of the nodes that pods may run on, with platform existing.",
    allowed: "an object of labels",
    items: "a text",
  }),
  tolerations: key(tolerations().optional(), {
    description: "Taints of nodes that pods tolerate, with platform existing, as in Kubernetes.",
    allowed: "a list of tolerations",
    items: "as in Kubernetes, such as {key: load, operator: Exists, effect: NoSchedule}",
  }),
  podLabels: key(textsByName().prefault({}), {
    description: "Labels of the pods, beside those that they have anyway.",
    allowed: "an object of labels",
    items: "a text",
  }),
  podAnnotations: key(textsByName().prefault({}), {
    description: "Annotations of the pods, beside those that they have anyway.",
    allowed: "an object of annotations",
    items: "a text",
  }),
  scriptDelivery: key(z.enum(["configmap", "image"]).prefault("configmap"), {
    description: "How scripts reach the pods: mounted from a ConfigMap (1 MiB at most), or built into the image.",
    allowed: '"configmap" or "image"',
  }),
  scriptsFolder: key(z.string().min(1).prefault("locust/scripts"), {
    description: "Folder of the Locust scripts, relative to the project's folder, or absolute.",
    allowed: "the path of a folder",
  }),
  script: key(z.string().regex(scriptName).prefault("script1.py"), {
    description: "The Locust script to run, a file in scriptsFolder.",
    allowed: 'a file name without folders that ends in .py, of letters, digits, "-", "_" and "."',
  }),
  scriptArguments: key(scriptArguments().prefault({}), {
    description: "What the script's own arguments are (init_command_line_parser), by name: true for a flag, or a list.",
    allowed: "an object of the script's arguments by name",
    items: "a text, a number, true or false, or a list of them",
  }),
  targetHost: key(readBy(parseTarget).optional(), {
    description: "What the load is aimed at; left out, the script decides, or whoever starts the test.",
    allowed: targetAllowed,
  }),
  allowedHosts: key(listOf(z.string().refine(isAllowedHost)).optional(), {
    description: "Hosts that load may be aimed at, such as shop.example.com or *.example.com; left out, any.",
    allowed: "a list of hosts",
    items: hostAllowed,
  }),
  ...loadKeys,
  workerReplicas: key(z.int().min(0).max(1000).prefault(2), {
    description: "How many workers make the load; each is a process that uses one core at most.",
    allowed: "an integer from 0 to 1000",
  }),
  // Why these sizes: docs/benchmarks.md.
  workerCpu: key(cpu.prefault(0.5), {
    description: "CPU of each worker, in vCPU.",
    allowed: cpuAllowed,
  }),
  workerMemory: key(memory.optional(), {
    description:
      "MiB of each worker; left out, what Fargate bills with workerCpu anyway: 768 with 0.5 vCPU, 1792 with 1.",
    allowed: memoryAllowed,
  }),
  controlCpu: key(cpu.prefault(0.25), {
    description: "CPU of Locust's master, in vCPU; 0.25 do for about 400 workers.",
    allowed: cpuAllowed,
  }),
  controlMemory: key(memory.optional(), {
    description: "MiB of Locust's master; left out, what Fargate bills with controlCpu anyway: 256 with 0.25 vCPU.",
    allowed: memoryAllowed,
  }),
  environment: key(environment().prefault({}), {
    description: "Environment variables of the scripts.",
    allowed: "an object of environment variables",
    items: "a text, a number, true or false",
  }),
  secretEnvironment: key(environment().prefault({}), {
    description: "Environment variables of the scripts whose values are secrets: set them with --secret.",
    allowed: "an object of environment variables",
    items: "a text, a number, true or false",
    secret: true,
  }),
  ...observabilityKeys,
});

type Checked = z.output<typeof settingsSchema>;
/** Keys whose defaults follow from others: `parseSettings` fills them in. */
type Derived = "workerMemory" | "controlMemory";

/** Settings that are complete and right: what the rest of the product works with. */
export type Settings = Readonly<Omit<Checked, Derived> & Record<Derived, number>>;
export type SettingsKey = keyof typeof settingsSchema.shape;

/** Every key, in the order in which people should read them. */
export const settingsKeys = Object.keys(settingsSchema.shape) as readonly SettingsKey[];

/** What a key takes, in which form, and what it is when it is left out. */
export function describeSetting(name: SettingsKey): KeyDescription {
  return describeKey(settingsSchema.shape[name]);
}
