import { Command } from "commander";
import {
  clusterOptions,
  count,
  duration,
  htmlOption,
  jsonOption,
  limit,
  loadOptions,
  placeOptions,
  port,
  readyOption,
  regressionOption,
  resultsOption,
  thresholdOption,
} from "./options";
import { loadtestVersion } from "./package";

// The commands themselves are loaded when they run: `--help` must not wait for clients and their libraries.

const exitCodeHelp = `
Exit codes:
  0    passed
  1    a threshold failed, or a regression
  2    wrong usage, settings or script
  3    invalid: the load was not what was asked for
  4    could not run, or lost Locust's master
  130  interrupted; what was measured so far is kept`;

/** What shells call to get suggestions, and what prints the script that makes them do so; `completion.ts` adds them. */
export const completionCommands: readonly string[] = ["complete", "completion"];

const completionHelp = `
Completion of commands, options, stacks, scripts and runs, for a loadtest that is on the PATH:
  source <(loadtest completion bash)       needs the package bash-completion
  source <(loadtest completion zsh)
  loadtest completion fish | source`;

type Done = (code: number) => void;

/** All commands; `done` gets the exit code of the one that ran. */
export function createProgram(done: Done): Command {
  const program = new Command("loadtest")
    .description("Run distributed Locust load tests, judge them, keep their results.")
    .version(loadtestVersion())
    .exitOverride()
    .showHelpAfterError("(loadtest --help shows what there is)")
    .addHelpText("after", `${exitCodeHelp}\n${completionHelp}`);
  for (const add of [
    addRun,
    addDashboard,
    addStart,
    addStop,
    addStatus,
    addScale,
    addLogs,
    addReport,
    addHistory,
    addCompare,
  ]) {
    add(program, done);
  }
  return program;
}

function addRun(program: Command, done: Done): void {
  const command = program
    .command("run")
    .summary("run a load test, print its verdict, keep its results")
    .description(
      "Runs a load test: waits for all workers, ramps up, holds, stops, collects. Without --local it runs in the " +
        "cluster of the stack, which is scaled for it where --workers says so, and scaled back. What is not said here " +
        "comes from the stack.",
    );
  placeOptions(command);
  loadOptions(command);
  thresholdOption(command)
    .option("--abort-after <time>", "end the run when a threshold is breached for this long: 10s", duration)
    .option("--baseline <run>", "compare with this run: its folder, its name, latest, latest-passed")
    .option("--demo", "with --local: load a small demo target that is started for the run")
    .option("--port <n>", "port of Locust's page on this machine", port);
  regressionOption(command);
  readyOption(command);
  resultsOption(command);
  jsonOption(command, "print the run's record as JSON on standard output")
    .addHelpText(
      "after",
      `
Thresholds: [REQUEST: ]METRIC OPERATOR VALUE
  p95<500                  ms; also p50 p66 p75 p80 p90 p98 p99 p99.9 p99.99,
                           p100, avg, min, max
  fail_ratio<0.01          failed requests as a part of all
  rps>100                  requests a second over the whole run
  "GET /path: p99<800"     one request only

Examples:
  loadtest run --local --demo
  loadtest run --local --stack single-az --script script2.py --threshold "p95<300" --threshold "fail_ratio<0.1%"
  loadtest run --stack dev --workers 8 --users 800 --run-time 5m
  loadtest run --baseline latest-passed --max-regression 10%
  loadtest run --context my-cluster --namespace locust --host https://preview.example.com
${exitCodeHelp}`,
    )
    .action(async (options) => done(await (await import("./commands/run.js")).runCommand(options)));
}

function addDashboard(program: Command, done: Done): void {
  const command = program
    .command("dashboard")
    .summary("Locust's web page on this machine until Ctrl-C")
    .description(
      "Forwards the page of the test in the cluster to this machine, and opens it; with --local, starts Locust here. " +
        "Runs that are started on the page are judged and kept.",
    );
  placeOptions(command)
    .option("--script <file>", "with --local: script in the scripts' folder")
    .option("--host <url>", "target: http(s)://host[:port]")
    .option("--users <n>", "what the page offers, with --local")
    .option("--spawn-rate <n>", "what the page offers, with --local")
    .option("--run-time <time>", "what the page offers, with --local")
    .option("--workers <n>", "worker processes, with --local")
    .option("--demo", "with --local: offer a small demo target that is started for the time being")
    .option("--no-open", "do not open the page in a browser")
    .option("--port <n>", "port of the page (8089)", port);
  thresholdOption(command);
  resultsOption(command, "folder that gets a folder for each run started on the page")
    .addHelpText(
      "after",
      "\nExamples:\n  loadtest dashboard --local --demo\n  loadtest dashboard --stack dev --port 9000\n",
    )
    .action(async (options) => done(await (await import("./commands/dashboard.js")).dashboardCommand(options)));
}

function addStart(program: Command, done: Done): void {
  const command = program
    .command("start")
    .summary("start a run in the cluster and leave it going")
    .description(
      "Starts a run in the cluster and ends; the run ends at its run time by itself. status looks at it, stop ends it, " +
        "and report keeps its results.",
    );
  clusterOptions(command);
  loadOptions(command);
  thresholdOption(command);
  readyOption(command);
  resultsOption(command, "folder for the results of an earlier run that nobody has kept");
  jsonOption(command)
    .addHelpText(
      "after",
      "\nExamples:\n  loadtest start --stack dev --run-time 30m\n  loadtest report --stack dev --wait\n",
    )
    .action(async (options) => done(await (await import("./commands/start.js")).startCommand(options)));
}

