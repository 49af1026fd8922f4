/** What the page says, worked out from the results. Pure. */
import type { Capacity } from "../capacity";
import { type Configuration, guidance, guidanceTls, nameOf, requestsPerDollar } from "../configurations";
import type { MasterStep } from "../master";
import { type Memory, memoryUsers } from "../memory";
import type { Results } from "../results";
import { precision } from "../search";
import { ratios, type Spread, spreadOf } from "../statistics";

/** One configuration over all rounds. */
export interface CapacityFigures {
  readonly configuration: Configuration;
  readonly rps: Spread | undefined;
  readonly users: Spread | undefined;
  /** p99 of a few users, and of the most, in ms. */
  readonly unloaded: Spread | undefined;
  readonly loaded: Spread | undefined;
  /** Requests that a dollar buys, with the most users in time. */
  readonly perDollar: Spread | undefined;
  /** The same of what the guidance's own worker makes in the same round: with the most users, and without waits. */
  readonly toGuidance: Spread | undefined;
  readonly busyToGuidance: Spread | undefined;
  /** Whether the target may have held a number down in a round. */
  readonly targetBound: boolean;
  /** Whether the worker's memory was not enough for a little more in a round. */
  readonly memoryBound: boolean;
}

/** A variant against the same without it. */
export interface VariantFigures {
  readonly configuration: Configuration;
  readonly rps: Spread | undefined;
  readonly users: Spread | undefined;
}

export function capacityFigures({ capacity }: Results): CapacityFigures[] {
  return configurationsIn(capacity).map((configuration) => {
    const all = of(capacity, configuration);
    const base = of(capacity, configuration.tls ? guidanceTls : guidance);
    const full = all.flatMap(({ fullest }) => (fullest === null ? [] : [fullest]));
    return {
      configuration,
      rps: spreadOf(all.map(({ busiest }) => busiest.rps)),
      users: spreadOf(full.map(({ users }) => users)),
      unloaded: spreadOf(all.map(({ unloaded }) => unloaded.p99)),
      loaded: spreadOf(full.map(({ p99 }) => p99)),
      perDollar: spreadOf(all.flatMap((one) => perDollar(one) ?? [])),
      toGuidance: spreadOf(ratios(all, base, perDollar)),
      busyToGuidance: spreadOf(ratios(all, base, busyPerDollar)),
      targetBound: all.some(({ targetBound }) => targetBound.busiest || targetBound.fullest),
      memoryBound: all.some(isMemoryBound),
    };
  });
}

/** @throws Error where it was not measured */
export function figuresOf(results: Results, configuration: Configuration): CapacityFigures {
  const name = nameOf(configuration);
  const found = capacityFigures(results).find((one) => nameOf(one.configuration) === name);
  if (found === undefined) throw new Error(`nothing is measured of ${name}`);
  return found;
}

/** A kind of worker with more and more users. */
export interface MemoryFigures {
  /** `FastHttpUser, TLS` */
  readonly name: string;
  /** For each of `memoryUsers`, in MiB. */
  readonly memory: readonly (Spread | undefined)[];
  /** In MiB, with the page cache. */
  readonly peak: Spread | undefined;
}

/** A master of a size with a number of workers. */
export interface MasterFigures {
  /** vCPU that it is held to. */
  readonly size: number;
  readonly workers: number;
  readonly cpu: Spread | undefined;
  /** Share of the time that it was held at its limit. */
  readonly throttled: Spread | undefined;
  /** MiB. */
  readonly memory: Spread | undefined;
  /** ms */
  readonly answer: Spread | undefined;
  readonly missing: Spread | undefined;
}

export function memoryFigures({ memory }: Results): MemoryFigures[] {
  const nameOfOne = ({ userClass, tls }: Memory) => `${userClass}${tls ? ", TLS" : ""}`;
  return [...grouped(memory, nameOfOne)].map(([name, all]) => ({
    name,
    memory: memoryUsers.map((_, index) => spreadOf(all.flatMap(({ windows }) => mib(windows[index]?.memory)))),
    peak: spreadOf(all.flatMap(({ windows }) => mib(windows.at(-1)?.peak))),
  }));
}

export function masterFigures({ master }: Results): MasterFigures[] {
  const steps = master.flatMap(({ cpu, steps }) => steps.map((step) => ({ size: cpu, step })));
  return [...grouped(steps, ({ size, step }) => `${size} ${step.workers}`).values()].flatMap((all) => {
    const [first] = all;
    if (first === undefined) return [];
    const spread = (value: (step: MasterStep) => number) => spreadOf(all.map(({ step }) => value(step)));
    return {
      ...{ size: first.size, workers: first.step.workers },
      cpu: spread(({ cpu }) => cpu),
      throttled: spread(({ throttled }) => throttled),
      memory: spread(({ memory }) => memory / 2 ** 20),
      answer: spread(({ answer }) => answer.median),
      missing: spread(({ missing }) => missing),
    };
  });
}

export function variantFigures({ capacity }: Results): VariantFigures[] {
  return configurationsIn(capacity)
    .filter(({ variant }) => variant !== undefined)
    .map((configuration) => {
      const { variant: _, ...plain } = configuration;
      const [with_, without] = [of(capacity, configuration), of(capacity, plain)];
      return {
        configuration,
        rps: spreadOf(ratios(with_, without, ({ busiest }) => busiest.rps)),
        users: spreadOf(ratios(with_, without, ({ fullest }) => fullest?.users)),
      };
    });
}

/** What could not be for want of memory is right above what could. */
function isMemoryBound({ fullest, outOfMemory = [] }: Capacity): boolean {
  // One user more is as near as a search of few users comes.
  return Math.min(...outOfMemory) * (1 - precision) <= (fullest?.users ?? 0) + 1;
}

function perDollar({ fullest, configuration }: Capacity): number | undefined {
  return fullest === null ? undefined : requestsPerDollar(fullest.rps, configuration.cpu);
}

function busyPerDollar({ busiest, configuration }: Capacity): number {
  return requestsPerDollar(busiest.rps, configuration.cpu);
}

function of(capacity: readonly Capacity[], configuration: Configuration): Capacity[] {
  return capacity.filter((one) => nameOf(one.configuration) === nameOf(configuration));
}

/** Each once, in the order in which they were measured. */
function configurationsIn(capacity: readonly Capacity[]): Configuration[] {
  return [...new Map(capacity.map(({ configuration }) => [nameOf(configuration), configuration])).values()];
}

/** By a key, in the order in which the keys come. */
function grouped<T>(all: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) groups.set(key(one), [...(groups.get(key(one)) ?? []), one]);
  return groups;
}

function mib(bytes: number | undefined): number[] {
  return bytes === undefined ? [] : [bytes / 2 ** 20];
}
