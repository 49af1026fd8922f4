import { type Command, InvalidArgumentError, Option } from "commander";
import { parseDuration } from "../../settings/values/duration";
import { parseShare, shareAllowed } from "../../settings/values/share";
import { hostAllowed, isAllowedHost } from "../../settings/values/target";
import type { SearchPlan } from "../engine/plan";
import type { LimitOptions } from "./limits";
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

/** What the load may be at the most, wherever it is said. @param usual limits that hold where none is given, as texts */
export function limitOptions(command: Command, usual: Partial<Record<keyof LimitOptions, string>> = {}): Command {
  const add = <T>(name: keyof LimitOptions, flags: string, what: string, read: (text: string) => T) => {
    const text = usual[name];
    command.addOption(new Option(flags, what).argParser(read).default(text && read(text), text));
  };
  add(
    "allowedHosts",
    "--allowed-hosts <hosts>",
    "load only these, of those that the stack allows: a.test,*.b.test",
    hosts,
  );
  add("maxUsers", "--max-users <n>", "do not run with more users", limit);
  add("maxWorkers", "--max-workers <n>", "do not run with more workers", limit);
  add("maxRunTime", "--max-run-time <time>", "do not run for longer", duration);
  return command;
}

function hosts(value: string): readonly string[] {
  const names = value.split(",").map((name) => name.trim());
  const wrong = names.filter((name) => !isAllowedHost(name));
  if (wrong.length === 0) return names;
  throw new InvalidArgumentError(`${wrong.map((name) => JSON.stringify(name)).join(", ")} must be ${hostAllowed}.`);
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

/** Whether an option may be given more than once. */
export function isRepeatable({ parseArg }: Pick<Option, "parseArg">): boolean {
  return (parseArg as unknown) === collect;
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

/** A reader of whole numbers. */
function whole(least: number, most: number, problem: string): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most) throw new InvalidArgumentError(problem);
    return number;
  };
}

export const port = whole(1, 65535, "A port is a number from 1 to 65535.");

/** A number of holds: one says nothing of how much they differ. */
export const fromTwo = whole(2, 1000, "It must be a number from 2 to 1000.");

/** A number of workers, for `capacity`. */
export const fromOne = whole(1, 1000, "It must be a number from 1 to 1000.");

/** A number of workers, for `scale`. */
export const count = whole(0, 1000, "Workers are a number from 0 to 1000.");

/** A number of users, for `size`: what the settings take. */
export const users = whole(1, 1_000_000_000, "Users are a number from 1 on.");

/** For `--limit` and `--tail`. */
export const limit = whole(1, Number.MAX_SAFE_INTEGER, "It must be a number from 1 on.");

/** A reader of numbers, fractions too. */
function number(problem: string, isRight: (value: number) => boolean): (value: string) => number {
  return (value) => {
    const read = Number(value);
    if (!/^\d+(\.\d+)?$/.test(value) || !isRight(read)) throw new InvalidArgumentError(problem);
    return read;
  };
}

export const aboveZero = number("It must be a number above 0.", (value) => value > 0);
export const notNegative = number("It must be a number from 0 on.", () => true);

/** Requests or arrivals a second: `1200/s`, `1200`. */
export function rate(value: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(value) ?? [];
  if (number === undefined || Number(number) <= 0) {
    throw new InvalidArgumentError("A rate is a number above 0 a second: 1200/s or 1200.");
  }
  return Number(number);
}

/** A part of all, 0 to 1. */
export function part(value: string): number {
  const read = parseShare(share(value));
  if (read > 1) throw new InvalidArgumentError("It must be 100% at most.");
  return read;
}

/** A time as Locust writes it, in seconds. */
export function duration(value: string): number {
  try {
    return parseDuration(value);
  } catch {
    throw new InvalidArgumentError("A time is 10, 10s, 2m or 1h30m.");
  }
}

/** A share, `5%` or `0.05`; the text is kept. */
export function share(value: string): string {
  try {
    parseShare(value);
    return value;
  } catch {
    throw new InvalidArgumentError(`It must be ${shareAllowed}.`);
  }
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
