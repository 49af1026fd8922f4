/** Which actions AWS would allow whoever asks, by IAM's own simulation: nothing is made or changed. */
import type { EvaluationResult, IAMClient } from "@aws-sdk/client-iam";
import type { Statement } from "../../settings/aws/policy";
import type { Identity } from "./account";
import type { AwsClients } from "./clients";
import { explainAwsError } from "./errors";

/** An action that AWS would not allow. */
export interface Denied {
  readonly action: string;
  /** What forbids it, where that is not simply that nothing allows it. */
  readonly by?: "an explicit deny" | "a policy of the organisation" | "the permissions boundary";
}

/** Whose policies are simulated: a user's or a role's ARN, or why none can be. */
type PolicySource = { readonly arn: string } | { readonly root: true } | { readonly unknown: string };

/** Finds whose policies count. Rejects with an AwsError where a role cannot be looked up. */
export async function policySource(clients: AwsClients, { arn }: Identity, signal: AbortSignal): Promise<PolicySource> {
  if (/^arn:[^:]+:iam::\d+:root$/.test(arn)) return { root: true };
  if (/^arn:[^:]+:iam::\d+:user\//.test(arn)) return { arn };
  const role = /^arn:[^:]+:sts::\d+:assumed-role\/([^/]+)\//.exec(arn)?.[1];
  if (role === undefined) return { unknown: arn };
  try {
    // A session's ARN does not have the role's path, which IAM Identity Center gives its roles.
    const [iam, { GetRoleCommand }] = await Promise.all([clients.iam(), import("@aws-sdk/client-iam")]);
    const found = await iam.send(new GetRoleCommand({ RoleName: role }), { abortSignal: signal });
    return { arn: found.Role?.Arn ?? arn };
  } catch (error) {
    throw explainAwsError(error, `Role ${role}`);
  }
}

/**
 * Simulates the actions of some statements, on resources of a stack that their names and tags fit.
 *
 * An action is denied where it is on all resources of its kind: which of them AWS asks for, the simulation does not say.
 * Rejects with an AwsError.
 */
export async function deniedActions(
  clients: AwsClients,
  source: string,
  statements: readonly Statement[],
  stack: string,
  region: string,
  signal: AbortSignal,
): Promise<Denied[]> {
  try {
    const [iam, { SimulatePrincipalPolicyCommand }] = await Promise.all([clients.iam(), import("@aws-sdk/client-iam")]);
    const context = contextOf(statements, stack, region);
    const ask = ({ actions, resources }: Group): Promise<EvaluationResult[]> =>
      allPages(iam, signal, (marker) => {
        return new SimulatePrincipalPolicyCommand({
          PolicySourceArn: source,
          ActionNames: actions,
          ...(resources.length === 0 ? {} : { ResourceArns: resources }),
          ContextEntries: context,
          MaxItems: 1000,
          ...(marker === undefined ? {} : { Marker: marker }),
        });
      }).catch(async (error: unknown) => {
        const parts = apart(error, actions);
        if (parts === undefined) throw error;
        return (await Promise.all(parts.map((part) => ask({ actions: part, resources })))).flat();
      });
    const asked = groups(statements, stack);
    const answers = await Promise.all(asked.map(ask));
    const missing = asked.flatMap(({ actions }, index) =>
      actions.filter((action) => !answers[index]?.some(({ EvalActionName }) => EvalActionName === action)),
    );
    if (missing.length > 0) throw new Error(`there is no answer for ${missing[0]}`);
    return deniedOf(answers.flat());
  } catch (error) {
    throw explainAwsError(error, "Simulation of permissions");
  }
}

/**
 * Which actions may be asked about together, where IAM does not take them all at once: "Invalid Input Actions: [a, b]
 * and [c] require different authorization information". Undefined for any other error.
 */
function apart(error: unknown, actions: readonly string[]): string[][] | undefined {
  const { name, message } = error as Error;
  if (!/^InvalidInput/.test(name) || !/different authorization/.test(message) || actions.length < 2) return undefined;
  const named = [...message.matchAll(/\[([^\]]*)\]/g)].map(([, list = ""]) => list.split(",").map((one) => one.trim()));
  const parts = named.map((list) => actions.filter((action) => list.includes(action)));
  const rest = actions.filter((action) => !parts.flat().includes(action));
  const found = [...parts, rest].filter((part) => part.length > 0);
  const half = Math.ceil(actions.length / 2);
  return found.length > 1 ? found : [actions.slice(0, half), actions.slice(half)];
}

type Simulate = import("@aws-sdk/client-iam").SimulatePrincipalPolicyCommand;

