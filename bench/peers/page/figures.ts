/** What the page says, worked out from the results. Pure. */

import { ratios, type Spread, spreadOf } from "../../cluster/statistics";
import { targetLimit } from "../../cluster/window";
import type { Capacity } from "../capacity";
import { all, type Configuration, nameOf, product } from "../configurations";
import { mostUsers } from "../target";

/** One configuration over all rounds. */
export interface Figures {
  readonly configuration: Configuration;
  readonly rps: Spread | undefined;
  readonly users: Spread | undefined;
  /** What this project's FastHttpUser makes of that in the same round, plain or with TLS as the tool: 2 is twice as much. */
  readonly productRps: Spread | undefined;
  readonly productUsers: Spread | undefined;
  /** Of the tool's core, with the most users. */
  readonly coreUsed: Spread | undefined;
  /** p99 of a few users, and of the most, in ms. */
  readonly unloaded: Spread | undefined;
  readonly loaded: Spread | undefined;
  /** Of one user more, in MiB; undefined where there are no users. */
  readonly memory: Spread | undefined;
  /** Whether, in a round, the target may have held the requests down, or nothing but the most that is asked for the users. */
  readonly targetBound: boolean;
  readonly capped: boolean;
}

export function figuresOf(capacity: readonly Capacity[]): Figures[] {
  const of = ({ tool, tls }: Configuration) =>
    capacity.filter(({ configuration }) => configuration.tool === tool && configuration.tls === tls);
  const measured = new Set(capacity.map(({ configuration }) => nameOf(configuration)));
  return all
    .filter((configuration) => measured.has(nameOf(configuration)))
    .map((configuration) => {
      const rounds = of(configuration);
      const products = of({ tool: product, tls: configuration.tls });
      const full = rounds.flatMap(({ fullest }) => fullest ?? []);
      return {
        configuration,
        rps: spreadOf(rounds.map(({ busiest }) => busiest.rps)),
        users: spreadOf(full.map(({ users }) => users)),
        productRps: spreadOf(ratios(products, rounds, ({ busiest }) => busiest.rps)),
        productUsers: spreadOf(ratios(products, rounds, ({ fullest }) => fullest?.users)),
        coreUsed: spreadOf(full.map(({ cpu }) => cpu)),
        unloaded: spreadOf(rounds.map(({ unloaded }) => unloaded.p99)),
        loaded: spreadOf(full.map(({ p99 }) => p99)),
        memory: spreadOf(rounds.flatMap((one) => memoryOfAUser(one) ?? [])),
        targetBound: rounds.some(({ busiest }) => busiest.targetCpu >= targetLimit),
        capped: full.some(({ users }) => users === mostUsers),
      };
    });
}

/** MiB that users need beyond the few, for each of them: of the most that were tried, as a process keeps what it had. */
function memoryOfAUser({ configuration, unloaded, steps }: Capacity): number | undefined {
  const most = steps.calm.toSorted((a, b) => a.users - b.users).at(-1);
  // vegeta has connections, as many as it needs, and no users.
  if (configuration.tool === "vegeta" || most === undefined || most.arrived === unloaded.arrived) return undefined;
  return (most.memory - unloaded.memory) / 2 ** 20 / (most.arrived - unloaded.arrived);
}
