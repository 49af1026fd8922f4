/** Reads what the component FargateCluster is given, by the same rules as the stack's config. */
import { SettingsError, type SettingsProblem } from "../../settings/errors";
import { clusterNameRule, nameInStack } from "../../settings/names";
import { parseKey } from "../../settings/parse";
import type { Settings } from "../../settings/schema";

/** What decides about a cluster, complete and right. */
export interface ClusterPlan {
  readonly clusterName: string;
  readonly version: string;
  /** Of the CoreDNS add-on; undefined leaves it to EKS, once. */
  readonly coreDnsVersion?: string;
  /** Which pods run on Fargate. */
  readonly selectors: readonly FargateSelector[];
  readonly publicAccessCidrs: readonly string[];
  /** ARNs of IAM users and roles. */
  readonly admins: readonly string[];
  readonly deletionProtection: boolean;
  readonly logRetentionDays: number;
}

/** Pods of a namespace, or those of them that have certain labels. */
export interface FargateSelector {
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Selectors of every cluster: CoreDNS, which would wait for a node forever, and pods that name no namespace. */
const ownSelectors: readonly FargateSelector[] = [
  { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
  { namespace: "default" },
];

/** EKS takes no more in a profile. */
const mostSelectors = 5;
const defaultNamespaces = ["locust"];

const clusterNameAllowed = 'at most 100 letters, digits, "-" and "_", a letter or digit first';

/** IAM takes 64 characters, and the longest name made of the component's is that of the control plane's role. */
const longestName = 64 - "-eks-eksRole-role-1234567".length;
const namePattern = new RegExp(`^(?!eks(-|$))[0-9A-Za-z][-_0-9A-Za-z]{0,${longestName - 1}}$`, "i");
const nameAllowed = `at most ${longestName} letters, digits, "-" and "_", a letter or digit first, and not begin with "eks-", which EKS keeps for itself: roles and the Fargate profile are named after it`;

/** Names of the component's arguments, and the settings that they are. */
const settingOf = {
  version: "kubernetesVersion",
  coreDnsVersion: "coreDnsVersion",
  publicAccessCidrs: "publicAccessCidrs",
  admins: "clusterAdmins",
  deletionProtection: "deletionProtection",
  logRetentionDays: "logRetentionDays",
} as const;

/** Arguments that are lists of subnets, how many there must be, and what to say where there are not. */
const subnetLists = {
  controlPlaneSubnetIds: [2, "a list of 2 subnets or more, in different availability zones"],
  podSubnetIds: [1, "a list of one private subnet or more"],
} as const;

type ClusterArgument = keyof typeof settingOf | keyof typeof subnetLists | "vpcId" | "namespaces" | "clusterName";

/**
 * Checks arguments and fills in the defaults. Ids that only AWS will know are taken as they are.
 *
 * @param name of the component, which the names of its parts begin with
 * @param stack whose name a cluster has that is given none
 * @throws SettingsError with everything that is wrong
 */
export function readClusterArgs(
  name: string,
  stack: string,
  args: Readonly<Partial<Record<ClusterArgument, unknown>>>,
): ClusterPlan {
  const problems: SettingsProblem[] = [];
  if (!namePattern.test(name)) problems.push({ key: "name", value: name, allowed: nameAllowed });
  if (args.vpcId === undefined || args.vpcId === "") {
    problems.push({ key: "vpcId", value: args.vpcId, allowed: "the id of the VPC that the subnets are in" });
  }
  for (const [key, [min, allowed]] of Object.entries(subnetLists) as [keyof typeof subnetLists, [number, string]][]) {
    problems.push(...checkList(key, args[key], min, allowed));
  }
  const { clusterName = nameInStack(name, stack, clusterNameRule) } = args;
  if (typeof clusterName !== "string" || !clusterNameRule.pattern.test(clusterName)) {
    problems.push({ key: "clusterName", value: clusterName, allowed: clusterNameAllowed });
  }

  const { namespaces = defaultNamespaces } = args;
  problems.push(...checkNamespaces(namespaces));

  const read: Record<string, unknown> = {};
  for (const [argument, key] of Object.entries(settingOf)) {
    const found = parseKey(key, args[argument as keyof typeof settingOf]);
    read[argument] = found.value;
    problems.push(...found.problems.map((one) => ({ ...one, key: argument + one.key.slice(key.length) })));
  }
  if (problems.length > 0) throw new SettingsError(problems, `FargateCluster ${name}`);

  const { admins = [], ...settings } = read as Pick<ClusterPlan, "version" | "coreDnsVersion" | "publicAccessCidrs"> &
    Pick<Settings, "deletionProtection" | "logRetentionDays"> & { readonly admins?: readonly string[] };
  return {
    ...settings,
    admins,
    clusterName: String(clusterName),
    selectors: selectorsOf(namespaces as readonly string[]),
  };
}

/** A namespace that is given is selected as a whole, whatever of it every cluster selects. */
function selectorsOf(namespaces: readonly string[]): FargateSelector[] {
  const own = ownSelectors.filter(({ namespace }) => !namespaces.includes(namespace));
  return [...own, ...namespaces.map((namespace) => ({ namespace }))];
}

/** A list may be known only later; one that is known, and one that is missing, can be told at once. */
function checkList(key: string, value: unknown, min: number, allowed: string): SettingsProblem[] {
  if (value !== undefined && !Array.isArray(value)) {
    return typeof value === "object" && value !== null ? [] : [{ key, value, allowed }];
  }
  return value !== undefined && value.length >= min ? [] : [{ key, value, allowed }];
}

function checkNamespaces(namespaces: unknown): SettingsProblem[] {
  if (!Array.isArray(namespaces) || selectorsOf(namespaces).length > mostSelectors) {
    const most = mostSelectors - ownSelectors.length;
    const beside = ownSelectors.map(({ namespace }) => namespace).join(" and ");
    return [{ key: "namespaces", value: namespaces, allowed: `a list of at most ${most} namespaces beside ${beside}` }];
  }
  return namespaces.flatMap((namespace: unknown, index) => {
    const key = `namespaces[${index}]`;
    if (namespaces.indexOf(namespace) < index) return [{ key, value: namespace, allowed: "there once" }];
    return parseKey("namespace", namespace).problems.map((problem) => ({ ...problem, key }));
  });
}
