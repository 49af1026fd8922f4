/** What the component LocustImage is given, and whether it is right. */
import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { SettingsError } from "../../settings/errors";
import { packageRoot } from "../../settings/package-root";
import { type Arguments, argument, checkArguments, flag, texts } from "../check";
import type { Texts } from "../inputs";
import { nameInStack, repositoryNameRule } from "../names";

/** Arguments of a LocustImage. */
export interface LocustImageArgs {
  /**
   * Folder with the Dockerfile and all that it copies; a relative path starts at the program's folder. Defaults to
   * this package's folder `locust`, with the scripts in it.
   */
  context?: string | undefined;
  /**
   * Bring Locust's own image into the repository as it is, instead of building a folder: Docker Hub limits pulls, and
   * Fargate pulls for each pod. Its `ref` is for `imageMirror` of a LocustDeployment. Defaults to false.
   */
  mirror?: boolean | undefined;
  /**
   * Name of the ECR repository, once in an account and region. Defaults to the component's name and the stack's, with a
   * dash between them, and a hash where ECR would not take that.
   */
  repositoryName?: string | undefined;
  /** Tags of the repository. Defaults to `load-test:stack` alone, which is the stack's name. */
  tags?: Texts | undefined;
}

const rules: Arguments<LocustImageArgs> = {
  context: argument("a folder with a Dockerfile in it", (value) => typeof value === "string" && hasDockerfile(value)),
  mirror: flag,
  repositoryName: argument(
    '2 to 256 small letters and digits, with single ".", "_", "-" or "/" between them',
    (value) => typeof value === "string" && repositoryNameRule.pattern.test(value),
  ),
  tags: texts(),
};

/** What decides about an image, complete and right. */
export interface ImagePlan {
  /** Absolute path of the build context. */
  readonly context: string;
  readonly repositoryName: string;
}

/**
 * @param name of the component
 * @param stack whose name a repository has that is given none
 * @throws SettingsError with everything that is wrong
 */
export function readImageArgs(name: string, stack: string, args: LocustImageArgs): ImagePlan {
  const problems = checkArguments(args, rules);
  if (args?.mirror === true && args.context !== undefined) {
    problems.push({ key: "context", value: args.context, allowed: "left out with mirror, which builds no folder" });
  }
  if (problems.length > 0) throw new SettingsError(problems, `LocustImage ${name}`);
  return {
    context: resolve(args.context ?? join(packageRoot(), "locust", args.mirror ? "mirror" : "")),
    repositoryName: args.repositoryName ?? nameInStack(name, stack, repositoryNameRule),
  };
}

function hasDockerfile(folder: string): boolean {
  return statSync(join(resolve(folder), "Dockerfile"), { throwIfNoEntry: false })?.isFile() ?? false;
}
