import { type DemoTarget, startDemoTarget } from "../../runner/demo/target";
import type { FinishedRecord } from "../../runner/results/run-record";
import type { Sample } from "../../runner/types";
import { type Command, type CommandOptions, prepareLocust, startCommand, stopCommands } from "./cli";
import {
  finished,
  makeProject,
  onlyRun,
  type Project,
  removeProjects,
  seriesIn,
  temporaryFolder,
  textIn,
} from "./project";

/** A run that a test started, and what it keeps. */
export interface LocalRun {
  readonly command: Command;
  /** Folder in which the run's own is the only one. */
  readonly results: string;
  readonly directory: () => string;
  readonly record: () => FinishedRecord;
  readonly series: () => Sample[];
  readonly text: (name: string) => string;
}

/** What `localRuns` gives the tests of a suite. */
export interface LocalRuns {
  readonly project: () => Project;
  /** One of the suite's targets. */
  readonly target: (index?: number) => DemoTarget;
  /** Starts a run with these arguments after the suite's; `results` defaults to a folder of its own. */
  readonly start: (
    args?: readonly string[],
    options?: { readonly results?: string } & Pick<CommandOptions, "env" | "through">,
  ) => LocalRun;
}

/**
 * Has a project and targets made before the suite around it, and everything ended and removed after.
 *
 * @param suite.args arguments of every run, after `run --local`
 * @param suite.scripts beside `hello.py`, by file name
 * @param suite.targets options of the demo targets to load
 */
export function localRuns(suite: {
  readonly args: readonly string[];
  readonly scripts?: Readonly<Record<string, string>>;
  readonly targets?: ReadonlyArray<Omit<Parameters<typeof startDemoTarget>[0], "port">>;
}): LocalRuns {
  let project: Project;
  let targets: DemoTarget[] = [];

  before(async () => {
    await prepareLocust();
    project = makeProject(suite.scripts);
    targets = await Promise.all((suite.targets ?? []).map((options) => startDemoTarget({ port: 0, ...options })));
  });
  after(async () => {
    await stopCommands();
    await Promise.all(targets.map((target) => target.close()));
    removeProjects();
  });

  return {
    project: () => project,
    target: (index = 0) => {
      const target = targets[index];
      if (target === undefined) throw new Error(`this suite has no target ${index}`);
      return target;
    },
    start: (args = [], { results = temporaryFolder(), ...options } = {}) => {
      const all = ["run", "--local", ...suite.args, "--results", results, ...args];
      const directory = () => onlyRun(results);
      return {
        command: startCommand(all, { cwd: project.directory, ...options }),
        results,
        directory,
        record: () => finished(directory()),
        series: () => seriesIn(directory()),
        text: (name) => textIn(directory(), name),
      };
    },
  };
}
