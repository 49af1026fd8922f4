import { ResultsError } from "../results/files";
import { parseFailuresCsv, parseRequestsCsv } from "../results/locust-csv";
import { mostNames, requestRows } from "../verdict/requests";
import { createBreachWatch, evaluateThresholds } from "../verdict/thresholds";
import { type LocustClient, LocustRefused, MasterUnreachable } from "./client";
import type { RunObserver, RunPlan, Snapshot } from "./plan";

/** With more names of requests than this, Locust's own report is left out; 80,000 make up to 55 MB. */
const mostInReport = 5000;

/** The numbers of a run as the master last gave them, and what its thresholds say of them. */
export class Numbers {
  latest: Snapshot | undefined;
  private warned = false;
  private readonly breach: ReturnType<typeof createBreachWatch> | undefined;

  constructor(
    private readonly client: LocustClient,
    private readonly plan: Pick<RunPlan, "thresholds" | "abortAfter" | "arrivals">,
    private readonly observer: RunObserver,
  ) {
    this.breach = plan.abortAfter === undefined ? undefined : createBreachWatch(plan.abortAfter);
  }

  /** Takes the numbers so far; undefined where the master does not give them now, and the last ones stay. */
  async take(
    { integrity, code }: Pick<Snapshot, "integrity" | "code">,
    signal: AbortSignal,
  ): Promise<Snapshot | undefined> {
    try {
      const [requests, failures, exceptions, correctedCsv] = await Promise.all([
        this.client.csv("requests.csv", signal),
        this.client.csv("failures.csv", signal),
        this.client.csv("exceptions.csv", signal),
        this.plan.arrivals && this.client.csv("corrected.csv", signal),
      ]);
      const rows = parseRequestsCsv(requests);
      const corrected = correctedCsv === undefined ? [] : parseRequestsCsv(correctedCsv);
      this.latest = {
        csv: {
          ...{ "requests.csv": requests, "failures.csv": failures, "exceptions.csv": exceptions },
          ...(correctedCsv !== undefined && { "corrected.csv": correctedCsv }),
        },
        ...{ rows, corrected },
        failures: parseFailuresCsv(failures),
        code,
        thresholds: evaluateThresholds(this.plan.thresholds, rows, corrected),
        integrity,
      };
      this.warnOfNames(requestRows(rows).length);
      return this.latest;
    } catch (error) {
      if ([MasterUnreachable, LocustRefused, ResultsError].some((kind) => error instanceof kind)) return undefined;
      throw error;
    }
  }

  /** Locust's own report; undefined, with a warning, where the master would take minutes to make it. */
  async report(signal: AbortSignal): Promise<string | undefined> {
    const names = requestRows(this.latest?.rows ?? []).length;
    if (names <= mostInReport) return this.client.report(signal);
    this.observer.warning?.(`report.html is left out, for ${names} names of requests; requests.csv has all`);
    return undefined;
  }

  /** The threshold that has been breached for long enough to end the run, in words; undefined while there is none. */
  breached(elapsed: number): string | undefined {
    const result = this.latest === undefined ? undefined : this.breach?.(elapsed, this.latest.thresholds);
    return result === undefined ? undefined : `${result.threshold} was breached for ${this.plan.abortAfter} s`;
  }

  /** Warns once where names of requests look generated, such as one for each id. */
  private warnOfNames(names: number): void {
    if (this.warned || names <= mostNames) return;
    this.warned = true;
    this.observer.warning?.(
      `requests have more than ${mostNames} names, and each is counted by itself: give those of one kind a name, as in ` +
        'client.get(f"/items/{id}", name="/items/[id]")',
    );
  }
}
