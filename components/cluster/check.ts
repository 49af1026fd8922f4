/** Reads what the component FargateCluster is given, by the same rules as the stack's config. */
import type { Input } from "@pulumi/pulumi";
import { SettingsError, type SettingsProblem } from "../../settings/errors";
import { isObject } from "../../settings/values/object";
import {
  type Arguments,
  argument,
  checkArguments,
  listOfTexts,
  readArgument,
  setting,
  text,
  texts,
  wholeOrParts,
} from "../check";
import { mapInput, partOf } from "../inputs";
import { clusterNameRule, nameInStack } from "../names";
import type { FargateClusterArgs } from "./args";

/** What decides about a cluster, complete and right, or as soon as it is known. */
export interface ClusterPlan {
  readonly vpcId: Input<string>;
  readonly controlPlaneSubnetIds: Input<string[]>;
  readonly podSubnetIds: Input<string[]>;
  readonly clusterName: string;
  readonly version: string;
  /** Of the CoreDNS add-on; undefined leaves it to EKS, once. */
  readonly coreDnsVersion: string | undefined;
  /** Which pods run on Fargate. */
  readonly selectors: Input<FargateSelector[]>;
  /** Namespaces all of whose pods do. */
  readonly namespaces: Input<string[]>;
  readonly publicAccessCidrs: Input<string[]>;
  /** ARNs of IAM users and roles. */
  readonly admins: readonly Input<string>[];
  readonly deletionProtection: boolean;
  readonly logRetentionDays: number;
}

/** Pods of a namespace, or those of them that have certain labels. */
export interface FargateSelector {
  readonly namespace: string;
  readonly labels?: Record<string, string>;
}

/** Selectors of every cluster: CoreDNS, which would wait for a node forever, and pods that name no namespace. */
const ownSelectors: readonly FargateSelector[] = [
  { namespace: "kube-system", labels: { "k8s-app": "kube-dns" } },
  { namespace: "default" },
];

/** EKS takes no more in a profile. */
const mostSelectors = 5;
const defaultNamespaces = ["locust"];

const mostNamespaces = mostSelectors - ownSelectors.length;
const besides = ownSelectors.map(({ namespace }) => namespace).join(" and ");

/** IAM takes 64 characters, and the longest name made of the component's is that of the control plane's role. */
const longestName = 64 - "-eks-eksRole-role-1234567".length;
const namePattern = new RegExp(`^(?!eks(-|$))[0-9A-Za-z][-_0-9A-Za-z]{0,${longestName - 1}}$`, "i");
const nameAllowed = `at most ${longestName} letters, digits, "-" and "_", a letter or digit first, and not begin with "eks-", which EKS keeps for itself: roles and the Fargate profile are named after it`;

/** The arguments that a network stands for. */
const placement = ["vpcId", "controlPlaneSubnetIds", "podSubnetIds"] as const;

const rules: Arguments<FargateClusterArgs> = {
  network: argument(
    "a LoadTestNetwork, or an object with vpcId, controlPlaneSubnetIds and podSubnetIds",
    (value) => isObject(value) && placement.every((key) => value[key] !== undefined),
    "yes",
  ),
  vpcId: text("the id of the VPC that the subnets are in"),
  controlPlaneSubnetIds: listOfTexts("a list of 2 subnets or more, in different availability zones", 2),
  podSubnetIds: listOfTexts("a list of one private subnet or more", 1),
  clusterName: argument(
    'at most 100 letters, digits, "-" and "_", a letter or digit first',
    (value) => typeof value === "string" && clusterNameRule.pattern.test(value),
  ),
  namespaces: {
    allowed: `a list of at most ${mostNamespaces} namespaces beside ${besides}`,
    later: "yes",
    read: readNamespaces,
  },
  version: setting("kubernetesVersion"),
  coreDnsVersion: setting("coreDnsVersion"),
  publicAccessCidrs: setting("publicAccessCidrs", "yes"),
  admins: setting("clusterAdmins", "items"),
  deletionProtection: setting("deletionProtection"),
  logRetentionDays: setting("logRetentionDays"),
  kubeconfigProfile: text("the name of an AWS profile"),
  kubeconfigRoleArn: text("the ARN of an IAM role"),
  tags: texts(),
};

/**
 * Checks arguments and fills in the defaults.
 *
 * @param name of the component, which the names of its parts begin with
 * @param stack whose name a cluster has that is given none
 * @throws SettingsError with everything that is wrong
 */
export function readClusterArgs(name: string, stack: string, args: FargateClusterArgs): ClusterPlan {
  const source = `FargateCluster ${name}`;
  const problems: SettingsProblem[] = [];
  if (!namePattern.test(name)) problems.push({ key: "name", value: name, allowed: nameAllowed });
  problems.push(...wholeOrParts({ ...args }, "network", placement, rules), ...checkArguments(args, rules));
  if (problems.length > 0) throw new SettingsError(problems, source);

  const read = <T>(key: keyof FargateClusterArgs) => readArgument<T>(source, rules[key], args[key], key);
  const now = <T>(key: keyof FargateClusterArgs) => read<T>(key) as T;
  const place = <T>(key: (typeof placement)[number]) => {
    if (args.network === undefined) return read<T>(key);
    return readArgument<T>(source, rules[key], partOf(args.network, key), `network.${key}`);
  };
  const selectors = mapInput(read<readonly string[]>("namespaces"), selectorsOf);
  return {
    vpcId: place<string>("vpcId"),
    controlPlaneSubnetIds: place<string[]>("controlPlaneSubnetIds"),
    podSubnetIds: place<string[]>("podSubnetIds"),
    clusterName: args.clusterName ?? nameInStack(name, stack, clusterNameRule),
    selectors,
    namespaces: mapInput(selectors, (all) =>
      all.filter(({ labels }) => labels === undefined).map(({ namespace }) => namespace),
    ),
    version: now("version"),
    coreDnsVersion: now("coreDnsVersion"),
    publicAccessCidrs: read("publicAccessCidrs"),
    admins: (args.admins ?? []).map((arn, index) => readArgument<string>(source, admin, arn, `admins[${index}]`)),
    deletionProtection: now("deletionProtection"),
    logRetentionDays: now("logRetentionDays"),
  };
}

/** One of the list. */
const admin = {
  ...rules.admins,
  read: (value: unknown, key: string) => {
    const { problems } = rules.admins.read([value], key);
    return { value, problems: problems.map((problem) => ({ ...problem, key })) };
  },
};

/** A namespace that is given is selected as a whole, whatever of it every cluster selects. */
function selectorsOf(namespaces: readonly string[]): FargateSelector[] {
  const own = ownSelectors.filter(({ namespace }) => !namespaces.includes(namespace));
  return [...own, ...namespaces.map((namespace) => ({ namespace }))];
}

function readNamespaces(value: unknown = defaultNamespaces, key: string) {
  if (!Array.isArray(value) || selectorsOf(value).length > mostSelectors) {
    return { problems: [{ key, value, allowed: rules.namespaces.allowed }] };
  }
  const problems = value.flatMap((namespace: unknown, index): SettingsProblem[] => {
    const item = `${key}[${index}]`;
    if (value.indexOf(namespace) < index) return [{ key: item, value: namespace, allowed: "there once" }];
    return setting("namespace").read(namespace, item).problems.slice();
  });
  return { value, problems };
}
