/** Whether the users of a search by arrivals are too few, or the target keeps them all busy. */
import { heldUp } from "../../verdict/capacity/breach";
import { isFlat, type Short, usersFor } from "../../verdict/capacity/cap";
import type { CapacityStep, StepArrivals } from "../../verdict/capacity/report";
import type { SearchLoad } from "./load";

/** What a level came to; `again`: it is to be held again, with more users. */
export type Judged = Pick<CapacityStep, "outcome" | "why" | "broke"> & { readonly again?: boolean };

export class BusyUsers {
  /** The last time that iterations found no user; and whether more users have been of no use. */
  private short: Short | undefined;
  private flat = false;

  constructor(
    private readonly load: Pick<SearchLoad, "least">,
    private readonly maxUsers: number | null,
  ) {}

  /**
   * Of a level within its thresholds at which iterations found no user: the users are too few, until more of them start
   * no more iterations.
   */
  judge(level: number, users: number, arrivals: StepArrivals): Judged {
    const { short, maxUsers } = this;
    const now = { users, started: arrivals.started };
    this.flat ||= isFlat(short, now);
    this.short = now;
    if (this.flat) return { outcome: "broke", why: null, broke: heldUp(arrivals, users) };
    const busy = `all ${users} users were busy`;
    if (maxUsers !== null && users >= maxUsers) {
      return { outcome: "beyond", why: `${busy}, which are those of --max-users`, broke: null };
    }
    this.load.least = usersFor(level, users, arrivals);
    return { outcome: "void", why: `${busy}: more are started`, broke: null, again: users > (short?.users ?? 0) };
  }
}
