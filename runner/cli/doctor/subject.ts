/** What `loadtest doctor` looks at. */
import { describeProblem, SettingsError, StackFileError } from "../../../settings/errors";
import { packageRoot } from "../../../settings/package-root";
import { keyOf } from "../../../settings/parse";
import {
  findProject,
  isOwnProgram,
  type ProjectPlace,
  readAwsConfig,
  readStack,
  usualStack,
} from "../../../settings/project/stack-files";
import { type Settings, settingsKeys } from "../../../settings/schema";
import type { AwsPlace } from "../../aws/clients";
import { messageOf } from "../../errors";
import { folderOf, overridesOf, type SettingsOptions } from "../settings";
import { type Check, ok, problem } from "./check";

export interface Subject {
  /** Its name alone, as tags and names on AWS have it. */
  readonly stack: string;
  /** As Pulumi is asked for it, with an organisation before it; undefined where another program's project has a selected one. */
  readonly named: string | undefined;
  /** Undefined where there is no project. */
  readonly project: ProjectPlace | undefined;
  /** Another program imports the components: what it makes, its config does not say. */
  readonly anothers: boolean;
  /** Keys in `wrong` are missing. */
  readonly settings: Settings;
  readonly wrong: ReadonlySet<string>;
  readonly check: Check;
  readonly aws: AwsPlace;
}

/**
 * Reads what there is to be read of a stack, be it wrong. Never throws.
 *
 * @param local as for a run on this machine, which needs no project
 */
export function readSubject(options: SettingsOptions, directory = process.cwd(), local = false): Subject {
  const named = options.stack ?? usualStack;
  const stack = named.slice(named.lastIndexOf("/") + 1);
  const project = findProject(directory) ?? (local ? findProject(packageRoot()) : undefined);
  const nothing = {
    ...{ stack, named, project, anothers: false, aws: {} },
    settings: {} as Settings,
    wrong: new Set<string>(settingsKeys),
  };
  const name = "settings";
  if (project === undefined) {
    const text = "there is no Pulumi.yaml here or above";
    return { ...nothing, check: { name, look: () => problem(text, "Go to the project's folder") } };
  }
  try {
    const anothers = !isOwnProgram(project);
    const aws = readAwsConfig(project, named);
    const read = { ...nothing, anothers, aws, named: anothers ? options.stack : named };
    try {
      const overrides = { ...overridesOf(options), ...folderOf(options, directory) };
      const { settings, source } = readStack({ directory: project.directory, stack: options.stack, overrides });
      const text = anothers ? "another program's project: what a run here can use is right" : `${source} is right`;
      return { ...read, settings, wrong: new Set(), check: { name, look: () => ok(text) } };
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      const { problems, source, valid } = error;
      const text = problems.map(describeProblem).join("; ");
      const todo = `Change ${source}; Pulumi.yaml describes every setting`;
      return {
        ...{ ...read, settings: valid as Settings },
        wrong: new Set(problems.map(keyOf)),
        check: { name, look: () => problem(text, todo) },
      };
    }
  } catch (error) {
    const text = messageOf(error).replace(/\.$/, "");
    if (!(error instanceof StackFileError)) throw error;
    const todo = /has no file/.test(text) ? "Name a stack that has one: --stack STACK" : undefined;
    return { ...nothing, check: { name, look: () => problem(text, todo) } };
  }
}
