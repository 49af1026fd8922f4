/** `npm run bench:cluster`: measurements on a real cluster, from which the defaults follow. `--help` says more. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { prepareLocust, stopCommands } from "../../test/support/cli";
import { hasCluster } from "../../test/support/cluster";
import { DeployedTest } from "../../test/support/deployed-test";
import { removeProjects } from "../../test/support/project";
import { hasPulumi } from "../../test/support/pulumi";
import { BenchNamespace, buildTarget } from "./bench-namespace";
import { measureCapacity } from "./capacity";
import { all, type Configuration, nameOf, quick } from "./configurations";
import { describeMachine } from "./machine";
import { masterWorkers, measureMaster } from "./master";
import { isForMemory, measureMemory } from "./memory";
import { help, type Options, parseOptions } from "./options";
import { writePage } from "./page/page";
import { findPySpy, measureProfile } from "./profile";
import { type Part, parts, type Results, readResults, writeResults } from "./results";
import { measureStart, startWorkerCpu } from "./start";

const docs = join(__dirname, "..", "..", "docs");
const file = join(docs, "benchmarks", "results.json");

/** Sizes that the master is measured at: what the guidance proposes, and the next one. */
const masterSizes = [
  { cpu: 0.25, memory: 256, workers: masterWorkers },
  // Where the smaller size may not be enough.
  { cpu: 0.5, memory: 768, workers: [200, 500] },
];

/** What is measured so far; each addition is on disk before the next measurement. */
class Store {
  private results: Results;
  /** Where to begin to look, also where it does not count any more. */
  private readonly former: Results["capacity"];

  constructor(options: Options) {
    const former = readResults(file);
    this.former = former?.capacity ?? [];
    const kept = (part: Part) => options.add || !options.only.includes(part);
    const lists = parts.map((part) => [part, kept(part) ? (former?.[part] ?? []) : []]);
    const date = new Date().toISOString().slice(0, 10);
    const machine = describeMachine();
    const others = (former?.machines ?? []).filter((one) => !isDeepStrictEqual(one, machine));
    const machines = [...(parts.some(kept) ? others : []), machine];
    this.results = { machines, date, ...Object.fromEntries(lists) };
  }

  add<P extends Part>(part: P, one: Results[P][number]): void {
    this.results = { ...this.results, [part]: [...this.results[part], one] };
    writeResults(file, this.results);
  }

  latest(configuration: Configuration) {
    const isSame = (one: Results["capacity"][number]) => nameOf(one.configuration) === nameOf(configuration);
    return this.results.capacity.findLast(isSame) ?? this.former.findLast(isSame);
  }

  /** Rounds that are there already. */
  rounds(part: Part): number {
    return Math.max(0, ...this.results[part].map(({ round }) => round));
  }
}

async function inRounds(part: Part, options: Options, store: Store, work: (round: number) => Promise<void>) {
  if (!options.only.includes(part)) return;
  const first = store.rounds(part) + 1;
  for (let round = first; round < first + options.rounds; round++) {
    const begun = performance.now();
    await work(round);
    console.log(`${part}: round ${round} took ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  }
}

async function measureInCluster(options: Options, store: Store): Promise<void> {
  if (process.env.BENCH_IMAGE_LOADER !== undefined) buildTarget(process.env.BENCH_IMAGE_LOADER);
  const namespace = new BenchNamespace(`lt-bench-${process.pid}`);
  const configurations = (options.quick ? quick : all).filter((one) => options.match?.test(nameOf(one)) ?? true);
  const interrupted = () => {
    namespace.remove();
    process.exit(130);
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    namespace.make();
    await inRounds("capacity", options, store, async (round) => {
      for (const configuration of configurations) {
        const one = await measureCapacity(namespace, configuration, round, store.latest(configuration));
        store.add("capacity", one);
        console.log(`${nameOf(configuration)}: ${one.busiest.rps} RPS, ${one.fullest?.users ?? "no"} users`);
      }
    });
    await inRounds("memory", options, store, async (round) => {
      for (const configuration of configurations.filter(isForMemory)) {
        store.add("memory", await measureMemory(namespace, configuration, round));
      }
    });
    await inRounds("master", options, store, async (round) => {
      for (const size of masterSizes) store.add("master", await measureMaster(namespace, size, round));
    });
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    namespace.remove();
  }
}

async function measureStarts(options: Options, store: Store): Promise<void> {
  if (!options.only.includes("start")) return;
  if (!hasPulumi()) return console.log("skipped: start: the Pulumi CLI is not on the PATH");
  const test = new DeployedTest(`lt-bench-start-${process.pid}`);
  try {
    test.up({ workerCpu: String(startWorkerCpu) });
    await inRounds("start", options, store, async (round) => store.add("start", await measureStart(test, round)));
  } finally {
    await stopCommands();
    test.down();
    removeProjects();
  }
}

async function profile(options: Options, store: Store): Promise<void> {
  if (!options.only.includes("profile")) return;
  const pySpy = findPySpy();
  if (pySpy === undefined) return console.log("skipped: profile: py-spy is neither on the PATH nor in PY_SPY");
  const python = await prepareLocust();
  await inRounds("profile", options, store, async (round) => {
    for (const userClass of ["HttpUser", "FastHttpUser"] as const) {
      store.add("profile", await measureProfile(pySpy, python, userClass, round));
    }
  });
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    console.log(help);
    return;
  }
  if (!options.page) {
    if (!hasCluster()) throw new Error("KUBECONFIG names no cluster that answers");
    mkdirSync(join(docs, "benchmarks"), { recursive: true });
    const store = new Store(options);
    await measureInCluster(options, store);
    await measureStarts(options, store);
    await profile(options, store);
  }
  const results = readResults(file);
  if (results === undefined) throw new Error("nothing has been measured yet");
  writePage(docs, results);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
