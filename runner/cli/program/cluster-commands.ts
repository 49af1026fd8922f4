import type { Command } from "commander";
import {
  clusterOptions,
  jsonOption,
  limitOptions,
  loadOptions,
  maxCostOption,
  readyOption,
  resultsOption,
  thresholdOption,
} from "../options";
import { count, limit } from "../readers";

type Done = (code: number) => void;

/** Commands on a deployed test; `done` gets the exit code of the one that ran. */
export function addClusterCommands(program: Command, done: Done): void {
  for (const add of [addStart, addStop, addStatus, addScale, addLogs]) add(program, done);
}

function addStart(program: Command, done: Done): void {
  const command = program
    .command("start")
    .summary("start a run in the cluster and leave it going")
    .description(
      "Starts a run in the cluster and ends; the run ends at its run time by itself. status looks at it, stop ends it, " +
        "and report saves its results.",
    );
  clusterOptions(command);
  loadOptions(command);
  thresholdOption(command);
  limitOptions(maxCostOption(command));
  readyOption(command);
  resultsOption(command, "folder for the results of an earlier run that are not saved yet");
  jsonOption(command)
    .addHelpText(
      "after",
      "\nExamples:\n  loadtest start --stack dev --run-time 30m\n  loadtest report --stack dev --wait\n",
    )
    .action(async (options) => done(await (await import("../commands/start.js")).startCommand(options)));
}

function addStop(program: Command, done: Done): void {
  const command = program
    .command("stop")
    .summary("stop the run in the cluster, save its results")
    .description(
      "Stops the run that is going on in the cluster, whoever started it, and saves its results, unless the command " +
        "that started it still runs and does so itself.",
    );
  clusterOptions(command);
  resultsOption(command);
  jsonOption(command)
    .addHelpText("after", "\nExample:\n  loadtest stop --stack dev\n")
    .action(async (options) => done(await (await import("../commands/stop.js")).stopCommand(options)));
}

function addStatus(program: Command, done: Done): void {
  const command = program
    .command("status")
    .summary("pods, workers, users, requests, cost of the test in the cluster")
    .description("Shows the test in the cluster: its pods, the run that is going on or has ended, what it costs.");
  clusterOptions(command);
  jsonOption(command)
    .addHelpText("after", "\nExamples:\n  loadtest status\n  loadtest status --stack dev --json\n")
    .action(async (options) => done(await (await import("../commands/status.js")).statusCommand(options)));
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
      done(await (await import("../commands/scale.js")).scaleCommand(workers, options)),
    );
}

function addLogs(program: Command, done: Done): void {
  const command = program
    .command("logs")
    .summary("logs of Locust in the cluster")
    .description("Prints what Locust's master has logged; with --worker, what the workers have.")
    .option("--worker [pod]", "of all workers, each line behind its pod's name, or of one")
    .option("--follow", "go on until Ctrl-C")
    .option("--tail <n>", "only the last lines of each pod", limit);
  clusterOptions(command);
  jsonOption(command, "a JSON object a line: pod, line")
    .addHelpText("after", "\nExamples:\n  loadtest logs --follow\n  loadtest logs --worker --tail 20\n")
    .action(async (options) => done(await (await import("../commands/logs.js")).logsCommand(options)));
}
