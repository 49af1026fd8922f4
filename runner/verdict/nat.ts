/** What NAT gateways say of a run: ports that they had none of limit the load on our side. */

/** One NAT gateway in the minutes of a run. */
export interface NatGatewayUse {
  readonly id: string;
  /** Connections for which it had no port. */
  readonly portErrors: number;
  readonly droppedPackets: number;
  /** Most connections at a time; null where CloudWatch has no value. */
  readonly mostConnections: number | null;
}

/** What CloudWatch has of a run's NAT gateways, over its minutes, rounded outwards. */
export interface NatReport {
  /** UTC, ISO 8601. */
  readonly from: string;
  readonly to: string;
  /** Minutes in that time of which a gateway has no values. */
  readonly missingMinutes: number;
  readonly gateways: readonly NatGatewayUse[];
}

/** What a run is in which there was no port for a connection. */
export type NatErrors = "invalid" | "warn";

/** The part of an IntegrityReport that says whether the load was what was asked. */
interface Load {
  readonly ok: boolean;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Adds what the NAT gateways say to the report on a run's load. */
export function withNat<T extends Load>(integrity: T, nat: NatReport, natErrors: NatErrors): T & { nat: NatReport } {
  const ports = portProblem(nat);
  const isProblem = ports !== undefined && natErrors === "invalid";
  const dropped = counted(nat, ({ droppedPackets }) => droppedPackets);
  const warnings = [
    ...(ports !== undefined && !isProblem ? [ports] : []),
    ...(dropped === undefined ? [] : [`nat: ${things(dropped.sum, "packet")} dropped${dropped.where}`]),
    ...missing(nat),
  ];
  return {
    ...integrity,
    ok: integrity.ok && !isProblem,
    problems: [...integrity.problems, ...(isProblem ? [ports] : [])],
    warnings: [...integrity.warnings, ...warnings],
    nat,
  };
}

/** Connections that had no port, of all gateways; undefined where none is seen, and minutes are missing. */
export function portErrors({ gateways, missingMinutes }: NatReport): number | undefined {
  const seen = gateways.reduce((sum, gateway) => sum + gateway.portErrors, 0);
  return seen === 0 && missingMinutes > 0 ? undefined : seen;
}

function portProblem(nat: NatReport): string | undefined {
  const none = counted(nat, (gateway) => gateway.portErrors);
  if (none === undefined) return undefined;
  // With the time: in its first and last minute another run may be to blame.
  const [from, to] = [nat.from, nat.to].map((time) => time.slice(11, 16));
  const what = `nat: ${things(none.sum, "connection")} had no free port${none.where} from ${from} to ${to} UTC`;
  const todo =
    "more addresses a gateway (natAddressesPerGateway), fewer connections at a time, or ones kept open instead of opened for each request, help";
  return `${what}, which limits the load on our side: ${todo}`;
}

function counted({ gateways }: NatReport, count: (gateway: NatGatewayUse) => number) {
  const some = gateways.filter((gateway) => count(gateway) > 0);
  if (some.length === 0) return undefined;
  const each = some.map((gateway) => `${gateway.id}: ${count(gateway)}`);
  return { sum: some.reduce((sum, gateway) => sum + count(gateway), 0), where: ` (${each.join(", ")})` };
}

function missing({ from, to, missingMinutes, gateways }: NatReport): string[] {
  if (missingMinutes === 0) return [];
  const ids = gateways.map(({ id }) => id).join(", ");
  const all = Math.round((Date.parse(to) - Date.parse(from)) / 60_000);
  if (missingMinutes < all)
    return [`nat: CloudWatch had no values of ${missingMinutes} of the run's ${all} minutes yet`];
  return [`nat: CloudWatch had no values of ${ids} in the time of the run, so whether they had ports is not known`];
}

function things(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
