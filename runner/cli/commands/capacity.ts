import { parseShare } from "../../../settings/values/share";
import { type CapacityOptions, searchPlan } from "../capacity";
import type { RunCommandOptions } from "../options";
import { runCommand } from "./run";

type Options = Omit<RunCommandOptions, "search" | "users" | "runTime" | "abortAfter" | "maxRegression"> &
  Omit<CapacityOptions, "precision" | "spawnRate"> & { readonly precision: string };

/** `loadtest capacity`: a run whose load is raised until the target breaks; gives the exit code of what it finds. */
export async function capacityCommand(options: Options): Promise<number> {
  const search = searchPlan({ ...options, precision: parseShare(options.precision) });
  return runCommand({ ...options, maxRegression: "0", search });
}
