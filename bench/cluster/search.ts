/** How the most that a worker can do is looked for. Knows nothing of workers: a measurement is a function. */

/** Measures something with a number of users. */
export type Measure<T> = (users: number) => Promise<T>;

/** One step of a search. */
export interface Step<T> {
  readonly users: number;
  readonly value: T;
}

/**
 * Doubles the users, from `from`, for as long as that gives 5 % more.
 *
 * @param amount what is to be as large as possible
 * @param most steps at most
 */
export async function highest<T>(
  measure: Measure<T>,
  amount: (value: T) => number,
  { from, most = 6 }: { readonly from: number; readonly most?: number },
): Promise<{ readonly best: Step<T>; readonly steps: readonly Step<T>[] }> {
  const steps: Step<T>[] = [];
  let best: Step<T> | undefined;
  for (let users = from; steps.length < most; users *= 2) {
    const step = { users, value: await measure(users) };
    steps.push(step);
    const rises = best === undefined || amount(step.value) >= amount(best.value) * 1.05;
    if (best === undefined || amount(step.value) > amount(best.value)) best = step;
    if (!rises) break;
  }
  if (best === undefined) throw new RangeError("a search needs one step at least");
  return { best, steps };
}

/** What benchmarks take as `precision`. */
export const precision = 0.05;

export interface BoundOptions {
  /** Where to begin. */
  readonly from: number;
  /** The first step up or down, as a share: 0.25 goes from 100 to 125. It doubles with each further one, to 0.3 at most. */
  readonly stride: number;
  /** How far the answer may be below the first number that does not fit, as a share. */
  readonly precision: number;
  readonly least: number;
  readonly most: number;
}

/**
 * Looks for the most users that something holds for, which is taken to hold for all fewer ones: goes up, or down, in
 * growing steps until it has one that fits and one that does not, then halves what is between.
 *
 * @returns the step with the most users that fits; undefined where not even `least` does
 */
export async function mostThatFits<T>(
  measure: Measure<T>,
  fits: (value: T) => boolean,
  options: BoundOptions,
): Promise<{ readonly best: Step<T> | undefined; readonly steps: readonly Step<T>[] }> {
  const { least, most, precision } = options;
  const steps: Step<T>[] = [];
  let good: Step<T> | undefined;
  let bad: number | undefined;
  let { stride } = options;
  let users = within(Math.round(options.from), least, most);
  for (;;) {
    const step = { users, value: await measure(users) };
    steps.push(step);
    if (fits(step.value)) good = step;
    else bad = users;
    if (good === undefined) {
      if (users === least) break;
      users = within(Math.round(users / (1 + stride)), least, users - 1);
      stride = Math.min(stride * 2, Math.max(stride, 0.3));
    } else if (bad === undefined) {
      if (users === most) break;
      users = within(Math.round(users * (1 + stride)), users + 1, most);
      stride = Math.min(stride * 2, Math.max(stride, 0.3));
    } else {
      if (bad - good.users <= Math.max(1, bad * precision)) break;
      users = Math.round((good.users + bad) / 2);
    }
  }
  return { best: good, steps };
}

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
