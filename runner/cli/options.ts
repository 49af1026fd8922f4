import { type Command, Option } from "commander";
import type { SearchPlan } from "../engine/plan";
import type { LimitOptions } from "./limits";
import { aboveZero, duration, hosts, limit, share } from "./readers";
import type { SettingsOptions } from "./settings";

export const exitCodeHelp = `
Exit codes:
  0    passed
  1    a threshold failed, or a regression
  2    wrong usage, settings or script
  3    invalid: the load was not what was asked for
  4    could not run, or lost Locust's master
  130  interrupted; what was measured so far is saved`;

/** Options of every command that works on a test in a cluster. */
export interface ClusterOptions {
  readonly stack?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
}

/** Which deployed test: a stack's, or the one in a namespace. */
export function clusterOptions(command: Command, stack = "the Pulumi stack; left out, the selected one"): Command {
  return command
    .option("--stack <name>", stack)
    .addOption(
      new Option("--kubeconfig <file>", "without Pulumi: kubeconfig; left out, kubectl's own").conflicts("stack"),
    )
    .addOption(new Option("--context <name>", "without Pulumi: context of the kubeconfig").conflicts("stack"))
    .addOption(new Option("--namespace <name>", "without Pulumi: the test's namespace (locust)").conflicts("stack"));
}

/** Options of the commands that also run on this machine. */
export function placeOptions(command: Command): Command {
  return clusterOptions(
    command.addOption(
      new Option("--local", "on this machine, as processes").conflicts(["kubeconfig", "context", "namespace"]),
    ),
  ).option("--scripts-folder <dir>", "with --local: folder of the scripts, instead of the stack's");
}

/** The load; what is left out comes from the stack. `search`: without what a search for the capacity decides itself. */
export function loadOptions(command: Command, kind: "run" | "search" = "run"): Command {
  command
    .option("--script <file>", "one of the scripts that are there")
    .addOption(scriptArgOption())
    .addOption(httpClientOption())
    .option("--host <url>", "target: http(s)://host[:port][/path]");
  if (kind === "search") {
    command.option("--spawn-rate <n>", "users started a second; left out, as many as it takes within 3 s");
  } else {
    command
      .option("--users <n>", "users at full load")
      .option("--spawn-rate <n>", "users started a second")
      .option("--run-time <time>", "length of the run, with its ramp and the script's test_start: 90, 90s, 5m, 1h30m")
      .option(
        "--arrival-rate <rate>",
        'iterations started a second, or stages "50/s:1m 500/s:5m"; --users is their limit',
      );
  }
  return command
    .option("--arrival-spacing <gaps>", "gaps between iterations: even, or poisson for random ones")
    .option("--workers <n>", "workers for this run; in a cluster, there are as many as before when it ends");
}

/**
 * What the load may be at the most, wherever it is said.
 *
 * @param usual limits that hold where none is given, as texts
 * @param means what they mean where that is not what `run` means by them; null: nothing, it is left out
 */
export function limitOptions(
  command: Command,
  usual: Partial<Record<keyof LimitOptions, string>> = {},
  means: Partial<Record<keyof LimitOptions, string | null>> = {},
): Command {
  const add = <T>(name: keyof LimitOptions, flags: string, what: string, read: (text: string) => T) => {
    if (means[name] === null) return;
    const text = usual[name];
    command.addOption(new Option(flags, means[name] ?? what).argParser(read).default(text && read(text), text));
  };
  add(
    "allowedHosts",
    "--allowed-hosts <hosts>",
    "load only these, of those that the stack allows: a.test,*.b.test",
    hosts,
  );
  add("maxUsers", "--max-users <n>", "do not run with more users", limit);
  add("maxWorkers", "--max-workers <n>", "do not run with more workers", limit);
  add("maxArrivalRate", "--max-arrival-rate <n>", "do not start more iterations a second", aboveZero);
  add("maxRunTime", "--max-run-time <time>", "do not run for longer", duration);
  return command;
}

export function maxCostOption(command: Command): Command {
  const what = "do not run when it would cost more, by its run time and without traffic";
  return command.option("--max-cost <usd>", what, aboveZero);
}

export function thresholdOption(command: Command): Command {
  return command.option(
    "--threshold <rule>",
    "what must hold, instead of the stack's thresholds; repeatable",
    collect,
    undefined,
  );
}

export function resultsOption(command: Command, what = "folder that gets a folder for each run"): Command {
  return command.option("--results <dir>", what, "results");
}

export function jsonOption(command: Command, what = "print JSON on standard output"): Command {
  return command.option("--json", what);
}

export function regressionOption(command: Command): Command {
  return command.option("--max-regression <share>", "what may be worse before it is a regression", share, "5%");
}

export function htmlOption(command: Command, what: string): Command {
  return command.option("--html <file>", what);
}

export function readyOption(command: Command): Command {
  const option = new Option(
    "--ready-timeout <time>",
    "how long pods, and then the script's test_start, may take; the latter is run time, too",
  );
  return command.addOption(option.argParser(duration).default(300, "5m"));
}

export function scriptArgOption(more = ""): Option {
  const what = "an argument of the script's own, beside the stack's; NAME alone for a flag; repeatable";
  return new Option("--script-arg <name=value>", more + what).argParser(collect);
}

export function httpClientOption(more = ""): Option {
  return new Option(
    "--http-client <name>",
    `${more}client of HttpUser: auto (fast where that can be), requests, or fast`,
  );
}

/** Whether an option may be given more than once. */
export function isRepeatable({ parseArg }: Pick<Option, "parseArg">): boolean {
  return (parseArg as unknown) === collect;
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/** What the command line gives to the commands that run on this machine and in a cluster. */
export interface RunCommandOptions extends SettingsOptions, Omit<ClusterOptions, "stack"> {
  readonly local?: boolean;
  readonly demo?: boolean;
  /** Both in seconds. */
  readonly abortAfter?: number;
  readonly readyTimeout: number;
  readonly baseline?: string;
  /** `5%`, `0.05`: the relative change for the worse that is allowed. */
  readonly maxRegression: string;
  readonly results: string;
  readonly json?: boolean;
  readonly port?: number;
  /** USD that the run may cost. */
  readonly maxCost?: number;
  /** The load is raised to find what the target takes. */
  readonly search?: SearchPlan;
  /** File to write a report to. */
  readonly html?: string;
}

export interface DashboardOptions
  extends Omit<RunCommandOptions, "readyTimeout" | "maxRegression" | "maxCost" | "search" | "html"> {
  readonly open: boolean;
}

export interface ReportOptions extends ClusterOptions {
  readonly wait?: boolean;
  /** File to write a report to. */
  readonly html?: string;
  readonly results: string;
  readonly json?: boolean;
}
