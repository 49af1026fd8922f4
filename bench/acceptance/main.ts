/** `npm run acceptance:aws`: the whole product on a real account, from nothing to nothing. `--help` says more. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { findPrices } from "../../runner/cli/price-file";
import { hourlyCost } from "../../settings/cost/hourly";
import { loadtestVersion } from "../../settings/package-root";
import { readStack } from "../../settings/project/stack-files";
import { durationAllowed, parseDuration } from "../../settings/values/duration";
import { Commands } from "./commands";
import { acceptancePage } from "./page";
import { type Acceptance, hasPassed, type Trial } from "./record";
import { tryStack } from "./trial";

const root = join(__dirname, "..", "..");
const known = ["single-az", "dev"];

const help = `npm run acceptance:aws -- --yes [options]

Takes the stacks single-az and dev from nothing to nothing on AWS: doctor, preview, up, a run with thresholds,
2 -> 8 -> 2 workers, another script, a changed script, Locust's web UI, destroy, and a look for what is left. It ends
with destroy in any case, also on Ctrl-C. Writes docs/acceptance.json and docs/acceptance.md. Not for CI.

  --yes            do it; without it, say what would be made and what it costs
  --stacks LIST    ${known.join(",")}
  --region REGION  us-east-2
  --run-time TIME  length of each of the four runs (1m)
  --workers N      what 2 workers are raised to (8)
  --config K=V     a setting beside the stack's own; repeatable
  --out FOLDER     where the results go (docs)
  --page           only make acceptance.md from the acceptance.json that is there
  --help

It needs what docs/aws.md names before the first up: Node, the Pulumi CLI and a login, the AWS CLI, credentials. Each
stack takes about an hour (not measured on AWS).

Exit codes: 0 all passed, 1 something failed or was left, 2 wrong usage or no --yes, 130 interrupted`;

/** @throws Error in a line for the user */
function readOptions() {
  const { values } = parseArgs({
    options: {
      yes: { type: "boolean", default: false },
      stacks: { type: "string", default: known.join(",") },
      region: { type: "string", default: "us-east-2" },
      "run-time": { type: "string", default: "1m" },
      workers: { type: "string", default: "8" },
      config: { type: "string", multiple: true, default: [] },
      out: { type: "string", default: join(root, "docs") },
      page: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const stacks = values.stacks.split(",");
  const unknown = stacks.filter((stack) => !known.includes(stack));
  if (unknown.length > 0) throw new Error(`--stacks must be some of ${known.join(",")}, not "${unknown.join(",")}"`);
  const plain = values.config.filter((one) => !/^\w+=/.test(one));
  if (plain.length > 0) throw new Error(`--config must be KEY=VALUE, not "${plain.join('", "')}"`);
  const workers = Number(values.workers);
  if (!(Number.isInteger(workers) && workers > 2 && workers <= 1000)) {
    throw new Error(`--workers must be an integer from 3 to 1000, not "${values.workers}"`);
  }
  try {
    parseDuration(values["run-time"]);
  } catch {
    throw new Error(`--run-time must be ${durationAllowed}, not "${values["run-time"]}"`);
  }
  return { ...values, stacks, workers, runTime: values["run-time"] };
}

type Options = ReturnType<typeof readOptions>;

async function main(): Promise<number> {
  const options = readOptions();
  if (options.help) {
    console.log(help);
    return 0;
  }
  mkdirSync(options.out, { recursive: true });
  if (options.page) {
    const file = join(options.out, "acceptance.json");
    const former = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Acceptance) : undefined;
    writeFileSync(join(options.out, "acceptance.md"), acceptancePage(former));
    return 0;
  }
  console.log(announce(options));
  if (!options.yes) {
    console.log("Nothing was made: --yes does it.");
    return 2;
  }
  if (process.env.CI) throw new Error("this is not for CI: it makes, and costs, what only a person should decide");
  return tryAll(options);
}

/** Each stack after the other; what came out is on disk after each. */
async function tryAll({ stacks, region, out, runTime, workers, config }: Options): Promise<number> {
  const startedAt = new Date().toISOString();
  const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${line}`);
  const commands = new Commands(say);
  const trials: Trial[] = [];
  const write = (): Acceptance => {
    const acceptance = {
      ...{ startedAt, endedAt: new Date().toISOString(), version: loadtestVersion(), region },
      ...{ standIn: process.env.AWS_ENDPOINT_URL ?? null, interrupted: commands.interrupted, trials },
    };
    writeFileSync(join(out, "acceptance.json"), `${JSON.stringify(acceptance, undefined, 2)}\n`);
    writeFileSync(join(out, "acceptance.md"), acceptancePage(acceptance));
    return acceptance;
  };
  for (const stack of stacks) {
    if (commands.interrupted) break;
    const folder = join(root, ".loadtest", "acceptance", stack);
    trials.push(await tryStack({ commands, stack, region, folder, say, runTime, workers, config }));
    write();
  }
  const acceptance = write();
  say(`${hasPassed(acceptance) ? "All passed" : "Not all passed"}: ${resolve(out, "acceptance.md")}`);
  if (commands.interrupted) return 130;
  return hasPassed(acceptance) ? 0 : 1;
}

/** @throws SettingsError with every setting of `--config` that is wrong */
function announce({ stacks, region, workers, config }: Options): string {
  const overrides = Object.fromEntries(config.map((one) => [one.split("=")[0] ?? "", one.slice(one.indexOf("=") + 1)]));
  const lines = stacks.map((stack) => {
    const { settings } = readStack({ directory: root, stack, overrides });
    const { total } = hourlyCost(findPrices(region), { ...settings, workerReplicas: workers });
    return `  acceptance-${stack}: a VPC, an EKS cluster on Fargate, Locust; about $${total.toFixed(2)} an hour with ${workers} workers`;
  });
  return [`Makes in ${region}, one after the other, each for about an hour:`, ...lines].join("\n");
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  },
);
