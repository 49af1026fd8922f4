import { parseShare } from "../../../settings/values/share";
import { rateText } from "../../engine/search/load";
import { type CapacityOptions, searchPlan } from "../capacity/capacity";
import { withoutOwnLimits } from "../limits";
import type { RunCommandOptions } from "../options";
import { runCommand } from "./run";

type Options = Omit<RunCommandOptions, "search" | "users" | "runTime" | "abortAfter" | "maxRegression"> &
  Omit<CapacityOptions, "precision" | "spawnRate"> & { readonly precision: string };

/** `loadtest capacity`: a run whose load is raised until the target breaks; gives the exit code of what it finds. */
export async function capacityCommand(options: Options): Promise<number> {
  const search = searchPlan({ ...options, precision: parseShare(options.precision) });
  // The settings' rules know a search by arrivals by its first rate.
  const arrivals = search.asked.by === "arrivals" ? { arrivalRate: rateText(search.asked.from) } : {};
  return runCommand({ ...withoutOwnLimits(options), ...arrivals, maxRegression: "0", search });
}
