import { relative, resolve } from "node:path";
import { requestPrice } from "../../../settings/cost/hourly";
import { PricesError } from "../../../settings/cost/region-prices";
import { findProject, readAwsConfig, usualStack } from "../../../settings/project/stack-files";
import type { Settings } from "../../../settings/schema";
import { configuredRegion } from "../../aws/clients";
import { RunnerError, UsageError } from "../../errors";
import { createResultsFolder } from "../../results/folder";
import { findRun } from "../../results/history";
import { readRunData } from "../../results/read";
import { exitCodes } from "../../types";
import { doubts, needOf, planned } from "../../verdict/sizing";
import { withoutOwnLimits } from "../limits";
import { checkLocalOptions, localSetup, openLocal } from "../local";
import { findPrices } from "../price-file";
import { executeRun } from "../record-run";
import { readCommandSettings } from "../settings";
import { planOf, requireLocalTargets } from "../setup";
import { listenToSignals } from "../signals";
import { progressOf } from "../terminal/progress";
import {
  askedOf,
  findSample,
  requireSteadyLoad,
  requireTime,
  type Sampling,
  type Sized,
  type SizeOptions,
  usageIn,
  withLoad,
} from "./sampling";
import { type HourlyPrice, type SizeReport, sizeText } from "./text";

/** `loadtest size`: how many workers a load needs. */
export async function sizeCommand(options: SizeOptions): Promise<number> {
  const sized = await sizedBy(options);
  const report = reportOf(sized, options);
  const text = options.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : sizeText(report);
  process.stdout.write(text);
  return exitCodes.passed;
}

async function sizedBy(options: SizeOptions): Promise<Sized> {
  const { local, from } = options;
  if (options.demo === true && local !== true)
    throw new UsageError("--demo starts its target on this machine: --local --demo");
  if (from !== undefined) return ofRun(options, from);
  requireTime(options);
  if (local === true) return sampleLocally(options);
  return (await import("./in-cluster.js")).sampleInCluster(options);
}

/** What the load needs, by the run. @throws RunnerError with exit code 3 where the run does not tell */
export function reportOf(sized: Sized, { users, arrivalRate }: Pick<SizeOptions, "users" | "arrivalRate">): SizeReport {
  const { record, folder, size, workerReplicas } = sized;
  const usage = usageIn(sized, size);
  const asked = askedOf({ users, arrivalRate }, sized.users);
  const need = known(() => needOf(usage, asked, size));
  const { workers } = need;
  const { verdict, reasons } = record;
  const { failRatio = 0 } = record.totals ?? {};
  return {
    asked,
    sample: { run: folder, place: record.place, script: record.script, verdict: record.verdict, ...usage },
    size,
    planned,
    need: {
      ...need,
      vcpu: workers * size.cpu,
      memory: workers * size.memory,
      price: priceOf(sized, workers),
    },
    settings: { workerReplicas, enough: workerReplicas >= workers },
    warnings: [
      ...(verdict === "invalid" ? reasons.slice(0, 1).map((reason) => `the sample is invalid: ${reason}`) : []),
      ...doubts(usage, size, { failRatio, place: record.place }).map((doubt) => `the sample is no proof: ${doubt}`),
      ...(arrivalRate === undefined || usage.unit === "iterations"
        ? []
        : ["each request of the sample is taken for an iteration"]),
      ...(workers > mostWorkers ? [`workerReplicas is ${mostWorkers} at the most: take larger workers`] : []),
    ],
  };
}

/** The settings' own limit. */
const mostWorkers = 1000;

function known<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw new RunnerError(error.message, exitCodes.invalid);
    throw error;
  }
}

function priceOf({ prices, size, control }: Sized, workers: number): HourlyPrice | { readonly why: string } {
  if ("why" in prices) return prices;
  try {
    const [worker, master] = [size, control].map(({ cpu, memory }) => requestPrice(prices, cpu, memory));
    return { region: prices.region, perHour: workers * (worker ?? 0) + (master ?? 0) };
  } catch (error) {
    if (error instanceof RangeError) return { why: error.message };
    throw error;
  }
}

