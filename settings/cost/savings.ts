/** What would make a stack and its runs cheaper, with the amount. Pure arithmetic. */
import { fargateCpus, memoryThatComesWith } from "../values/fargate";
import { type EstimateSettings, estimate } from "./estimate";
import { natGateways } from "./hourly";
import { type Load, natAddressesNeeded } from "./load";
import type { Prices } from "./prices";

/** One way to pay less; those of a list do not add up, as some of them save the same. */
export interface Saving {
  /** What to do, with its condition. */
  readonly what: string;
  /** USD, of a day with its runs. */
  readonly day: number;
}

/** What a master of the smallest size does: docs/benchmarks.md. */
const smallMaster = { cpu: 0.25, workers: 400 };

interface Change {
  readonly what: string;
  readonly settings?: Partial<EstimateSettings>;
  readonly load?: Partial<Load>;
}

/** All that applies to these settings, what saves most first. */
export function savings(prices: Prices, settings: EstimateSettings, load: Load): Saving[] {
  const now = estimate(prices, settings, load);
  const changed = changes(settings, load).map(({ what, ...change }) => {
    const then = estimate(prices, { ...settings, ...change.settings }, { ...load, ...change.load });
    return { what, day: now.total.day - then.total.day };
  });
  const without = Math.max(0, 24 - load.runsPerDay * load.hours);
  const destroyed = {
    what: "pulumi destroy when no run goes on, less the time that up and destroy take",
    day: now.idle.total.hour * without,
  };
  const gateways = natGateways(settings);
  const { natGateway, publicIpv4 } = prices.perHour;
  const shared = {
    what: "vpcId: a VPC that exists and has NAT already",
    day: gateways * (natGateway + settings.natAddressesPerGateway * publicIpv4) * 24,
  };
  // Less than a cent a day is none.
  return [...changed, destroyed, shared].filter(({ day }) => day >= 0.01).sort((a, b) => b.day - a.day);
}

function changes(settings: EstimateSettings, load: Load): Change[] {
  return [
    singleZone(settings, load),
    ...pods(settings, load),
    ...addresses(settings, load),
    privateTarget(load),
  ].flatMap((change) => change ?? []);
}

function singleZone(settings: EstimateSettings, load: Load): Change | undefined {
  const { layout, vpcId, natAddressesPerGateway } = settings;
  if (layout === "single-az" || vpcId !== undefined) return undefined;
  // One gateway has no room for so many users.
  if (natAddressesNeeded(load) > natAddressesPerGateway) return undefined;
  return {
    what: "layout: single-az, where the load need not come from several zones",
    settings: { layout: "single-az" },
  };
}

function pods(settings: EstimateSettings, load: Load): (Change | undefined)[] {
  const { workerReplicas, workerCpu, workerMemory, controlCpu } = settings;
  const memory = memoryThatComesWith(workerCpu);
  const smaller = fargateCpus.filter((cpu) => cpu < workerCpu).at(-1);
  return [
    workerReplicas === 0 || load.workers === 0
      ? undefined
      : {
          what: `workerReplicas: 0, and loadtest run --workers ${load.workers}: workers only for a run`,
          settings: { workerReplicas: 0 },
        },
    memory === undefined || workerMemory <= memory
      ? undefined
      : {
          what: `workerMemory: ${memory}, where workers need no more: what ${workerCpu} vCPU cost anyway`,
          settings: { workerMemory: memory },
        },
    smaller === undefined
      ? undefined
      : {
          what: `workerCpu: ${smaller}, where no worker uses more than ${Math.round((smaller / workerCpu) * 90)} % of its CPU`,
          settings: { workerCpu: smaller, workerMemory: memoryThatComesWith(smaller) ?? workerMemory },
        },
    controlCpu <= smallMaster.cpu || load.workers > smallMaster.workers
      ? undefined
      : {
          what: `controlCpu: ${smallMaster.cpu}, which does for about ${smallMaster.workers} workers`,
          settings: { controlCpu: smallMaster.cpu, controlMemory: memoryThatComesWith(smallMaster.cpu) ?? 256 },
        },
  ];
}

function addresses(settings: EstimateSettings, load: Load): (Change | undefined)[] {
  const gateways = natGateways(settings);
  if (gateways === 0) return [];
  const enough = Math.max(1, Math.ceil(natAddressesNeeded(load) / gateways));
  if (enough >= settings.natAddressesPerGateway) return [];
  return [
    {
      what: `natAddressesPerGateway: ${enough}, which is enough for ${load.users.toLocaleString("en-US")} connections`,
      settings: { natAddressesPerGateway: enough },
    },
  ];
}

/** Also with IPv6, which has no NAT. */
function privateTarget({ kbPerUserMinute }: Load): Change | undefined {
  if (kbPerUserMinute === 0) return undefined;
  return {
    what: "a target in the same VPC and zone, peered, or behind a VPC endpoint: no NAT, no internet",
    load: { kbPerUserMinute: 0 },
  };
}
