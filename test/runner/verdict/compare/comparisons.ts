import { compareRuns } from "../../../../runner/verdict/compare/compare";
import type {
  ChangeKind,
  ComparedMetric,
  ComparedRecord,
  MetricChange,
  RunData,
} from "../../../../runner/verdict/compare/comparison";
import { type Moment, runOf, usual } from "./runs";

/** What the tests allow: 5 %. */
export const five = { maxRegression: 0.05 };

/** Six windows that are all the same. */
export function steady(moment: Partial<Moment>, more: Partial<ComparedRecord> = {}, windows = 6): RunData {
  return runOf("run", Array(windows).fill({ ...usual, ...moment }), more);
}

/** What became of a metric. */
export function change(before: RunData, after: RunData, metric: ComparedMetric, options = five): MetricChange {
  const found = compareRuns(before, after, options).metrics.find((one) => one.metric === metric);
  if (found === undefined) throw new Error(`there is no ${metric}`);
  return found;
}

export const kind = (before: RunData, after: RunData, metric: ComparedMetric, options = five): ChangeKind =>
  change(before, after, metric, options).kind;