/** A run that is kept. Its workers' size is in its settings, or it is the stack's. */
async function ofRun(options: SizeOptions, from: string): Promise<Sized> {
  const { path } = findRun(options.results, from);
  const { record, samples } = await readRunData(path);
  const { settings } = readCommandSettings(placeOnly(options));
  const { workerCpu, workerMemory } = record.settings;
  const own = record.place === "kubernetes" && typeof workerCpu === "number" && typeof workerMemory === "number";
  return {
    ...{ record, samples, folder: relative(".", path) },
    ...ofSettings(settings, options),
    ...(own ? { size: { cpu: workerCpu, memory: workerMemory } } : {}),
  };
}

function placeOnly({ stack, scriptsFolder }: SizeOptions) {
  return { ...(stack === undefined ? {} : { stack }), ...(scriptsFolder === undefined ? {} : { scriptsFolder }) };
}

/** What the stack's settings say of the workers. */
function ofSettings(settings: Settings, { stack }: SizeOptions) {
  const { workerCpu, workerMemory, controlCpu, controlMemory, workerReplicas, users } = settings;
  return {
    ...{ workerReplicas, users, prices: pricesOf(settings, stack) },
    size: { cpu: workerCpu, memory: workerMemory },
    control: { cpu: controlCpu, memory: controlMemory },
  };
}

function pricesOf({ platform }: Settings, stack = usualStack): Sized["prices"] {
  if (platform !== "eks-fargate") return { why: `nobody knows the prices of platform ${platform}` };
  const project = findProject(process.cwd());
  const region = project === undefined ? undefined : configuredRegion(readAwsConfig(project, stack));
  if (region === undefined)
    return { why: "nothing says in which Region: aws:region in the stack's file, or AWS_REGION" };
  try {
    return findPrices(region);
  } catch (error) {
    if (error instanceof PricesError) return { why: error.message };
    throw error;
  }
}

/** Samples on this machine, each with a master and a worker of its own. */
async function sampleLocally(options: SizeOptions): Promise<Sized> {
  checkLocalOptions(options);
  const { users: _users, arrivalRate: _rate, runTime, ...others } = withoutOwnLimits(options);
  // The demo target is this product's own.
  const rest = options.demo === true ? { ...others, allowedHosts: undefined } : others;
  const { settings: stack } = readCommandSettings({ ...rest, ...placeOnly(options) });
  const command = readCommandSettings({ ...rest, workers: "1" });
  const { script, allowedHosts } = command.settings;
  const setup = localSetup(command, planOf(command.settings));
  const progress = await progressOf(setup.plan);
  const signals = listenToSignals((signal) =>
    progress.say(`${signal}: ending the sample and saving what was measured…`),
  );
  const stackSize = ofSettings(stack, options);
  try {
    for (const warning of command.warnings) progress.warning(warning);
    const run: Sampling["run"] = async (load, seconds) => {
      const folder = await createResultsFolder({ base: resolve(options.results), script, now: new Date() });
      const loaded = withLoad(setup, load, seconds);
      progress.expect(loaded.plan);
      return executeRun({
        ...{ setup: loaded, folder, progress, signals },
        open: () =>
          openLocal({
            ...{ command, demo: options.demo === true, logs: folder.logs },
            progress: (text) => progress.say(text),
            ...{ signal: signals.interrupt, kill: signals.kill },
          }),
        async checkTargets(status) {
          requireSteadyLoad(status);
          await requireLocalTargets(status, options.demo === true ? undefined : allowedHosts);
        },
        timing: { prepare: options.readyTimeout * 1000 },
      });
    };
    const sample = await findSample({
      run,
      progress,
      asked: askedOf(options, stack.users),
      limits: options,
      size: stackSize.size,
      seconds: runTime,
    });
    return { ...sample, ...stackSize };
  } finally {
    signals.dispose();
  }
}
