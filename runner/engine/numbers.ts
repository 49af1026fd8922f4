import { ResultsError } from "../results/errors";
import { parseRequestsCsv } from "../results/requests-csv";
import { type BreachWatch, createBreachWatch } from "../verdict/breach";
import type { IntegrityReport } from "../verdict/integrity";
import { evaluateThresholds } from "../verdict/thresholds";
import { type LocustClient, LocustRefused, MasterUnreachable } from "./client";
import type { RunPlan, Snapshot } from "./plan";

/** The numbers of a run as the master last gave them, and what its thresholds say of them. */
export class Numbers {
  latest: Snapshot | undefined;
  private readonly breach: BreachWatch | undefined;

  constructor(
    private readonly client: LocustClient,
    private readonly plan: Pick<RunPlan, "thresholds" | "abortAfter">,
  ) {
    this.breach = plan.abortAfter === undefined ? undefined : createBreachWatch(plan.abortAfter);
  }

  /** Takes the numbers so far; undefined where the master does not give them now, and the last ones stay. */
  async take(integrity: IntegrityReport, signal: AbortSignal): Promise<Snapshot | undefined> {
    try {
      const [requests, failures, exceptions] = await Promise.all([
        this.client.csv("requests.csv", signal),
        this.client.csv("failures.csv", signal),
        this.client.csv("exceptions.csv", signal),
      ]);
      const rows = parseRequestsCsv(requests);
      this.latest = {
        csv: { "requests.csv": requests, "failures.csv": failures, "exceptions.csv": exceptions },
        rows,
        thresholds: evaluateThresholds(this.plan.thresholds, rows),
        integrity,
      };
      return this.latest;
    } catch (error) {
      if ([MasterUnreachable, LocustRefused, ResultsError].some((kind) => error instanceof kind)) return undefined;
      throw error;
    }
  }

  /** The threshold that has been breached for long enough to end the run, in words; undefined while there is none. */
  breached(elapsed: number): string | undefined {
    const result = this.latest === undefined ? undefined : this.breach?.update(elapsed, this.latest.thresholds);
    return result === undefined ? undefined : `${result.threshold} was breached for ${this.plan.abortAfter} s`;
  }
}
