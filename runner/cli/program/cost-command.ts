import { type Command, Option } from "commander";
import { scenarios } from "../../../settings/cost/guidance";
import { kbPerRequest, usualRequestsPerUserMinute, usualSentShare } from "../../../settings/cost/load";
import { jsonOption } from "../options";
import { aboveZero, notNegative, part } from "../readers";

type Done = (code: number) => void;

/** `loadtest cost`; `done` gets its exit code. */
export function addCost(program: Command, done: Done): void {
  const command = program
    .command("cost")
    .summary("what a stack and its runs cost on AWS, and what would make it cheaper")
    .description(
      "Estimates what a stack on EKS and Fargate costs: what is there without a run, what a run adds, by the hour, run, day " +
        "and million requests. It reads the stack's files, and asks neither AWS nor Pulumi; with --refresh it gets AWS' " +
        "prices first. A Region without prices is an error.",
    )
    .addOption(new Option("--stack <name>", "the Pulumi stack whose file is read (dev)").conflicts("scenario"))
    .addOption(
      new Option("--scenario <name>", "instead of a stack: AWS' guidance, a million users for a day").choices([
        ...scenarios.keys(),
      ]),
    )
    .option("--users <n>", "users of a run; left out, the stack's")
    .option("--workers <n>", "workers for the time of a run; left out, the stack's workerReplicas")
    .option("--hours <h>", "how long a run lasts: 0.5; left out, the stack's runTime", aboveZero)
    .option("--runs-per-day <r>", "runs in the 24 hours of a day (1)", notNegative)
    .option(
      "--requests-per-user-minute <n>",
      `requests of a user a minute, by its waits (${usualRequestsPerUserMinute}, as the sample scripts)`,
      aboveZero,
    )
    .option(
      "--kb-per-user-minute <k>",
      `data of a user a minute, requests and answers together (${kbPerRequest} a request: headers without a body)`,
      notNegative,
    )
    .option(
      "--sent-share <share>",
      `what of the data users send, and so leaves for the internet (${usualSentShare})`,
      part,
    )
    .option("--region <name>", "AWS Region; left out, aws:region of the stack, AWS_REGION, AWS_DEFAULT_REGION")
    .option("--refresh", "get the Region's prices from AWS (pricing:GetProducts) into a file of yours, first");
  jsonOption(command)
    .addHelpText(
      "after",
      `
Prices of us-east-2 come with loadtest. Those that --refresh gets are kept in
~/.config/loadtest/prices.json (XDG_CONFIG_HOME), or where LOADTEST_PRICES says.

Examples:
  loadtest cost
  loadtest cost --stack dev --workers 50 --users 100000 --hours 2 --kb-per-user-minute 40
  loadtest cost --refresh --region eu-west-1
  loadtest cost --scenario guidance-10kb --json
`,
    )
    .action(async (options) => done(await (await import("../commands/cost.js")).costCommand(options)));
}
