import { mean } from "simple-statistics";
import { correctedTime } from "../../settings/values/threshold";
import type { Verdict } from "../types";
import { clientTexts } from "./clients";
import type { ComparedRecord, RunData } from "./comparison";
import {
  type ChangeKind,
  type ComparedMetric,
  type Comparison,
  comparedMetrics,
  type MetricChange,
} from "./comparison";
import { round, seconds, shareText, valueText } from "./format";
import {
  chanceOf,
  fewestValues,
  logIntervalOf,
  roundingStep,
  type WindowValues,
  windowSeconds,
  windowsOf,
} from "./noise";

/** A difference that is rarer than this by chance is real. */
const significance = 0.05;
/** Decimals of relative changes. */
const digits = 6;

/** A value over a whole run, null without a request, and what it was in each window of its full load. */
interface Measured {
  readonly whole: number | null;
  readonly windows: readonly number[];
}

/**
 * Compares two runs, metric by metric. A change is that of the values over the whole runs. It is real where it is
 * larger than a step of Locust's rounding and than the noise of the windows of their full load (see `windowsOf`), and
 * these differ the same way and by more than chance (permutation test, p < 0.05). `maxRegression` is the relative
 * change for the worse that is allowed: 0.05 for 5 %. A load shape's windows are not alike: they tell nothing. Numbers
 * of a run that is itself worth nothing prove no regression: what would be `worse` is `unclear`, and so is the whole.
 * Nor do requests a second of two runs that were asked for different arrival rates.
 */
export function compareRuns(
  before: RunData,
  after: RunData,
  { maxRegression }: { readonly maxRegression: number },
): Comparison {
  const windowsBefore = fullLoad(before);
  const windowsAfter = fullLoad(after);
  const nothing = worthless(before.record, after.record);
  const bothOpen = before.record.corrected !== undefined && after.record.corrected !== undefined;
  const compared = comparedMetrics.filter((metric) => bothOpen || correctedTime(metric) === undefined);
  const metrics = compared.map((metric) => {
    const change = changeOf(
      metric,
      { whole: wholeValue(metric, before.record), windows: windowsBefore[metric] },
      { whole: wholeValue(metric, after.record), windows: windowsAfter[metric] },
      maxRegression,
    );
    if (metric === "rps" && ratesDiffer(before.record, after.record)) return { ...change, kind: "asked" as const };
    return change.kind === "worse" && nothing.length > 0 ? { ...change, kind: "unclear" as const } : change;
  });
  const sentences = (kind: ChangeKind) =>
    metrics.filter((change) => change.kind === kind).map((change) => sentence(change, maxRegression));
  return {
    before: before.name,
    after: after.name,
    maxRegression,
    metrics,
    regressions: sentences("worse"),
    unclear: [...nothing, ...sentences("unclear")],
    warnings: [
      ...differences(before.record, after.record),
      ...unknownNoise("before", before, windowsBefore),
      ...unknownNoise("after", after, windowsAfter),
    ],
  };
}

function fullLoad({ record, samples }: RunData): WindowValues {
  return windowsOf(record.asked.shape ? [] : samples);
}

function wholeValue(metric: ComparedMetric, { totals, percentiles, corrected }: ComparedRecord): number | null {
  if (totals.requests === 0) return null;
  switch (metric) {
    case "rps":
      return totals.rps;
    case "fail_ratio":
      return totals.failRatio;
    default: {
      const time = correctedTime(metric);
      return (time === undefined ? percentiles[metric] : corrected?.percentiles[time]) ?? null;
    }
  }
}

function changeOf(metric: ComparedMetric, before: Measured, after: Measured, maxRegression: number): MetricChange {
  const [from, to] = [before.whole, after.whole];
  const values = { metric, before: from, after: to };
  if (from === null || to === null) {
    return { ...values, change: null, noise: null, kind: from === to ? "same" : "unclear" };
  }
  const change = from === to ? 0 : from === 0 ? null : round(to / from - 1, digits);
  const enough = Math.min(before.windows.length, after.windows.length) >= fewestValues;
  const noise = change !== null && enough ? noiseOf(before, after, change) : null;
  const kind = (): ChangeKind => {
    if (from === to) return "same";
    const up = to > from;
    const worse = up !== (metric === "rps");
    const beyond = worse && (change === null || Math.abs(change) > maxRegression);
    const isTime = metric !== "fail_ratio" && metric !== "rps";
    if (isTime && Math.abs(to - from) <= roundingStep(Math.max(from, to))) return "noise";
    if (!enough) return beyond ? "unclear" : "noise";
    if (change !== null && noise !== null && Math.abs(change) <= noise) return "noise";
    const sameWay = mean([...after.windows]) > mean([...before.windows]) === up;
    if (!sameWay || chanceOf(before.windows, after.windows) >= significance) return "noise";
    if (!worse) return "better";
    return beyond ? "worse" : "small";
  };
  return { ...values, change, noise, kind: kind() };
}

