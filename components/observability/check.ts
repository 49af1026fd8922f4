/** Reads what the component LoadTestObservability is given, by the same rules as the stack's config. */
import type { Input } from "@pulumi/pulumi";
import { SettingsError, type SettingsProblem } from "../../settings/errors";
import { isObject } from "../../settings/values/object";
import type { Threshold } from "../../settings/values/threshold";
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
import { partOf } from "../inputs";
import { type AlarmLimits, limitsOf } from "./alarms";
import type { LoadTestObservabilityArgs } from "./args";

/** What is right, or is checked as soon as it is known. */
export interface ObservabilityPlan {
  readonly clusterName: Input<string>;
  readonly podExecutionRoleName: Input<string>;
  /** Undefined where none are known. */
  readonly natGatewayIds: Input<string[]> | undefined;
  readonly logRetentionDays: number;
  readonly limits: AlarmLimits;
  readonly emails: readonly string[];
  readonly webhooks: readonly string[];
  readonly slack: string | undefined;
}

/** The arguments that a cluster stands for. */
const ofCluster = ["clusterName", "podExecutionRoleName"] as const;

/** An alarm by metric math takes so many metrics. */
const mostGateways = 10;

const rules: Arguments<LoadTestObservabilityArgs> = {
  cluster: argument(
    "a FargateCluster, or an object with kubeconfig, clusterName and podExecutionRoleName",
    (value) => isObject(value) && ["kubeconfig", ...ofCluster].every((key) => value[key] !== undefined),
    "yes",
  ),
  clusterName: text("the name of a cluster in EKS"),
  podExecutionRoleName: text("the name of the role that Fargate starts pods with"),
  natGatewayIds: listOfTexts(`a list of up to ${mostGateways} ids of NAT gateways`, 0, mostGateways),
  logRetentionDays: setting("logRetentionDays"),
  thresholds: setting("thresholds"),
  idleAlarmHours: setting("idleAlarmHours"),
  alarmEmails: setting("alarmEmails"),
  alarmWebhooks: setting("alarmWebhooks"),
  alarmSlack: setting("alarmSlack"),
  tags: texts(),
};

/**
 * Checks arguments and fills in the defaults.
 *
 * @param name the component's
 * @throws SettingsError with everything that is wrong
 */
export function readObservabilityArgs(name: string, args: LoadTestObservabilityArgs): ObservabilityPlan {
  const source = `LoadTestObservability ${name}`;
  const problems: SettingsProblem[] = [
    ...wholeOrParts({ ...args }, "cluster", ofCluster, rules),
    ...checkArguments(args, rules),
  ];
  if (problems.length > 0) throw new SettingsError(problems, source);

  const read = <T>(key: keyof LoadTestObservabilityArgs) => readArgument<T>(source, rules[key], args[key], key);
  const now = <T>(key: keyof LoadTestObservabilityArgs) => read<T>(key) as T;
  const { cluster } = args;
  const place = (key: (typeof ofCluster)[number]) =>
    cluster === undefined
      ? read<string>(key)
      : readArgument<string>(source, rules[key], partOf(cluster, key), `cluster.${key}`);
  return {
    clusterName: place("clusterName"),
    podExecutionRoleName: place("podExecutionRoleName"),
    natGatewayIds: isNone(args.natGatewayIds) ? undefined : read<string[]>("natGatewayIds"),
    logRetentionDays: now("logRetentionDays"),
    limits: limitsOf(now<readonly Threshold[]>("thresholds"), now("idleAlarmHours")),
    emails: now<readonly string[] | undefined>("alarmEmails") ?? [],
    webhooks: now<readonly string[] | undefined>("alarmWebhooks") ?? [],
    slack: now("alarmSlack"),
  };
}

/** Whether there are no gateways, as far as it is known: how many alarms there are cannot wait for an output. */
function isNone(gateways: LoadTestObservabilityArgs["natGatewayIds"]): boolean {
  return gateways === undefined || (Array.isArray(gateways) && gateways.length === 0);
}
