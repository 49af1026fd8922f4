/** What the page says, worked out from the results. Pure. */
import type { Capacity } from "../capacity";
import { type Configuration, guidance, nameOf, requestsPerDollar } from "../configurations";
import type { Results } from "../results";
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
}

/** A variant against the same without it. */
export interface VariantFigures {
  readonly configuration: Configuration;
  readonly rps: Spread | undefined;
  readonly users: Spread | undefined;
}

export function capacityFigures({ capacity }: Results): CapacityFigures[] {
  const base = of(capacity, guidance);
  return configurationsIn(capacity).map((configuration) => {
    const all = of(capacity, configuration);
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
