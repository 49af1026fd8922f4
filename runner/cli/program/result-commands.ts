import type { Command } from "commander";
import { clusterOptions, exitCodeHelp, htmlOption, jsonOption, regressionOption, resultsOption } from "../options";
import { limit } from "../readers";

type Done = (code: number) => void;

/** Commands on results; `done` gets the exit code of the one that ran. */
export function addResultCommands(program: Command, done: Done): void {
  for (const add of [addReport, addHistory, addCompare]) add(program, done);
}

function addReport(program: Command, done: Done): void {
  const command = program
    .command("report")
    .summary("show or save a run's results")
    .description(
      "With a folder: prints the results of that run; where its command was killed, it first completes them from what " +
        "was written up to then. Without one: the latest run in the cluster; its results are saved when it has ended, and " +
        "shown as they are, with exit code 0, while it goes on. Either way it exits by the run's verdict, as run does.",
    )
    .argument("[run]", "the run's folder, or its name: results/20261124T101500Z-script1, latest")
    .option("--wait", "wait until the run in the cluster has ended; Ctrl-C leaves it going");
  clusterOptions(command);
  resultsOption(command);
  htmlOption(command, "write a report with charts");
  jsonOption(command, "print the run's record as JSON on standard output")
    .addHelpText(
      "after",
      `\nExamples:\n  loadtest report latest --html report.html\n  loadtest report latest\n  loadtest report --stack dev --wait\n${exitCodeHelp}`,
    )
    .action(async (run, options) =>
      done(
        run === undefined
          ? await (await import("../commands/in-cluster/report.js")).reportInCluster(options)
          : await (await import("../commands/report.js")).reportCommand(run, options),
      ),
    );
}

function addHistory(program: Command, done: Done): void {
  const command = program
    .command("history")
    .summary("list the saved runs")
    .description("Lists the runs in the folder of results, the newest first.")
    .option("--limit <n>", "how many at the most", limit, 20)
    .option("--script <file>", "only runs of this script");
  resultsOption(command, "folder that has a folder for each run");
  jsonOption(command)
    .addHelpText("after", "\nExample:\n  loadtest history --script script1.py\n")
    .action(async (options) => done(await (await import("../commands/history.js")).historyCommand(options)));
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
  htmlOption(command, "write a report with charts of both, laid over each other");
  jsonOption(command)
    .addHelpText(
      "after",
      "\nExamples:\n  loadtest compare previous latest\n  loadtest compare latest-passed latest --max-regression 10% --html compare.html\n",
    )
    .action(async (a, b, options) =>
      done(await (await import("../commands/compare.js")).compareCommand(a, b, options)),
    );
}
