import { type CheckResult, runChecks } from "../../../../runner/cli/doctor/check";
import { checksFor, type DoctorOptions } from "../../../../runner/cli/doctor/doctor";

/** Looks as the command does, and gives the results by name. */
export async function doctor(options: DoctorOptions, directory: string): Promise<Map<string, CheckResult>> {
  const { checks, wrong } = checksFor(options, directory);
  const results = await runChecks(checks, wrong, 4000);
  return new Map(results.map((one) => [one.name, one]));
}
