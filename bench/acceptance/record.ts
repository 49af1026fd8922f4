/** What an acceptance test came to: `docs/acceptance.json`, which the page is made of. */

/** One step of a stack. */
export interface Step {
  readonly name: string;
  readonly seconds: number;
  readonly passed: boolean;
  /** One line of what came out. */
  readonly result: string;
}

/** A stack from nothing to nothing. */
export interface Trial {
  /** Whose settings it has: `dev`. */
  readonly stack: string;
  readonly steps: readonly Step[];
  /** What the stack had cost on Fargate and for its network when it was destroyed, in USD; null where nobody knows. */
  readonly costUsd: number | null;
  /** What was found after `destroy`: ARNs. */
  readonly leftovers: readonly string[];
}

export interface Acceptance {
  readonly startedAt: string;
  readonly endedAt: string;
  readonly version: string;
  readonly region: string;
  /** Where AWS' answers came from instead of AWS; null for AWS itself. */
  readonly standIn: string | null;
  readonly interrupted: boolean;
  readonly trials: readonly Trial[];
}

export function hasPassed({ interrupted, trials }: Acceptance): boolean {
  return (
    !interrupted &&
    trials.every(({ steps, leftovers }) => leftovers.length === 0 && steps.every(({ passed }) => passed))
  );
}
