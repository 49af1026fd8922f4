/** Checks that ask AWS. */
import { neededStatements } from "../../../../settings/aws/policy";
import { type QuotaNeed, quotaNeeds } from "../../../../settings/aws/quotas";
import { planNetwork, podsOf } from "../../../../settings/network";
import type { SettingsKey } from "../../../../settings/schema";
import { type Identity, readIdentity, readSubnets } from "../../../aws/account";
import { AwsClients } from "../../../aws/clients";
import { AwsError, type AwsFailure } from "../../../aws/errors";
import { deniedActions, policySource } from "../../../aws/permissions";
import { inUse, readQuota } from "../../../aws/quotas";
import { type Check, type Finding, failed, ok, problem, skipped, warning } from "../check";
import type { Subject } from "../subject";

/** Settings that say how many pods of which size there are, and in which network. */
const sizes: readonly SettingsKey[] = [
  ...(["workerReplicas", "workerCpu", "workerMemory", "controlCpu", "controlMemory", "vpcId"] as const),
  ...(["layout", "availabilityZoneCount", "availabilityZoneNames", "natAddressesPerGateway"] as const),
  ...(["vpcCidr", "subnetMask"] as const),
];

/** How long AWS may take to say who asks, in ms: less than all checks have, so that its silence is told as such. */
const patience = 3500;

/** AWS, asked once for who asks. */
export class AwsLook {
  readonly clients: AwsClients;
  private known: Promise<Identity> | undefined;
  /** Why AWS has not said who asks. */
  failure: AwsFailure | undefined;

  constructor(readonly subject: Subject) {
    this.clients = new AwsClients(subject.aws);
  }

  identity(signal: AbortSignal): Promise<Identity> {
    this.known ??= this.askIdentity(signal);
    return this.known;
  }

