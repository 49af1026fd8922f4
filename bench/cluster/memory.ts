/** The memory that a worker needs for its users. */
import type { BenchNamespace } from "./bench-namespace";
import type { UserClass } from "./configurations";
import { withLoad } from "./load";
import type { Window } from "./window";

/** What a worker used in one round, with more and more users of `between(1, 3)`. */
export interface Memory {
  readonly round: number;
  readonly userClass: UserClass;
  readonly tls: boolean;
  readonly windows: readonly Window[];
}

export const memoryUsers = [100, 500, 2000] as const;

export async function measureMemory(
  namespace: BenchNamespace,
  userClass: UserClass,
  tls: boolean,
  round: number,
): Promise<Memory> {
  // One vCPU, so that 2,000 users of either class get along.
  const windows = await withLoad(namespace, { userClass, cpu: 1, tls }, async (load) => {
    const made: Window[] = [];
    for (const users of memoryUsers) {
      const pace = { spawnRate: Math.max(50, users / 5), patience: 180, settle: 3, samples: 0, least: 3, most: 3 };
      made.push(await load({ userClass: "CalmUser", users, ...pace }));
    }
    return made;
  });
  return { round, userClass, tls, windows };
}
