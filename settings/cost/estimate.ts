/** What a stack costs without a run, and what a run adds. Pure arithmetic. */
import { usesEcr } from "../aws/policy";
import { planNetwork } from "../network";
import type { Settings } from "../schema";
import { billedHours, type CostSettings, hourlyCost, requestPrice } from "./hourly";
import { assumed, type Load, requestsOf, sizeText, trafficGb } from "./load";
import { monthHours, type ObservabilityCostSettings, observabilityItems } from "./observability";
import type { Prices } from "./prices";

/** The settings that an estimate depends on, of a stack with platform `eks-fargate`. */
export interface EstimateSettings
  extends CostSettings,
    ObservabilityCostSettings,
    Pick<Settings, "podSubnetIds" | "scriptDelivery" | "image" | "imageSource" | "logRetentionDays"> {}

/** The same money by four measures, in USD. */
export interface Amounts {
  /** Of the stack, or while a run goes on. */
  readonly hour: number;
  /** A whole run. */
  readonly run: number;
  /** 24 hours of the stack, and its runs. */
  readonly day: number;
  /** A run's, by its requests; null where it has none. */
  readonly millionRequests: number | null;
}

/** One line of the bill. */
export interface EstimateItem extends Amounts {
  readonly what: string;
  /** How many, or how many GB: an hour for what is there anyway, a run for what a run adds. */
  readonly quantity: number;
  readonly unit: "" | "GB";
  /** Of one, in USD: an hour of it, or a GB. */
  readonly each: number;
}

interface Bill {
  readonly items: readonly EstimateItem[];
  readonly total: Amounts;
}

export interface Estimate {
  /** What is there without a run, from `up` to `destroy`. */
  readonly idle: Bill;
  /** What a run adds. */
  readonly running: Bill;
  /** Both. */
  readonly total: Amounts;
  /** Of one run. */
  readonly requests: number;
}

const logMonthDays = 30;

/** Prices a stack and its runs. @throws RangeError where Fargate has no size for a pod */
export function estimate(prices: Prices, settings: EstimateSettings, load: Load): Estimate {
  const idle = bill(idleItems(prices, settings, load));
  const running = bill(runningItems(prices, settings, load));
  return { idle, running, total: sum([idle.total, running.total]), requests: requestsOf(load) };
}

type Priced = Pick<EstimateItem, "what" | "quantity" | "unit" | "each">;

function idleItems(prices: Prices, settings: EstimateSettings, load: Load): EstimateItem[] {
  const { perGb } = prices;
  const { logRetentionDays } = settings;
  const hourly = hourlyCost(prices, settings).items.map(({ what, size, quantity, each }): Priced => {
    return { what: size === undefined ? what : `${what}, ${sizeText(size)}`, quantity, unit: "", each };
  });
  const images = usesEcr(settings) ? 1 : 0;
  const logPrice = perGb.logsIn + (perGb.logsKeptForAMonth * logRetentionDays) / logMonthDays;
  const byGb: Priced[] = [
    { what: "control plane's logs", quantity: assumed.controlPlaneLogGbPerHour, unit: "GB", each: logPrice },
    {
      what: "images kept in ECR",
      quantity: images * assumed.imageGb,
      unit: "GB",
      each: perGb.imageKeptForAMonth / monthHours,
    },
  ];
  return [...hourly, ...byGb, ...observabilityItems(prices, settings, logPrice)]
    .filter(({ quantity }) => quantity > 0)
    .map((one) => always(one, load));
}

function runningItems(prices: Prices, settings: EstimateSettings, load: Load): EstimateItem[] {
  const { perGb } = prices;
  const { workers, hours, sentShare } = load;
  const more = workers - settings.workerReplicas;
  const gb = trafficGb(load);
  const logPrice = perGb.logsIn + (perGb.logsKeptForAMonth * settings.logRetentionDays) / logMonthDays;
  const reports = (workers * otherZones(settings) * assumed.reportKbPerSecond * hours * 3600) / 1e6;
  const items: readonly (Priced & { readonly cost?: number })[] = [
    {
      what: more < 0 ? "workers that are gone for the run" : "workers for the run",
      ...{ quantity: more, unit: "", each: requestPrice(prices, settings.workerCpu, settings.workerMemory) },
      cost: workersForRun(prices, settings, workers, hours * 3600),
    },
    // Also those that come back after the run.
    {
      what: "their image, through NAT",
      quantity: Math.abs(more) * assumed.imageGb,
      unit: "GB",
      each: perGb.throughNat,
    },
    { what: "traffic through NAT", quantity: gb, unit: "GB", each: perGb.throughNat },
    { what: "sent out to the internet", quantity: gb * sentShare, unit: "GB", each: perGb.outToInternet },
    { what: "workers' reports between zones", quantity: reports, unit: "GB", each: 2 * perGb.betweenZones },
    // Without it, they are nowhere but in the results of runs.
    {
      what: "logs of Locust",
      quantity: settings.observability ? (workers + 1) * assumed.podLogGb : 0,
      ...{ unit: "GB", each: logPrice },
    },
  ];
  return items
    .filter(({ quantity }) => quantity !== 0)
    .map(({ cost, ...one }) => perRun(one, cost ?? one.quantity * one.each, load));
}

/**
 * What workers cost that a run adds to those of the stack, from image pull to the end of the run; below 0 for those that
 * it does without.
 *
 * @param seconds of the run
 */
export function workersForRun(
  prices: Prices,
  stack: Pick<Settings, "workerReplicas" | "workerCpu" | "workerMemory">,
  workers: number,
  seconds: number,
): number {
  const more = workers - stack.workerReplicas;
  const hours = more < 0 ? seconds / 3600 : billedHours(seconds + assumed.podStart);
  return more * hours * requestPrice(prices, stack.workerCpu, stack.workerMemory);
}

/** The part of the workers that is in another zone than the master, where pods spread evenly. */
function otherZones(settings: EstimateSettings): number {
  const { vpcId, podSubnetIds = [] } = settings;
  // Of subnets that exist, each may be in a zone of its own.
  const zones = vpcId === undefined ? planNetwork(settings).podZones : Math.max(1, podSubnetIds.length);
  return (zones - 1) / zones;
}

function always(item: Priced, load: Load): EstimateItem {
  const hour = item.quantity * item.each;
  const run = hour * load.hours;
  return { ...item, hour, run, day: hour * 24, millionRequests: byRequests(run, load) };
}

function perRun(item: Priced, cost: number, load: Load): EstimateItem {
  const { hours, runsPerDay } = load;
  return {
    ...item,
    ...{ hour: cost / hours, run: cost, day: cost * runsPerDay },
    millionRequests: byRequests(cost, load),
  };
}

function byRequests(cost: number, load: Load): number | null {
  const requests = requestsOf(load);
  return requests === 0 ? null : (cost / requests) * 1e6;
}

function bill(items: readonly EstimateItem[]): Bill {
  return { items, total: sum(items) };
}

function sum(all: readonly Amounts[]): Amounts {
  const add = (value: (one: Amounts) => number) => all.reduce((total, one) => total + value(one), 0);
  return {
    hour: add(({ hour }) => hour),
    run: add(({ run }) => run),
    day: add(({ day }) => day),
    millionRequests: all.some(({ millionRequests }) => millionRequests === null)
      ? null
      : add(({ millionRequests }) => millionRequests ?? 0),
  };
}
