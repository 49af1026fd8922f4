/** Which checks there are, by what is asked for. */

import { usesEcr } from "../../../settings/aws/policy";
import type { SettingsKey } from "../../../settings/schema";
import { configuredRegion } from "../../aws/clients";
import { isOfNoStack } from "../deployed-test/open";
import type { ClusterOptions } from "../options";
import { requireLocal } from "../settings";
import type { Check } from "./check";
import { AwsLook, identityCheck, permissionsCheck, quotaChecks, subnetsCheck } from "./checks/aws";
import { apiServerCheck, ClusterLook, podsCheck, stackCheck } from "./checks/cluster";
import { costCheck, natCheck, pullsCheck } from "./checks/limits";
import { scriptCheck } from "./checks/script";
import { targetCheck } from "./checks/target";
import { awsCliCheck, dockerCheck, nodeCheck, pulumiCheck, pythonCheck } from "./checks/tools";
import { readSubject, type Subject } from "./subject";

export interface DoctorOptions extends ClusterOptions {
  readonly local?: boolean;
  readonly scriptsFolder?: string;
  readonly json?: boolean;
}

/** Everything that is to be looked at, and the settings that are wrong. */
export function checksFor(
  options: DoctorOptions,
  directory = process.cwd(),
): { readonly checks: readonly Check[]; readonly wrong: ReadonlySet<string> } {
  if (options.local !== true) requireLocal(options);
  if (isOfNoStack(options)) {
    const look = new ClusterLook({ kubeconfig: options });
    return { checks: [nodeCheck(false), apiServerCheck(look), podsCheck(look)], wrong: new Set() };
  }
  const { stack, scriptsFolder } = options;
  const named = {
    ...(stack === undefined ? {} : { stack }),
    ...(scriptsFolder === undefined ? {} : { scriptsFolder }),
  };
  const subject = readSubject(named, directory, options.local);
  const { wrong } = subject;
  if (options.local === true) {
    return { checks: [nodeCheck(false), pythonCheck(true), subject.check, ...testChecks(subject, true)], wrong };
  }
  const tools = [nodeCheck(true), pythonCheck(false), pulumiCheck()];
  const { platform } = subject.settings;
  const isOnAws = !subject.anothers && platform === "eks-fargate" && !wrong.has("platform");
  return {
    checks: [
      ...tools,
      ...(isOnAws ? awsTools(subject) : []),
      subject.check,
      ...testChecks(subject, false),
      ...(isOnAws ? awsChecks(subject) : []),
      ...clusterChecks(subject),
    ],
    wrong,
  };
}

function testChecks({ settings, project }: Subject, local: boolean): Check[] {
  if (project === undefined) return [];
  return [scriptCheck(settings, project.directory, local), targetCheck(settings, local)];
}

function awsTools({ settings, wrong }: Subject): Check[] {
  const image: readonly SettingsKey[] = ["scriptDelivery", "image", "imageSource"];
  const isBuilt = image.every((key) => !wrong.has(key)) && usesEcr(settings);
  return [awsCliCheck(), ...(isBuilt ? [dockerCheck()] : [])];
}

function awsChecks(subject: Subject): Check[] {
  const { settings, aws } = subject;
  const region = configuredRegion(aws);
  const look = new AwsLook(subject);
  return [
    ...[identityCheck(look), permissionsCheck(look), ...quotaChecks(look), subnetsCheck(look)],
    ...[natCheck(settings), pullsCheck(settings), costCheck(settings, region)],
  ];
}

/** A cluster that exists is there before the stack is. */
function clusterChecks({ project, named, settings, anothers, wrong }: Subject): Check[] {
  if (project === undefined) return [];
  const ofStack = new ClusterLook({ directory: project.directory, stack: named });
  const { kubeContext: context, namespace } = settings;
  const isExisting = !anothers && settings.platform === "existing" && !wrong.has("kubeContext");
  const look = isExisting
    ? new ClusterLook({ kubeconfig: { namespace, ...(context === undefined ? {} : { context }) } })
    : ofStack;
  return [stackCheck(ofStack, named), apiServerCheck(look), podsCheck(look)];
}
