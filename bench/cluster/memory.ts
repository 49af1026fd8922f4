/** The memory that a worker needs for its users. */
import type { BenchNamespace } from "./bench-namespace";
import type { Configuration, UserClass } from "./configurations";
import { spawnRateOf, withLoad } from "./load";
import type { Window } from "./window";

/** What a worker used in one round, with more and more users of `between(1, 3)`. */
export interface Memory {
  readonly round: number;
  readonly userClass: UserClass;
  readonly tls: boolean;
  readonly windows: readonly Window[];
}

export const memoryUsers = [100, 500, 2000] as const;

/** What it is measured of: one vCPU, so that 2,000 users of either class get along. */
export function isForMemory({ cpu, variant }: Configuration): boolean {
  return cpu === 1 && variant === undefined;
}

export async function measureMemory(
  namespace: BenchNamespace,
  configuration: Configuration,
  round: number,
): Promise<Memory> {
  const { userClass, tls } = configuration;
  const windows = await withLoad(namespace, configuration, async (load) => {
    const made: Window[] = [];
    for (const users of memoryUsers) {
      const pace = { spawnRate: spawnRateOf(configuration, users), patience: 180, samples: 0, least: 3, most: 3 };
      // With TLS the last ones are still connecting.
      made.push(await load({ userClass: "CalmUser", users, ...pace, settle: tls ? 20 : 3 }));
    }
    return made;
  });
  return { round, userClass, tls, windows };
}
