/** How much load a tool makes on one core: the highest RPS, and the most users that still get their answers in time. */
import { loadavg } from "node:os";
import { highest, mostThatFits } from "../cluster/search";
import { bound, fitsIn, secondsARequest } from "../cluster/window";
import { type Configuration, nameOf } from "./configurations";
import { mostUsers } from "./target";
import type { Load, Window } from "./window";

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

/** Users of which p99 is taken as unloaded. */
export const few = 200;
/** How far the most users may be below the first number that does not fit. */
export const precision = 0.1;

/** A former round's result tells where to begin. */
export async function measureCapacity(
  load: Load,
  configuration: Configuration,
  round: number,
  former: Capacity | undefined,
): Promise<Capacity> {
  const [at, begun, loadAverage] = [new Date().toISOString(), performance.now(), loadavg()[0] ?? 0];
  const unloaded = await load({ kind: "calm", users: few });
  if (unloaded.arrived < few) throw new Error(`${nameOf(configuration)}: ${few} users came too late to be measured`);
  const limit = bound * unloaded.p99;
  const busy = await highest(
    (users) => load({ kind: "busy", users }),
    ({ rps }) => rps,
    former === undefined ? { from: 8, most: 4 } : { from: former.busiest.users, most: 1 },
  );
  const calm = await mostThatFits((users) => load({ kind: "calm", users }), fitsIn(limit), {
    // From below: behind a guess that is too high the tool, and what the target keeps open, are late.
    from: former?.fullest?.users ?? Math.min(mostUsers * 0.7, busy.best.value.rps * secondsARequest * 0.4),
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
