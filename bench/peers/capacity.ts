/** How much load a tool makes on one core: the highest RPS, and the most users that still get their answers in time. */
import { loadavg } from "node:os";
import { highest, mostThatFits } from "../cluster/search";
import { bound, fitsIn, secondsARequest } from "../cluster/window";
import { type Configuration, nameOf } from "./configurations";
import { mostUsers } from "./target";
import type { Load, Order, Window } from "./window";

/** What was measured of one configuration in one round. */
export interface Capacity {
  readonly round: number;
  readonly configuration: Configuration;
  /** ISO 8601. */
  readonly at: string;
  /** Load average of the minute before, and what all of it took. */
  readonly loadAverage: number;
  readonly seconds: number;
  readonly busiest: Window;
  readonly unloaded: Window;
  /** The most users of `between(1, 3)` with a p99 below `bound` times that of the few; null where not even those fit. */
  readonly fullest: Window | null;
  readonly steps: { readonly busy: readonly Window[]; readonly calm: readonly Window[] };
}

/** Users of which p99 is taken as unloaded, in a longer window: they make few requests, and all others are held to it. */
export const few = 200;
const fewSeconds = 10;
const windowSeconds = 3;
/** Users without waits to begin with. */
const fewest = 8;
/** How far the most users may be below the first number that does not fit. */
export const precision = 0.1;

/**
 * @param former result of a former round, which tells where to begin
 * @throws Error where requests fail that nothing keeps from success
 */
export async function measureCapacity(
  load: Load,
  configuration: Configuration,
  round: number,
  former: Capacity | undefined,
): Promise<Capacity> {
  const [at, begun, loadAverage] = [new Date().toISOString(), performance.now(), loadavg()[0] ?? 0];
  const unfailing = async (order: Order): Promise<Window> => {
    const window = await load(order);
    const { arrived, failures } = window;
    if (arrived === order.users && failures === 0) return window;
    throw new Error(
      `${nameOf(configuration)}: of ${order.users} users ${arrived} came in time, with ${failures} failures`,
    );
  };
  const unloaded = await unfailing({ kind: "calm", users: few, seconds: fewSeconds });
  const limit = bound * unloaded.p99;
  const busy = await highest(
    (users) => unfailing({ kind: "busy", users, seconds: windowSeconds }),
    ({ rps }) => rps,
    { from: former ? Math.max(fewest, Math.round(former.busiest.users / 2)) : fewest },
  );
  const calm = await mostThatFits((users) => load({ kind: "calm", users, seconds: windowSeconds }), fitsIn(limit), {
    // From below: behind a guess that is too high the tool, and what the target keeps open, are late.
    from: former?.fullest?.users ?? Math.min(mostUsers * 0.7, busy.best.value.rps * secondsARequest * 0.1),
    stride: former?.fullest ? 0.1 : 0.2,
    ...{ precision, least: few, most: mostUsers },
  });
  const windows = { busy: busy.steps.map(({ value }) => value), calm: calm.steps.map(({ value }) => value) };
  const seconds = Math.round((performance.now() - begun) / 1000);
  return {
    ...{ round, configuration, at, loadAverage: Number(loadAverage.toFixed(2)), seconds },
    ...{ busiest: busy.best.value, unloaded, fullest: calm.best?.value ?? null, steps: windows },
  };
}
