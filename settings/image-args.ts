/** Checks what the component LocustImage is given. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { SettingsError, type SettingsProblem } from "./errors";

const repositoryName = /^(?=.{2,256}$)[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/;

/**
 * @param args.context absolute path of the build context
 * @param source what the error names as the origin
 * @throws SettingsError with everything that is wrong
 */
export function checkImageArgs(
  args: { readonly context: string; readonly repositoryName?: unknown },
  source: string,
): void {
  const problems: SettingsProblem[] = [];
  if (!statSync(join(args.context, "Dockerfile"), { throwIfNoEntry: false })?.isFile()) {
    problems.push({ key: "context", value: args.context, allowed: "a folder with a Dockerfile in it" });
  }
  const name = args.repositoryName ?? "locust";
  if (typeof name !== "string" || !repositoryName.test(name)) {
    const allowed = '2 to 256 small letters and digits, with single ".", "_", "-" or "/" between them';
    problems.push({ key: "repositoryName", value: name, allowed });
  }
  if (problems.length > 0) throw new SettingsError(problems, source);
}
