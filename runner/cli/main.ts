import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { SettingsError, StackFileError } from "../../settings/errors";
import { messageOf, RunnerError } from "../errors";
import { exitCodes } from "../types";
import { loadtestVersion } from "./package";

// The commands themselves are loaded when they run: `--help` must not wait for Locust's client and its libraries.

/** The command line's entry; ends the process with the command's exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  process.exitCode = await run(argv);
  // A stray handle, such as a kept-alive connection, must not hold the shell's prompt.
  await Promise.all([process.stdout, process.stderr].map(flushed));
  process.exit();
}

async function run(argv: readonly string[]): Promise<number> {
  let code: number = exitCodes.passed;
  const program = createProgram((result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv]);
    return code;
  } catch (error) {
    return fail(error, argv.includes("--json"));
  }
}

function fail(error: unknown, json: boolean): number {
  // Commander has printed its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.passed : exitCodes.usage;
  const code = exitCodeOf(error);
  process.stderr.write(`loadtest: ${code === undefined ? stackOf(error) : messageOf(error)}\n`);
  const exitCode = code ?? exitCodes.error;
  if (json) process.stdout.write(`${JSON.stringify({ error: messageOf(error), exitCode })}\n`);
  return exitCode;
}

/** Undefined for an error that is ours and not the user's. */
function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof RunnerError) return error.exitCode;
  return error instanceof SettingsError || error instanceof StackFileError ? exitCodes.usage : undefined;
}

function stackOf(error: unknown): string {
  return `internal error, please report it: ${error instanceof Error ? error.stack : String(error)}`;
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write("", () => resolve());
  });
}

const exitCodeHelp = `
Exit codes:
  0    passed
  1    a threshold failed
  2    wrong usage, settings or script
  3    invalid: the load was not what was asked for
  4    could not run, or lost Locust's master
  130  interrupted; what was measured so far is kept`;

function createProgram(done: (code: number) => void): Command {
  const program = new Command("loadtest")
    .description("Run distributed Locust load tests, judge them, keep their results.")
    .version(loadtestVersion())
    .exitOverride()
    .showHelpAfterError("(loadtest --help shows what there is)")
    .addHelpText("after", exitCodeHelp);

  settingsOptions(program.command("run"))
    .summary("run a load test, print its verdict, keep its results")
    .description(
      "Runs a load test: waits for all workers, ramps up, holds, stops, collects. Settings come from the stack's " +
        "files, Pulumi.yaml and Pulumi.<stack>.yaml; options take precedence.",
    )
    .option("--demo", "load a small demo target that is started for the run")
    .option("--threshold <rule>", "what must hold, instead of the stack's thresholds; repeatable", collect, undefined)
    .option("--abort-after <time>", "end the run when a threshold is breached for this long: 10s", duration)
    .option("--results <dir>", "folder that gets a folder for each run", "results")
    .option("--json", "print the run's record as JSON on standard output")
    .addHelpText(
      "after",
      `
Thresholds: [REQUEST: ]METRIC OPERATOR VALUE
  p95<500                  ms; also p50 p66 p75 p80 p90 p98 p99 p99.9 p99.99 p100, avg, min, max
  fail_ratio<0.01          failed requests as a part of all
  rps>100                  requests a second over the whole run
  "GET /path: p99<800"     one request only

Examples:
  loadtest run --local --demo
  loadtest run --local --host http://127.0.0.1:8080 --users 50 --spawn-rate 10 --run-time 2m
  loadtest run --local --stack single-az --script script2.py --threshold "p95<300" --threshold "fail_ratio<0.1%"
${exitCodeHelp}`,
    )
    .action(async (options) => done(await (await import("./run.js")).runCommand(options)));

  settingsOptions(program.command("dashboard"))
    .summary("keep Locust's web page up until Ctrl-C")
    .description("Starts Locust's master and workers, and keeps its web page up on this machine until Ctrl-C.")
    .option("--demo", "offer a small demo target that is started for the time being")
    .option("--no-open", "do not open the page in a browser")
    .option("--results <dir>", "folder that gets a folder for each run started on the page", "results")
    .action(async (options) => done(await (await import("./dashboard.js")).dashboardCommand(options)));

  program
    .command("report")
    .summary("show a run's results; complete those of a killed command")
    .description(
      "Prints the results of a run, and exits by its verdict. Where the command was killed before it could finish " +
        "them, it first makes run.json and junit.xml from the samples and numbers that were written up to then.",
    )
    .argument("<dir>", "the run's folder: results/20261124T101500Z-script1")
    .option("--json", "print the run's record as JSON on standard output")
    .action(async (directory, options) => done(await (await import("./report.js")).reportCommand(directory, options)));

  return program;
}

function settingsOptions(command: Command): Command {
  return command
    .addOption(new Option("--local", "on this machine, as processes").makeOptionMandatory())
    .option("--stack <name>", "stack whose settings are used", "dev")
    .option("--script <file>", "script in the scripts' folder")
    .option("--host <url>", "target: http(s)://host[:port]")
    .option("--users <n>", "users at full load")
    .option("--spawn-rate <n>", "users started a second")
    .option("--run-time <time>", "length of the run, with its ramp: 90, 90s, 5m, 1h30m")
    .option("--workers <n>", "worker processes")
    .option("--port <n>", "port of Locust's page", port);
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

function port(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 65535) {
    throw new InvalidArgumentError("A port is a number from 1 to 65535.");
  }
  return number;
}

function duration(value: string): string {
  if (!/^(\d+|(?=\d)(\d+h)?(\d+m)?(\d+s)?)$/.test(value))
    throw new InvalidArgumentError("A time is 10, 10s, 2m or 1h30m.");
  return value;
}
