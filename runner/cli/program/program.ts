import { Command, Option } from "commander";
import { loadtestVersion } from "../../../settings/package-root";
import {
  clusterOptions,
  exitCodeHelp,
  httpClientOption,
  jsonOption,
  limitOptions,
  loadOptions,
  maxCostOption,
  placeOptions,
  readyOption,
  regressionOption,
  resultsOption,
  scriptArgOption,
  thresholdOption,
} from "../options";
import { duration, port } from "../readers";

import { addCapacity } from "./capacity-command";
import { addClusterCommands } from "./cluster-commands";
import { addCost } from "./cost-command";
import { addMcp } from "./mcp-command";
import { addResultCommands } from "./result-commands";
import { addSize } from "./size-command";

// The commands themselves are loaded when they run: `--help` must not wait for clients and their libraries.

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
    .description("Run distributed Locust load tests, judge them, save their results.")
    .version(loadtestVersion())
    .exitOverride()
    .showHelpAfterError("(loadtest --help shows what there is)")
    .addHelpText("after", `${exitCodeHelp}\n${completionHelp}`);
  addRun(program, done);
  addCapacity(program, done);
  addSize(program, done);
  addDashboard(program, done);
  addDoctor(program, done);
  addClusterCommands(program, done);
  addResultCommands(program, done);
  addCost(program, done);
  addMcp(program, done);
  return program;
}

function addRun(program: Command, done: Done): void {
  const command = program
    .command("run")
    .summary("run a load test, print its verdict, save its results")
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
    .option("--port <n>", "port of Locust's web UI on this machine", port);
  limitOptions(maxCostOption(command));
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
  loadtest run --local --script shop.py --script-arg tenant=acme --script-arg verbose
  loadtest run --local --stack single-az --script script2.py --threshold "p95<300" --threshold "fail_ratio<0.1%"
  loadtest run --stack dev --workers 8 --users 800 --run-time 5m
  loadtest run --stack dev --workers 50 --run-time 1h --max-cost 5
  loadtest run --baseline latest-passed --max-regression 10%
  loadtest run --context my-cluster --namespace locust --host https://preview.example.com
${exitCodeHelp}`,
    )
    .action(async (options) => done(await (await import("../commands/run.js")).runCommand(options)));
}

function addDashboard(program: Command, done: Done): void {
  const command = program
    .command("dashboard")
    .summary("Locust's web UI on this machine until Ctrl-C")
    .description(
      "Forwards the web UI of the test in the cluster to this machine, and opens it; with --local, starts Locust here. " +
        "Runs that are started in the web UI are judged and saved.",
    );
  placeOptions(command)
    .option("--script <file>", "with --local: script in the scripts' folder")
    .addOption(scriptArgOption("with --local: "))
    .addOption(httpClientOption("with --local: "))
    .option("--host <url>", "with --local: target that the web UI offers, http(s)://host[:port][/path]")
    .option("--users <n>", "what the web UI offers, with --local")
    .option("--spawn-rate <n>", "what the web UI offers, with --local")
    .option("--run-time <time>", "what the web UI offers, with --local")
    .option("--workers <n>", "worker processes, with --local")
    .option("--demo", "with --local: offer a small demo target that is started for the time being")
    .option("--no-open", "do not open the web UI in a browser")
    .option("--port <n>", "port of the web UI (8089)", port);
  thresholdOption(command);
  resultsOption(command, "folder that gets a folder for each run started in the web UI")
    .addHelpText(
      "after",
      "\nExamples:\n  loadtest dashboard --local --demo\n  loadtest dashboard --stack dev --port 9000\n",
    )
    .action(async (options) => done(await (await import("../commands/dashboard.js")).dashboardCommand(options)));
}

function addDoctor(program: Command, done: Done): void {
  const command = program
    .command("doctor")
    .summary("look at what a run needs: tools, settings, AWS, the cluster, the target")
    .description(
      "Looks at all that a run and the first up need, for at most 5 s, and changes nothing: tools, settings, script, " +
        "target; with platform eks-fargate identity, permissions, quotas, subnets and cost on AWS; the cluster and its pods.",
    );
  clusterOptions(command, "the Pulumi stack (dev)")
    .addOption(
      new Option("--local", "only what a run on this machine needs").conflicts(["kubeconfig", "context", "namespace"]),
    )
    .option("--scripts-folder <dir>", "with --local: folder of the scripts, instead of the stack's");
  jsonOption(command, "print a list of checks as JSON: name, state (ok, warning, problem, skipped), text, todo")
    .addHelpText(
      "after",
      `
Examples:
  loadtest doctor
  loadtest doctor --stack single-az --json
  loadtest doctor --local
  loadtest doctor --context my-cluster --namespace locust

Exit codes:
  0  nothing stands in the way; there may be warnings
  2  a problem must be solved before a run can work`,
    )
    .action(async (options) => done(await (await import("../commands/doctor.js")).doctorCommand(options)));
}
