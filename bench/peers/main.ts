/** `npm run bench:peers`: other tools and this project on one core each, against the same target. `--help` says more. */
import { mkdirSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { prepareLocust } from "../../test/support/cli";
import { type Capacity, measureCapacity } from "./capacity";
import { all, type Configuration, isCommand, nameOf, quick } from "./configurations";
import { installPeers, type Programs, versionsOf } from "./install";
import { commandLoad } from "./load";
import { withLocust } from "./locust";
import { help, type Options, parseOptions } from "./options";
import { writePage } from "./page/page";
import { describeMachine, missing, type Results, readResults, without, writeResults } from "./results";
import { startTarget, type Target } from "./target";

const root = join(__dirname, "..", "..");
const docs = join(root, "docs");
const file = join(docs, "peers", "results.json");

interface Tools {
  readonly programs: Programs;
  readonly python: string;
  readonly target: Target;
}

/** @throws Error where what is kept was measured with another machine or other versions */
async function measureAll(options: Options): Promise<void> {
  if (cpus().length !== 2) {
    throw new Error(`it needs two cores, as Artillery takes a worker for each but one: here are ${cpus().length}`);
  }
  const folder = join(root, ".loadtest", "peers");
  mkdirSync(folder, { recursive: true });
  mkdirSync(join(docs, "peers"), { recursive: true });
  const allowed = options.quick ? quick : all;
  const wanted = allowed.filter((one) => options.only?.test(nameOf(one)) ?? true);
  if (wanted.length === 0) throw new Error(`--only matches none of: ${allowed.map(nameOf).join("; ")}`);
  const python = await prepareLocust();
  const programs = await installPeers(folder, console.log);
  const head = { machine: describeMachine(), versions: await versionsOf(folder, python) };
  const { capacity: former, machine, versions } = readResults(file) ?? { ...head, capacity: [] };
  let capacity = options.anew ? without(former, wanted, options.rounds) : former;
  if (capacity.length > 0 && !isDeepStrictEqual({ machine, versions }, head)) {
    throw new Error(`${file} is of another machine or other versions: --anew, without --only, measures all of it here`);
  }
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));
  const left = missing(capacity, wanted, options.rounds);
  if (left.length === 0) {
    console.log(`Nothing is missing of ${options.rounds} rounds: only the page is made.`);
    return;
  }
  const target = await startTarget(programs);
  try {
    for (const { round, configuration } of left) {
      console.log(`round ${round} of ${options.rounds}, ${nameOf(configuration)} …`);
      const isSame = (one: Capacity) => nameOf(one.configuration) === nameOf(configuration);
      const tools = { programs, python, target };
      const one = await measure(configuration, round, capacity.findLast(isSame) ?? former.findLast(isSame), tools);
      capacity = [...capacity, one];
      writeResults(file, { ...head, date: one.at.slice(0, 10), capacity } satisfies Results);
      const { busiest, fullest, seconds } = one;
      console.log(
        `round ${round}, ${nameOf(configuration)}: ${busiest.rps} RPS, ${fullest?.users ?? "no"} users, ${seconds} s`,
      );
    }
  } finally {
    await target.close();
  }
}

function measure(configuration: Configuration, round: number, former: Capacity | undefined, tools: Tools) {
  const { tool, tls } = configuration;
  const { target, programs } = tools;
  if (!isCommand(tool))
    return withLocust(configuration, tools, (load) => measureCapacity(load, configuration, round, former));
  return measureCapacity(commandLoad(tool, tls, target, programs), configuration, round, former);
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    console.log(help);
    return;
  }
  if (!options.page) await measureAll(options);
  const results = readResults(file);
  if (results === undefined || results.capacity.length === 0) throw new Error("nothing has been measured yet");
  writePage(docs, results);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