function addStop(program: Command, done: Done): void {
  const command = program
    .command("stop")
    .summary("stop the run in the cluster, keep its results")
    .description(
      "Stops the run that is going on in the cluster, whoever started it, and keeps its results, unless the command " +
        "that started it still runs and does so itself.",
    );
  clusterOptions(command);
  resultsOption(command);
  jsonOption(command)
    .addHelpText("after", "\nExample:\n  loadtest stop --stack dev\n")
    .action(async (options) => done(await (await import("./commands/stop.js")).stopCommand(options)));
}

function addStatus(program: Command, done: Done): void {
  const command = program
    .command("status")
    .summary("pods, workers, users, requests, cost of the test in the cluster")
    .description("Shows the test in the cluster: its pods, the run that is going on or has ended, what it costs.");
  clusterOptions(command);
  jsonOption(command)
    .addHelpText("after", "\nExamples:\n  loadtest status\n  loadtest status --stack dev --json\n")
    .action(async (options) => done(await (await import("./commands/status.js")).statusCommand(options)));
}

function addScale(program: Command, done: Done): void {
  const command = program
    .command("scale")
    .summary("change the number of workers in the cluster")
    .description(
      "Scales the workers and waits until they are ready. It lasts until workerReplicas of the stack's config, or the " +
        "workers' pods, change. Fargate is paid for by the pod.",
    )
    .argument("<workers>", "how many, 0 to 1000", count);
  clusterOptions(command);
  readyOption(command);
  jsonOption(command)
    .addHelpText("after", "\nExamples:\n  loadtest scale 8\n  loadtest scale 0 --stack dev\n")
    .action(async (workers, options) =>
      done(await (await import("./commands/scale.js")).scaleCommand(workers, options)),
    );
}

function addLogs(program: Command, done: Done): void {
  const command = program
    .command("logs")
    .summary("logs of Locust in the cluster")
    .description("Prints what Locust's master has logged; with --worker, what the workers have.")
    .option("--worker [pod]", "of all workers, each line behind its pod's name, or of one")
    .option("--follow", "go on until Ctrl-C")
    .option("--tail <n>", "only the last lines of each pod", lines);
  clusterOptions(command);
  jsonOption(command, "a JSON object a line: pod, line")
    .addHelpText("after", "\nExamples:\n  loadtest logs --follow\n  loadtest logs --worker --tail 20\n")
    .action(async (options) => done(await (await import("./commands/logs.js")).logsCommand(options)));
}

function addReport(program: Command, done: Done): void {
  const command = program
    .command("report")
    .summary("show or keep a run's results")
    .description(
      "With a folder: prints the results of that run, and exits by its verdict; where its command was killed, it first " +
        "completes them from what was written up to then. Without one: the latest run in the cluster; its results are " +
        "kept when it has ended, and shown as they are while it goes on.",
    )
    .argument("[run]", "the run's folder, or its name: results/20261124T101500Z-script1, latest")
    .option("--wait", "wait until the run in the cluster has ended; Ctrl-C leaves it going");
  clusterOptions(command);
  resultsOption(command);
  htmlOption(command, "write a page with charts");
  jsonOption(command, "print the run's record as JSON on standard output")
    .addHelpText(
      "after",
      "\nExamples:\n  loadtest report latest --html report.html\n  loadtest report latest\n  loadtest report --stack dev --wait\n",
    )
    .action(async (run, options) => done(await (await import("./commands/report.js")).reportCommand(run, options)));
}

function addHistory(program: Command, done: Done): void {
  const command = program
    .command("history")
    .summary("list the runs whose results are kept")
    .description("Lists the runs in the folder of results, the newest first.")
    .option("--limit <n>", "how many at the most", limit, 20)
    .option("--script <file>", "only runs of this script");
  resultsOption(command, "folder that has a folder for each run");
  jsonOption(command)
    .addHelpText("after", "\nExample:\n  loadtest history --script script1.py\n")
    .action(async (options) => done(await (await import("./commands/history.js")).historyCommand(options)));
}

function addCompare(program: Command, done: Done): void {
  const command = program
    .command("compare")
    .summary("what changed from one run to another, and what of it is noise")
    .description(
      "Compares two runs: p50, p95, p99, failure ratio and requests a second, with what is noise and what is not. Exits " +
        "with 1 where something is worse by more than is allowed, and with 3 where that cannot be told.",
    )
    .argument("<a>", "the run before: its folder, its name or a part of that, latest, previous, latest-passed")
    .argument("<b>", "the run after");
  regressionOption(command);
  resultsOption(command, "folder that has a folder for each run");
  htmlOption(command, "write a page with charts of both, laid over each other");
  jsonOption(command)
    .addHelpText(
      "after",
      "\nExamples:\n  loadtest compare previous latest\n  loadtest compare latest-passed latest --max-regression 10% --html compare.html\n",
    )
    .action(async (a, b, options) => done(await (await import("./commands/compare.js")).compareCommand(a, b, options)));
}

function lines(value: string): number {
  return count(value);
}
