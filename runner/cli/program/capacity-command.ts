import { type Command, Option } from "commander";
import {
  htmlOption,
  jsonOption,
  limitOptions,
  loadOptions,
  maxCostOption,
  placeOptions,
  readyOption,
  resultsOption,
  thresholdOption,
} from "../options";
import { aboveZero, duration, fromTwo, port, rate, share } from "../readers";

const help = `
Each level is waited for until its users are there and what was asked before is
answered, and then measured for --step-time. Levels double until one breaks a
threshold, then narrow down; what broke is tried a second time, and the answer
has to hold three times. A level that breaks is left within seconds. Where the
workers cannot send more, that proves nothing about the target: more of them are
brought up within --max-workers, else it takes "at least" what was proven.

Thresholds are those of run with an upper limit; without any, fail_ratio<1%.

Examples:
  loadtest capacity --local --demo --max-users 200 --step-time 5s
  loadtest capacity --local --script shop.py --threshold "p95<300" --at-least 200/s
  loadtest capacity --stack dev --from 100 --threshold "p95<500" --max-workers 40
  loadtest compare previous latest

Exit codes:
  0    the capacity was found, and is what --at-least asks for
  1    it is less than --at-least, or not even the lowest level holds
  2    wrong usage, settings or script
  3    the workers or the script were the limit, or the load was not as asked
  4    could not run, or lost Locust's master
  130  interrupted; what was found so far is saved`;

/** Adds `capacity`; `done` gets its exit code. */
export function addCapacity(program: Command, done: (code: number) => void): void {
  const command = program
    .command("capacity")
    .summary("find the most that a target takes within the thresholds")
    .description(
      "Finds the most requests a second that a target takes within the thresholds, in one run whose load is raised in " +
        "steps: with its interval, with what breaks first, and with the proof that the target was the limit and not the " +
        "workers.",
    );
  placeOptions(command);
  loadOptions(command, "search");
  thresholdOption(command)
    .addOption(
      new Option("--by <what>", "what is raised: users at a time, or iterations started a second")
        .choices(["users", "arrivals"])
        .default("users"),
    )
    .option("--from <n>", "the first level (10)", aboveZero)
    .option("--max-rps <rate>", "do not go on beyond these requests a second", rate)
    .option("--step-time <time>", "for how long each level is measured", duration, 20)
    .option("--holds <n>", "how often the answer has to hold, from 2 on", fromTwo, 3)
    .option("--precision <share>", "how far what breaks may be above the answer", share, "5%")
    .option("--at-least <rate>", "exit with 1 where the capacity is less: 1200/s", rate)
    .option("--demo", "with --local: load a small demo target that is started for it")
    .option("--port <n>", "port of Locust's web UI on this machine", port);
  limitOptions(
    maxCostOption(command),
    {},
    {
      maxUsers: "never more users than these; by arrivals, never more iterations under way",
      maxWorkers: "bring up so many workers at the most, where they are the limit",
      maxArrivalRate: "by arrivals: never start more iterations a second",
      maxRunTime: "begin no step that could end after this time",
    },
  );
  readyOption(command);
  resultsOption(command);
  htmlOption(command, "write a report with the curve of throughput and response times");
  jsonOption(command, "print the run's record as JSON on standard output")
    .addHelpText("after", help)
    .action(async (options) => done(await (await import("../commands/capacity.js")).capacityCommand(options)));
}
