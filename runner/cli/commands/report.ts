import { findRun } from "../../results/history";
import type { ReportOptions } from "../options";
import { reportFolder } from "../output";

/** `loadtest report [RUN]`; gives the exit code of the run's verdict. */
export async function reportCommand(run: string | undefined, options: ReportOptions): Promise<number> {
  if (run === undefined) return (await import("./report-in-cluster.js")).reportInCluster(options);
  return reportFolder(findRun(options.results, run).path, options);
}
