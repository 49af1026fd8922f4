/** What a run will cost, said before it starts. */

import { workersForRun } from "../../../settings/cost/estimate";
import { requestPrice } from "../../../settings/cost/hourly";
import { durationText } from "../../../settings/cost/load";
import { UsageError } from "../../errors";
import { expectedSeconds } from "../capacity/capacity";
import type { TestSetup } from "../setup";
import { pricesOfTest, type UnknownCost } from "./cost";
import type { ClusterTest } from "./open";

/** In USD, without traffic. */
interface RunCost {
  /** Of the stack in the time of the run, and of the workers that the run adds. */
  readonly run: number;
  /** Of the stack, without a run. */
  readonly perHour: number;
}

/** Undefined where the test is not on Fargate: nobody says what its cluster costs. */
export function runCost(test: ClusterTest, { plan }: Pick<TestSetup, "plan">): RunCost | UnknownCost | undefined {
  const { output, deployed } = test;
  if (output?.platform !== "eks-fargate") return undefined;
  const known = pricesOfTest(test);
  if ("why" in known) return known;
  const { prices, fixedPerHour } = known;
  const { workerReplicas, workerCpu, workerMemory, controlCpu, controlMemory } = deployed;
  if (!workerCpu || !workerMemory || !controlCpu || !controlMemory) return { why: "the pods do not say their size" };
  const stack = { workerReplicas, workerCpu, workerMemory };
  try {
    const pods = requestPrice(prices, controlCpu, controlMemory);
    const perHour = fixedPerHour + pods + workerReplicas * requestPrice(prices, workerCpu, workerMemory);
    const seconds = secondsOf(plan);
    return { run: perHour * (seconds / 3600) + workersForRun(prices, stack, mostWorkers(plan), seconds), perHour };
  } catch (error) {
    if (error instanceof RangeError) return { why: error.message };
    throw error;
  }
}

/**
 * What a run on AWS will cost, as a line to be said before anything is scaled for it; undefined elsewhere.
 *
 * @param maxCost USD
 * @throws UsageError where it would cost more than that, or nobody knows
 */
export function costLine(
  test: ClusterTest,
  setup: Pick<TestSetup, "plan">,
  maxCost: number | undefined,
): string | undefined {
  const cost = runCost(test, setup);
  const refuse = (why: string) => new UsageError(`--max-cost ${maxCost}: ${why}`);
  if (cost === undefined) {
    if (maxCost !== undefined) throw refuse("only the cost of a stack on EKS and Fargate is known");
    return undefined;
  }
  if ("why" in cost) {
    if (maxCost !== undefined) throw refuse(`the cost of the run is not known: ${cost.why}`);
    return `What this run costs is not known: ${cost.why}`;
  }
  const workers = mostWorkers(setup.plan);
  const upTo = workers > setup.plan.workers ? "up to " : "";
  const time = durationText(secondsOf(setup.plan) / 3600);
  const what = `${time}, ${upTo}${workers} worker${workers === 1 ? "" : "s"}, without traffic`;
  if (maxCost !== undefined && cost.run > maxCost) throw refuse(`the run would cost about ${usd(cost.run)} (${what})`);
  return `This run costs about ${usd(cost.run)}: ${what}; the stack costs ${usd(cost.perHour)} an hour while it is there`;
}

/** What so many workers more cost an hour, in words; undefined where nobody knows. */
export function workersCost(test: ClusterTest, more: number): string | undefined {
  const { output, deployed } = test;
  if (output?.platform !== "eks-fargate") return undefined;
  const known = pricesOfTest(test);
  const { workerCpu, workerMemory } = deployed;
  if ("why" in known || !workerCpu || !workerMemory) return undefined;
  try {
    return `about ${usd(more * requestPrice(known.prices, workerCpu, workerMemory))} an hour more`;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Those that a search may scale to, as if they were there from its start on: what it may cost has to be allowed before. */
function mostWorkers({ workers, search }: TestSetup["plan"]): number {
  return Math.max(workers, search?.asked.maxWorkers ?? 0);
}

/** That a run takes; of a search for the capacity, about. */
function secondsOf({ runTime, search }: TestSetup["plan"]): number {
  return search === undefined ? (runTime ?? 0) : expectedSeconds(search);
}

/** `$0.12`; what a short run costs has more digits: `$0.0034`. */
function usd(value: number): string {
  return `$${value.toFixed(value < 0.095 ? 4 : 2)}`;
}
