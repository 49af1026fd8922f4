/** The guidance's numbers beside the corrected ones, and beside what a million users cost here: for `docs/cost.md`. */
import { type Configuration, guidance, guidanceTls, nameOf } from "../../bench/cluster/configurations";
import { figuresOf } from "../../bench/cluster/page/figures";
import type { Results } from "../../bench/cluster/results";
import { type EstimateSettings, estimate } from "../../settings/cost/estimate";
import {
  dataRows,
  type GuidanceLine,
  guidanceLoad,
  guidanceSettings,
  natTable,
  podTable,
  zonesLine,
} from "../../settings/cost/guidance";
import { natAddressesNeeded, trafficGb } from "../../settings/cost/load";
import type { Prices } from "../../settings/cost/prices";
import { parseSettings } from "../../settings/parse";
import { memoryThatComesWith } from "../../settings/values/fargate";
import { dollars, markdownTable } from "./markdown";

/** A run whose workers use nine tenths of their CPU is invalid. */
const usable = 0.9;

/** What a million users take of a kind of worker. */
interface Fleet extends Configuration {
  /** The median of what was measured, of one. */
  readonly users: number;
  readonly workers: number;
}

/** Values of the page's template. */
export function guidanceParts(prices: Prices, results: Results): Readonly<Record<string, string>> {
  const million = guidanceLoad(1).users;
  const fleet = (worker: Configuration): Fleet => {
    const users = measured(results, worker);
    return { ...worker, users, workers: Math.ceil(million / (users * usable)) };
  };
  const guidances = fleet(guidance);
  const own = fleet({ userClass: "FastHttpUser", cpu: 0.5, tls: false });
  const ownTls = fleet({ ...own, tls: true });
  const fleets = [
    own,
    ownTls,
    fleet({ ...own, userClass: "HttpUser" }),
    fleet({ ...ownTls, userClass: "HttpUser" }),
    guidances,
    fleet(guidanceTls),
  ];
  const addresses = Math.ceil(natAddressesNeeded({ users: million }) / guidanceSettings.availabilityZoneCount);
  return {
    pods: linesTable(podTable(prices)),
    nat: linesTable(natTable(prices)),
    zones: linesTable([zonesLine(prices)]),
    addresses: `${addresses}`,
    measured: results.date,
    workers: workersTable(prices, fleets),
    sums: sumsTable(prices, guidances),
    million: millionTable(prices, [own, ownTls], addresses),
    "break-even": breakEven(prices, own),
    "bytes a request": `${Math.round(1000 / guidanceLoad(1).requestsPerUserMinute)}`,
    region: prices.region,
    date: prices.date,
  };
}

function measured(results: Results, worker: Configuration): number {
  const { users } = figuresOf(results, worker);
  if (users === undefined) throw new Error(`no users of ${nameOf(worker)} were in time`);
  return users.median;
}

function linesTable(lines: readonly GuidanceLine[]): string {
  const range = (values: readonly number[]) => values.map(dollars).join(" – ");
  return markdownTable(
    [
      ["item", "price, as given", "24 hours, as given", "24 hours, corrected", "why"],
      ...lines.map(({ item, price, given, corrected, why }) => {
        return [item, price, given === undefined ? "–" : range(given), range(corrected), why];
      }),
    ],
    [0, 1, 4],
  ).join("\n");
}

/** Pods for a million users, and what they cost in 24 hours. */
function workersTable(prices: Prices, fleets: readonly Fleet[]): string {
  return markdownTable([
    ["worker", "users each, measured", "workers", "their pods, 24 hours"],
    ...fleets.map((fleet) => {
      const { users, workers } = fleet;
      return [nameOf(fleet), whole(users), whole(workers), dollars(podsOf(prices, fleet))];
    }),
  ]).join("\n");
}

/** All that the guidance counts, by data a user, and all that there is. */
function sumsTable(prices: Prices, needed: Fleet): string {
  const [pods = 0, nat = 0] = [
    podTable(prices).find(({ item }) => item === "sum")?.given?.[0],
    natTable(prices)[0]?.given?.[0],
  ];
  const withPods = { ...guidanceSettings, workerReplicas: needed.workers };
  return markdownTable([
    [
      "KB a user and minute",
      "as given",
      `its ${guidanceSettings.workerReplicas} pods, corrected`,
      `the ${whole(needed.workers)} that it takes`,
    ],
    ...dataRows.map(({ kb, given }) => {
      const load = guidanceLoad(kb);
      return [
        `${kb}`,
        dollars(pods + nat + given),
        dollars(estimate(prices, guidanceSettings, load).total.day),
        dollars(estimate(prices, withPods, { ...load, workers: needed.workers }).total.day),
      ];
    }),
  ]).join("\n");
}

/** A million users with the defaults here, by data a user, and what of it is traffic. */
function millionTable(prices: Prices, fleets: readonly Fleet[], addresses: number): string {
  const day = (fleet: Fleet, kb: number) => {
    const settings = settingsOf(fleet, addresses);
    return dollars(estimate(prices, settings, { ...guidanceLoad(kb), workers: fleet.workers }).total.day);
  };
  const heads = fleets.map(({ workers, tls }) => `${tls ? "with TLS" : "without TLS"}, ${workers} workers`);
  const throughNat = (kb: number) => trafficGb(guidanceLoad(kb)) * prices.perGb.throughNat;
  const out = (kb: number) => trafficGb(guidanceLoad(kb)) * guidanceLoad(kb).sentShare * prices.perGb.outToInternet;
  return markdownTable([
    ["KB a user and minute", "of it through NAT", "of it out to the internet", ...heads],
    ...dataRows.map(({ kb }) => {
      return [`${kb}`, dollars(throughNat(kb)), dollars(out(kb)), ...fleets.map((fleet) => day(fleet, kb))];
    }),
    ["any, to a target in the same VPC and zone", "–", "–", ...fleets.map((fleet) => day(fleet, 0))],
  ]).join("\n");
}

/** From how many KB a user and minute on traffic costs more than the pods of all workers. */
function breakEven(prices: Prices, fleet: Fleet): string {
  const load = { ...guidanceLoad(1), workers: fleet.workers };
  const { throughNat, outToInternet } = prices.perGb;
  const ofOneKb = trafficGb(load) * (throughNat + load.sentShare * outToInternet);
  return (podsOf(prices, fleet) / ofOneKb).toFixed(1);
}

/** USD of 24 hours, of the workers' pods. */
function podsOf(prices: Prices, fleet: Fleet): number {
  const { idle } = estimate(prices, settingsOf(fleet, 1), { ...guidanceLoad(1), workers: fleet.workers });
  return idle.items.find(({ what }) => what.includes("Locust worker"))?.day ?? Number.NaN;
}

/** The defaults of the settings, with workers of this kind. */
function settingsOf({ cpu, workers }: Fleet, natAddressesPerGateway: number): EstimateSettings {
  const workerMemory = memoryThatComesWith(cpu) ?? Number.NaN;
  // More workers than a stack takes, where that is what it would take.
  return {
    ...parseSettings({}, "the defaults"),
    ...{ workerReplicas: workers, workerCpu: cpu, workerMemory, natAddressesPerGateway },
  };
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
