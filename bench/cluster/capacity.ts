/** How much load a worker makes: the highest RPS, and the most users that still get their answers in time. */
import type { BenchNamespace } from "./bench-namespace";
import type { Configuration } from "./configurations";
import { type Load, OutOfMemory, spawnRateOf, withLoad } from "./load";
import { highest, mostThatFits, precision } from "./search";
import { bound, fitsIn, secondsARequest, targetLimit, type Window } from "./window";

/** What was measured of one configuration in one round. */
export interface Capacity {
  readonly round: number;
  readonly configuration: Configuration;
  /** ISO 8601. */
  readonly at: string;
  /** Users that ask again at once. */
  readonly busiest: Window;
  /** A few users of `between(1, 3)`. */
  readonly unloaded: Window;
  /** The most of them with a p99 below `bound` times that of the few; null where there was no such number. */
  readonly fullest: Window | null;
  /** Numbers of users for which the worker's memory was not enough; left out where it was for all. */
  readonly outOfMemory?: readonly number[];
  /** Whether the target may be what held a number down. */
  readonly targetBound: { readonly busiest: boolean; readonly fullest: boolean };
  readonly steps: { readonly busy: readonly Window[]; readonly calm: readonly Window[] };
}

/** Users of which p99 is taken as unloaded. */
export const few = 60;
/** The target keeps 19,000 connections open. */
const mostUsers = 18_000;

/** A former round's result tells where to begin. */
export async function measureCapacity(
  namespace: BenchNamespace,
  configuration: Configuration,
  round: number,
  former: Capacity | undefined,
): Promise<Capacity> {
  const at = new Date().toISOString();
  return withLoad(namespace, configuration, async (load) => {
    const busy = await highest(
      (users) => load(busyOrder(users)),
      ({ rps }) => rps,
      former === undefined ? { from: 4 } : { from: former.busiest.users, most: 1 },
    );
    const order = { ...calmOrder(configuration, few, 0), samples: 240, least: 7, most: 9 };
    // With TLS the first ones may still be connecting.
    if (configuration.tls) await load(order);
    const unloaded = await load(order);
    const limit = bound * unloaded.p99;
    let last: Window | undefined;
    const measure = async (users: number) => {
      try {
        last = await calmWindow(load, configuration, users, limit, last);
        return last;
      } catch (error) {
        if (error instanceof OutOfMemory) return undefined;
        throw error;
      }
    };
    const fits = (window: Window | undefined) => window !== undefined && fitsIn(limit)(window);
    const calm = await mostThatFits(measure, fits, {
      // A guess that is too low costs little; behind one that is too high the worker has to catch up first.
      from: former?.fullest?.users ?? busy.best.value.rps * secondsARequest * 0.55,
      stride: former?.fullest ? 0.05 : 0.15,
      precision,
      least: few,
      most: mostUsers,
    });
    const fullest = calm.best?.value ?? null;
    const windows = calm.steps.flatMap(({ value }) => value ?? []);
    const outOfMemory = calm.steps.flatMap(({ users, value }) => (value === undefined ? [users] : []));
    return {
      ...{ round, configuration, at, busiest: busy.best.value, unloaded, fullest },
      ...(outOfMemory.length > 0 ? { outOfMemory } : {}),
      targetBound: {
        busiest: busy.best.value.targetCpu >= targetLimit,
        fullest: windows.some(({ targetCpu }) => targetCpu >= targetLimit),
      },
      steps: { busy: busy.steps.map(({ value }) => value), calm: windows },
    };
  });
}

/** The machine may have been busy for a moment: what just does not fit gets a second chance. */
async function calmWindow(load: Load, configuration: Configuration, users: number, limit: number, last?: Window) {
  // Users that were answered late are behind by that much.
  const behind = Math.min(15, ((last?.p99 ?? 0) / 1000) * 2);
  const window = await load(calmOrder(configuration, users, behind));
  // In vain where it was far off; the first users may still be connecting.
  if (fitsIn(limit)(window) || (last !== undefined && window.p99 > limit * 1.5)) return window;
  return load(calmOrder(configuration, users, 0));
}

function busyOrder(users: number) {
  return { userClass: "BusyUser", users, spawnRate: 100, settle: 1, samples: 0, least: 3, most: 3 } as const;
}

function calmOrder(configuration: Configuration, users: number, behind: number) {
  const spawnRate = spawnRateOf(configuration, users);
  const patience = users / spawnRate + 60;
  const settle = 3 + behind;
  return { userClass: "CalmUser", users, spawnRate, patience, settle, samples: 1000, least: 4, most: 8 } as const;
}
