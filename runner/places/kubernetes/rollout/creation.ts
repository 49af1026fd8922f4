/** Why the cluster refuses to make pods, from what a ReplicaSet says. */
import { parseQuantity } from "../deployed/quantity";
import { type Trouble, trouble } from "./trouble-kinds";

/** Words the message of the condition ReplicaFailure. */
export function creationTrouble(message: string): Trouble {
  const why = message.replace(/^pods "[^"]*" is forbidden: /, "");
  const [, quota, requested, used, limited] =
    /^exceeded quota: (\S+), requested: (\S+), used: (\S+), limited: (\S+)$/.exec(why) ?? [];
  if (quota !== undefined) return quotaTrouble(quota, amounts(requested), amounts(used), amounts(limited));
  const [, level, violations] = /^violates PodSecurity "([^"]*)": (.*)$/s.exec(why) ?? [];
  if (level !== undefined) return trouble("policy", `Pod Security level ${level} refuses it: ${violations}`, true);
  if (/^(maximum|minimum) .* per (Container|Pod|PersistentVolumeClaim) is/.test(why)) {
    return trouble("policy", `a LimitRange of the namespace refuses it: ${why}`, true);
  }
  if (/^failed quota: /.test(why)) return trouble("policy", why.replace(/^failed /, ""), true);
  if (/^admission webhook ".*" denied the request/.test(why)) return trouble("policy", why, true);
  const account = /serviceaccount "([^"]*)" not found/.exec(why)?.[1];
  // A namespace gets its default account a moment after it is made.
  if (account !== undefined)
    return trouble("config", `service account ${account} does not exist`, account !== "default");
  return trouble("policy", why);
}

function quotaTrouble(
  quota: string,
  requested: ReadonlyMap<string, string>,
  used: ReadonlyMap<string, string>,
  limited: ReadonlyMap<string, string>,
): Trouble {
  const items = [...requested].map(([resource, amount]) => {
    const limit = limited.get(resource) ?? "?";
    return {
      text: `${resource} ${used.get(resource) ?? "?"} of ${limit} used, ${amount} more asked for`,
      // Also an empty namespace would not have it.
      tooMuch: (parseQuantity(amount) ?? 0) > (parseQuantity(limit) ?? Number.POSITIVE_INFINITY),
    };
  });
  const hopeless = items.some(({ tooMuch }) => tooMuch);
  return trouble("quota", `quota ${quota} is used up: ${items.map(({ text }) => text).join("; ")}`, hopeless);
}

/** "limits.cpu=10m,pods=1", by name. */
function amounts(text = ""): Map<string, string> {
  return new Map(
    text.split(",").map((item): [string, string] => {
      const [name = "", amount = ""] = item.split("=");
      return [name, amount];
    }),
  );
}
