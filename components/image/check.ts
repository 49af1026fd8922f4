/** Reads what the component LocustImage is given. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { SettingsError, type SettingsProblem } from "../../settings/errors";
import { nameInStack, repositoryNameRule } from "../../settings/names";

/**
 * @param name of the component
 * @param stack whose name a repository has that is given none
 * @param args.context absolute path of the build context
 * @returns the repository's name
 * @throws SettingsError with everything that is wrong
 */
export function readImageArgs(
  name: string,
  stack: string,
  args: { readonly context: string; readonly repositoryName?: unknown },
): string {
  const problems: SettingsProblem[] = [];
  if (!statSync(join(args.context, "Dockerfile"), { throwIfNoEntry: false })?.isFile()) {
    problems.push({ key: "context", value: args.context, allowed: "a folder with a Dockerfile in it" });
  }
  const repository = args.repositoryName ?? nameInStack(name, stack, repositoryNameRule);
  if (typeof repository !== "string" || !repositoryNameRule.pattern.test(repository)) {
    const allowed = '2 to 256 small letters and digits, with single ".", "_", "-" or "/" between them';
    problems.push({ key: "repositoryName", value: repository, allowed });
  }
  if (problems.length > 0) throw new SettingsError(problems, `LocustImage ${name}`);
  return String(repository);
}