  /** Not by AbortSignal.timeout in AbortSignal.any, which Node 20 may collect as garbage before its time. */
  private async askIdentity(signal: AbortSignal): Promise<Identity> {
    const end = new AbortController();
    const timer = setTimeout(() => end.abort(), patience);
    signal.addEventListener("abort", () => end.abort());
    try {
      return await readIdentity(this.clients, end.signal);
    } catch (error) {
      this.failure = error instanceof AwsError ? error.failure : undefined;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What AWS says to whom it knows; without credentials, one check says so, and not each. */
  async ask(signal: AbortSignal, look: (identity: Identity) => Promise<Finding>): Promise<Finding> {
    const identity = await this.identity(signal).catch(() => undefined);
    if (identity === undefined) return skipped("AWS was not asked, for want of an identity");
    return look(identity).catch((error: unknown) => failed(error, "warning"));
  }
}

/** An hour, in ms: `up` takes up to 20 minutes, `destroy` as long. */
const hour = 3_600_000;

/** @param wanted how long the credentials are to be good for, in ms */
export function identityCheck(look: AwsLook, wanted = hour): Check {
  return {
    name: "AWS identity",
    async look(signal) {
      try {
        const { arn, region, expires } = await look.identity(signal);
        const left = expires === undefined ? Number.POSITIVE_INFINITY : expires.getTime() - Date.now();
        const text = `${arn} in ${region}`;
        if (expires === undefined) return ok(text);
        const until = `${text}, until ${expires.toISOString().slice(0, 16)}Z`;
        if (left >= wanted) return ok(until);
        return warning(`${until}: in ${Math.max(0, Math.round(left / 60_000))} min`, "Sign in anew first");
      } catch (error) {
        return refused(error, look.subject.aws.profile ?? process.env.AWS_PROFILE);
      }
    },
  };
}

/** Why AWS does not say who asks; a profile that is named is what there is to look at. */
function refused(error: unknown, profile: string | undefined): Finding {
  const failure = error instanceof AwsError ? error.failure : undefined;
  const finding = failed(error, failure === "throttled" ? "warning" : "problem");
  if (!profile || (failure !== "expired" && failure !== "no-credentials")) return finding;
  const todo = `Look at profile ${profile}: aws sso login --profile ${profile}, or aws configure list --profile ${profile}`;
  return { ...finding, todo: /second factor/.test(finding.text) ? (finding.todo ?? todo) : todo };
}

/** Who may do nothing at all is told by the first ones. */
const mostActions = 10;

/** Makes the roles of EKS itself, which an account has once. */
const onlyOnce = "iam:CreateServiceLinkedRole";

export function permissionsCheck(look: AwsLook): Check {
  const { stack, settings } = look.subject;
  return {
    name: "permissions",
    uses: ["vpcId", "scriptDelivery", "image", "imageSource"],
    look: (signal) =>
      look.ask(signal, async (identity) => {
        const source = await policySource(look.clients, identity, signal);
        if ("root" in source)
          return warning("the account's root user may do all", "Use a role: docs/aws.md, Permissions");
        if ("unknown" in source) return skipped(`IAM cannot simulate what ${source.unknown} may do`);
        const partition = identity.arn.split(":")[1] ?? "aws";
        const statements = neededStatements(settings, { ...identity, partition });
        const denied = await deniedActions(look.clients, source.arn, statements, stack, identity.region, signal);
        if (denied.length === 0) return ok("up and destroy are allowed, by IAM's simulation");
        if (denied.every(({ action }) => action === onlyOnce)) {
          return warning(
            `not allowed: ${onlyOnce}`,
            "An account needs it once: for its first cluster on Fargate, and its first Slack channel for alarms",
          );
        }
        const actions = denied.map(({ action, by }) => (by === undefined ? action : `${action} (${by})`));
        const more = actions.length > mostActions ? ` and ${actions.length - mostActions} more` : "";
        return problem(
          `not allowed: ${actions.slice(0, mostActions).join(", ")}${more}`,
          "Have them allowed: docs/aws.md, Permissions",
        );
      }),
  };
}

/** A check for each quota that counts. */
export function quotaChecks(look: AwsLook): Check[] {
  const { settings, wrong } = look.subject;
  const usable = sizes.every((key) => !wrong.has(key));
  // Without settings, their names at least.
  if (!usable) return [{ name: "quotas", uses: sizes, look: () => skipped("") }];
  return quotaNeeds(settings).map((need) => ({
    name: need.name,
    look: (signal) => look.ask(signal, () => compare(look, need, signal)),
  }));
}

async function compare(look: AwsLook, need: QuotaNeed, signal: AbortSignal): Promise<Finding> {
  const { stack, settings } = look.subject;
  const place = { stack, zones: planNetwork(settings).natGateways, zoneNames: settings.availabilityZoneNames };
  const [quota, used] = await Promise.all([
    readQuota(look.clients, need, signal),
    inUse(look.clients, need.name, place, signal),
  ]);
  const use = used === undefined ? "" : `${used} in use, `;
  const rest = need.name === "Fargate vCPU" ? "; what others run there is not counted" : "";
  const text = `${quota} ${need.unit}, ${use}${need.asked} asked for`;
  return need.asked + (used ?? 0) <= quota ? ok(text + rest) : problem(text, moreOf(need, used));
}

function moreOf({ service, code, asked }: QuotaNeed, used = 0): string {
  const value = Math.ceil(asked + used);
  const command = `aws service-quotas request-service-quota-increase --service-code ${service} --quota-code ${code}`;
  return `Ask for ${value}: ${command} --desired-value ${value}`;
}

/** Addresses for the pods: in subnets that exist, or in those that are made. */
export function subnetsCheck(look: AwsLook): Check {
  const { settings } = look.subject;
  return {
    name: "subnets",
    uses: [...sizes, "podSubnetIds", "controlPlaneSubnetIds"],
    look: (signal) => {
      const { podSubnetIds, controlPlaneSubnetIds = [], workerReplicas } = settings;
      const pods = podsOf(workerReplicas);
      if (podSubnetIds === undefined) {
        return ok(`${planNetwork(settings).podAddresses} addresses in the new VPC, for ${pods} pods`);
      }
      return look.ask(signal, async () => {
        const all = await readSubnets(look.clients, [...new Set([...podSubnetIds, ...controlPlaneSubnetIds])], signal);
        const elsewhere = all.filter(({ vpcId }) => vpcId !== settings.vpcId).map(({ id }) => id);
        if (elsewhere.length > 0) return problem(`${elsewhere.join(", ")} not in ${settings.vpcId}`, "Name others");
        const zones = new Set(all.filter(({ id }) => controlPlaneSubnetIds.includes(id)).map(({ zone }) => zone));
        if (zones.size < 2) {
          return problem(`controlPlaneSubnetIds are in ${[...zones].join()} alone`, "EKS needs two availability zones");
        }
        const subnets = all.filter(({ id }) => podSubnetIds.includes(id));
        const free = subnets.reduce((sum, one) => sum + one.free, 0);
        const each = subnets.map((one) => `${one.id} ${one.free}`).join(", ");
        const text = `${free} free addresses for ${pods} pods (${each})`;
        // Those of pods that are there already are not free.
        if (free >= pods) return ok(text);
        return warning(text, "Unless these pods are there already: larger subnets as podSubnetIds, or fewer workers");
      });
    },
  };
}
