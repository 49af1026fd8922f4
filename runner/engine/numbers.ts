import { parseRequestsCsv } from "../results/requests-csv";
import type { IntegrityReport } from "../verdict/integrity";
import { evaluateThresholds } from "../verdict/thresholds";
import { type LocustClient, LocustRefused, MasterUnreachable } from "./client";
import type { RunPlan, Snapshot } from "./plan";

/** Takes the numbers so far from the master; undefined where it does not answer. */
export async function takeNumbers(
  client: LocustClient,
  plan: RunPlan,
  integrity: IntegrityReport,
  signal: AbortSignal,
): Promise<Snapshot | undefined> {
  try {
    const [requests, failures, exceptions] = await Promise.all([
      client.csv("requests.csv", signal),
      client.csv("failures.csv", signal),
      client.csv("exceptions.csv", signal),
    ]);
    const rows = parseRequestsCsv(requests);
    return {
      csv: { "requests.csv": requests, "failures.csv": failures, "exceptions.csv": exceptions },
      rows,
      thresholds: evaluateThresholds(plan.thresholds, rows),
      integrity,
    };
  } catch (error) {
    if (error instanceof MasterUnreachable || error instanceof LocustRefused) return undefined;
    throw error;
  }
}
