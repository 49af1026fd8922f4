import { exitCodeOf, runChecks } from "../doctor/check";
import { checksFor, type DoctorOptions } from "../doctor/doctor";
import { doctorText } from "../doctor/print";

/** How long all checks together may take, in ms: with its own start, the command is over within 5 s. */
const limit = 4000;

/** `loadtest doctor`: what stands in the way of a run. */
export async function doctorCommand(options: DoctorOptions): Promise<number> {
  const { checks, wrong } = checksFor(options);
  const results = await runChecks(checks, wrong, limit);
  const { isTTY, columns } = process.stdout;
  const text = options.json === true ? `${JSON.stringify(results, undefined, 2)}\n` : undefined;
  process.stdout.write(text ?? doctorText(results, isTTY === true ? (columns ?? 80) : undefined));
  return exitCodeOf(results);
}