async function allPages(
  iam: IAMClient,
  signal: AbortSignal,
  command: (marker: string | undefined) => Simulate,
): Promise<EvaluationResult[]> {
  const results: EvaluationResult[] = [];
  let marker: string | undefined;
  do {
    const page = await iam.send(command(marker), { abortSignal: signal });
    results.push(...(page.EvaluationResults ?? []));
    marker = page.IsTruncated === true ? page.Marker : undefined;
  } while (marker !== undefined);
  return results;
}

/** IAM once gave a result for each resource of an action, and gives one with results of the resources in it now. */
function deniedOf(results: readonly EvaluationResult[]): Denied[] {
  const byAction = new Map<string, EvaluationResult[]>();
  for (const result of results) {
    const action = result.EvalActionName ?? "";
    byAction.set(action, [...(byAction.get(action) ?? []), result]);
  }
  return [...byAction].flatMap(([action, all]) => {
    const decisions = all.flatMap((one) =>
      one.ResourceSpecificResults?.length
        ? one.ResourceSpecificResults.map(({ EvalResourceDecision }) => EvalResourceDecision)
        : [one.EvalDecision],
    );
    return decisions.includes("allowed") ? [] : [{ action, ...causeOf(all) }];
  });
}

function causeOf(results: readonly EvaluationResult[]): Pick<Denied, "by"> {
  if (results.some((one) => one.OrganizationsDecisionDetail?.AllowedByOrganizations === false)) {
    return { by: "a policy of the organisation" };
  }
  if (results.some((one) => one.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false)) {
    return { by: "the permissions boundary" };
  }
  return results.some(({ EvalDecision }) => EvalDecision === "explicitDeny") ? { by: "an explicit deny" } : {};
}

/** Kinds of EC2's resources that statements on all of them are about. */
const ec2Kinds = ["vpc", "subnet", "internet-gateway", "route-table", "natgateway"];
const ec2Resources = [...ec2Kinds, "elastic-ip", "network-interface", "security-group"];

interface Group {
  readonly actions: string[];
  readonly resources: string[];
}

/** Calls that IAM sets a limit to: one for all statements on the same kind of resources of a service. */
function groups(statements: readonly Statement[], stack: string): Group[] {
  const found = new Map<string, { actions: Set<string>; resources: string[] }>();
  for (const { Action, Resource } of statements) {
    const resources = resourcesOf(Resource, stack);
    for (const action of Action.flatMap(plainActions)) {
      const key = [action.split(":")[0], ...resources].join();
      const group = found.get(key) ?? { actions: new Set(), resources };
      group.actions.add(action);
      found.set(key, group);
    }
  }
  return Array.from(found.values(), ({ actions, resources }) => ({ actions: [...actions], resources }));
}

function resourcesOf(patterns: readonly string[], stack: string): string[] {
  const [first = "*"] = patterns;
  if (first === "*") return [];
  const ec2 = /^arn:[^:]+:ec2:[^:]*:\d+:/.exec(first)?.[0];
  if (ec2 !== undefined) return ec2Resources.map((kind) => `${ec2}${kind}/${kind}-0123456789abcdef0`);
  return patterns.map((pattern) => pattern.replaceAll("*", stack));
}

/** A simulation takes no patterns: those calls that a preview makes stand for `ec2:Describe*`. */
function plainActions(action: string): string[] {
  if (action !== "ec2:Describe*") return [action];
  const things = ["Vpcs", "Subnets", "InternetGateways", "NatGateways", "Addresses", "RouteTables", "SecurityGroups"];
  return [...things, "AvailabilityZones"].map((thing) => `ec2:Describe${thing}`);
}

/** A value for each key that conditions ask for, one that fits them. */
function contextOf(statements: readonly Statement[], stack: string, region: string) {
  const values = new Map([
    ["aws:RequestedRegion", region],
    // AWS' own policies ask for it where they allow roles of services.
    ["iam:AWSServiceName", "eks.amazonaws.com"],
  ]);
  for (const condition of statements.flatMap(({ Condition = {} }) => Object.values(Condition))) {
    for (const [key, value] of Object.entries(condition)) {
      const [one = ""] = [value].flat();
      const fitting = key === "iam:PassedToService" ? "eks.amazonaws.com" : one.replaceAll("*", `${stack}-vpc`);
      if (!values.has(key)) values.set(key, fitting);
    }
  }
  return Array.from(values, ([ContextKeyName, value]) => ({
    ContextKeyName,
    ContextKeyValues: [value],
    ContextKeyType: "string" as const,
  }));
}
