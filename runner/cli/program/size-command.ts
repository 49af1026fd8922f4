import { type Command, Option } from "commander";
import { planned } from "../../verdict/sizing";
import {
  httpClientOption,
  jsonOption,
  limitOptions,
  maxCostOption,
  placeOptions,
  readyOption,
  resultsOption,
  scriptArgOption,
} from "../options";
import { aboveZero, duration, users } from "../readers";

type Done = (code: number) => void;

/** `loadtest size`; `done` gets its exit code. */
export function addSize(program: Command, done: Done): void {
  const command = program
    .command("size")
    .summary("how many workers a load needs, by what one of them takes")
    .description(
      "Runs one worker of the configured size on the script against the target, with as many users as it takes well, and " +
        "says how many workers the asked load needs, their vCPU, memory and cost. Up to three short runs come first, with " +
        "few users, so that neither worker nor target are overrun. All of them are saved as any run is. In a cluster the " +
        "deployed test has one worker meanwhile, and as many as before when it ends.",
    );
  placeOptions(command)
    .addOption(new Option("--users <n>", "users of the load; left out, the stack's").argParser(users))
    .addOption(
      new Option(
        "--arrival-rate <n>",
        "iterations started a second instead, with at most --users under way; of --from without a rate, each request is one",
      ).argParser(aboveZero),
    )
    .option("--from <run>", "by a run that is there, instead of a sample: its folder, its name, latest")
    .option("--script <file>", "one of the scripts that are there")
    .addOption(scriptArgOption())
    .addOption(httpClientOption())
    .option("--host <url>", "target: http(s)://host[:port][/path]")
    .addOption(
      new Option("--run-time <time>", "full load of the sample: 90s, 2m").argParser(duration).default(60, "1m"),
    )
    .option("--spawn-rate <n>", "users of a sample started a second, at least")
    .option("--demo", "with --local: load a small demo target that is started for the sample");
  limitOptions(
    maxCostOption(command),
    {},
    {
      maxUsers: "no run of the sample has more users, whatever load is asked for",
      // A sample has one.
      maxWorkers: null,
      maxArrivalRate: "no run of the sample starts more iterations a second",
      maxRunTime: "no run of the sample takes longer, with its ramp",
    },
  );
  readyOption(command);
  resultsOption(command);
  jsonOption(command)
    .addHelpText(
      "after",
      `
Planned: ${planned.cpu * 100} % of a worker's CPU and ${planned.memory * 100} % of its memory, at the most.

Examples:
  loadtest size --users 5000 --local --script shop.py --host http://127.0.0.1:8080
  loadtest size --users 5000 --stack dev
  loadtest size --arrival-rate 800 --from latest
  loadtest size --users 20000 --stack dev --json

Exit codes:
  0    the size is known
  2    wrong usage, settings or script
  3    the sample says nothing: no load, or one user is too much for a worker
  4    the sample could not run, or lost Locust's master
  130  interrupted; what was measured so far is saved`,
    )
    .action(async (options) => done(await (await import("../size/size.js")).sizeCommand(options)));
}