/** The least change to this side that is out of the 95 % interval around none. */
function noiseOf(before: Measured, after: Measured, change: number): number | null {
  const interval = logIntervalOf(before.windows, after.windows);
  return interval === null ? null : round(change < 0 ? 1 - Math.exp(-interval) : Math.exp(interval) - 1, digits);
}

function sentence({ metric, before, after, change, kind }: MetricChange, maxRegression: number): string {
  if (before === null || after === null) {
    return `${metric} cannot be compared: there is none ${before === null ? "before" : "after"}.`;
  }
  const by = change === null ? "" : ` by ${shareText(change)},`;
  const values = `from ${valueText(metric, before)} to ${valueText(metric, after)}`;
  const moved = `${metric} ${after > before ? "rose" : "fell"}${by} ${values}; ${shareText(maxRegression)} is allowed`;
  return kind === "unclear" ? `${moved}, and whether it is real cannot be told.` : `${moved}.`;
}

/** Why the moments of a run say too little of its noise; nothing where they say enough. */
function unknownNoise(side: "before" | "after", { record, samples }: RunData, { rps }: WindowValues): string[] {
  const { shape } = record.asked;
  if (shape) return [`noise: cannot be told, as a load shape decides the users ${side}`];
  if (rps.length >= fewestValues) return [];
  if (!samples.some(({ phase }) => phase === "hold")) {
    return [`noise: cannot be told, as full load was never reached ${side}`];
  }
  const windows = `${rps.length} ${rps.length === 1 ? "window" : "windows"} of ${windowSeconds} s`;
  return [`noise: cannot be told, as there are only ${windows} of full load ${side}, and it takes ${fewestValues}`];
}

/** Run times may differ by this share of the longer one, or by these seconds: Locust's timers are no clocks. */
const timeShare = 0.1;
const timeSeconds = 3;

/** Numbers of runs with these verdicts say little about the target. */
const untrusted: readonly Verdict[] = ["invalid", "aborted", "error"];

/** A sentence for each of two runs that cannot be compared with anything, by its own verdict. */
export function worthless(before: ComparedRecord, after: ComparedRecord): string[] {
  const sides = [["before", before.verdict] as const, ["after", after.verdict] as const];
  return sides
    .filter(([, verdict]) => untrusted.includes(verdict))
    .map(([side, verdict]) => `The verdict ${side} is ${verdict}: the numbers of that run prove nothing.`);
}

/** Why two runs can hardly be compared, with the value on both sides: `users: 20 before, 40 after`. */
export function differences(before: ComparedRecord, after: ComparedRecord): string[] {
  const found: string[] = [];
  const report = (what: string, differs: boolean, show: (record: ComparedRecord) => string) => {
    if (differs) {
      found.push(`${what}: ${show(before)} before, ${show(after)} after`);
    }
  };
  const check = (what: string, show: (record: ComparedRecord) => string) =>
    report(what, show(before) !== show(after), show);

  report("verdict", worthless(before, after).length > 0, ({ verdict }) => verdict);
  check("script", ({ script }) => script);
  check("load shape", ({ asked }) => shapeOf(asked.shape));
  check("arrivals", arrivalsText);
  check("users", ({ asked }) => String(round(asked.users, 2)));
  if (!before.asked.shape && !after.asked.shape) {
    check("spawn rate", ({ asked }) => String(round(asked.spawnRate, 2)));
  }
  report("run time", timesDiffer(before.durationSeconds, after.durationSeconds), ({ durationSeconds }) =>
    seconds(durationSeconds),
  );
  check("workers", ({ asked }) => String(asked.workers));
  check("place", ({ place }) => place);
  for (const [of, show] of clientTexts(before, after)) check(`${of}'s client`, show);
  report("target", host(before.target) !== host(after.target), ({ target }) => target ?? "the script's own");
  return found;
}

/** Two runs with arrival rates, and not the same ones. */
function ratesDiffer(before: ComparedRecord, after: ComparedRecord): boolean {
  const bothOpen = before.asked.arrivals !== undefined && after.asked.arrivals !== undefined;
  return bothOpen && ratesText(before) !== ratesText(after);
}

function arrivalsText(record: ComparedRecord): string {
  const { arrivals } = record.asked;
  if (arrivals === undefined) return "none (users wait)";
  return `${ratesText(record)}${arrivals.spacing === "even" ? "" : ` (${arrivals.spacing})`}`;
}

/** `50`, or `50, changed from 50 to 80 at 12 s`. */
function ratesText({ asked, integrity }: ComparedRecord): string {
  const changes = integrity?.arrivals?.changes ?? [];
  return [asked.arrivals?.rate, ...changes.map(({ t, from, to }) => `changed from ${from} to ${to} at ${t} s`)].join(
    ", ",
  );
}

function shapeOf(shape: string | boolean | null): string {
  return shape === true ? "yes" : shape || "none";
}

function timesDiffer(before: number, after: number): boolean {
  const off = Math.abs(before - after);
  return off > timeSeconds && off > timeShare * Math.max(before, after);
}

/** On this machine ports come and go: the demo's differs from run to run, and so may those of two builds. */
function host(target: string | null): string | null {
  return target?.replace(/^(https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])):\d+$/, "$1") ?? null;
}
