import type { LostWorker, Sample } from "../../types";
import { round } from "../../verdict/format";
import type { ColourName } from "./style";

/** What a chart's values are: decides digits, axis and words. */
export type Unit = "users" | "/s" | "ms" | "%";

/** One line of a chart. */
export interface Line {
  readonly label: string;
  readonly colour: ColourName;
  /** In CSS pixels. */
  readonly width: number;
  /** Lengths of dashes and gaps in CSS pixels; a solid line without. */
  readonly dash?: readonly number[];
  /** Stays at a value until the next one, instead of going there straight. */
  readonly steps?: boolean;
  /** One for each of the times; null is a gap. */
  readonly values: readonly (number | null)[];
}

/** Lines that share their times: those of one run. */
export interface Curves {
  /** Seconds since the start of the run, ascending. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
}

/** A chart over time, as the report's script draws it. */
export interface Chart {
  /** Of its figure's element. */
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  /** What stands beside the axis of the values. */
  readonly axis: string;
  /** Of each run that it shows. */
  readonly curves: readonly Curves[];
  /** Lines across; shown where they are in reach of the values. */
  readonly limits: readonly { readonly value: number; readonly label: string }[];
  /** What the times of the curves are where they are none, such as a load; and what is marked there. */
  readonly across?: { readonly label: string; readonly unit: Unit; readonly marks: readonly Mark[] };
  /** The axis goes up to here at least. */
  readonly atLeast?: number;
}

/** A part of the run that is marked in all charts; seconds since its start. */
export interface Span {
  readonly phase: "ready" | "ramp" | "hold" | "stop" | "collected";
  readonly from: number;
  readonly to: number;
}

/** Something that happened at a moment. */
export interface Mark {
  readonly t: number;
  readonly label: string;
}

/** All that the report's script is given, as JSON. */
export interface ReportData {
  readonly charts: readonly Chart[];
  readonly spans: readonly Span[];
  readonly marks: readonly Mark[];
}

/** Up to this many workers have a line each. */
export const namedWorkers = 12;

type Style = Omit<Line, "label" | "values">;

/** A line whose values are taken from each sample, as `curvesOf` makes it. */
export interface LineOf extends Style {
  readonly label: string;
  readonly value: (sample: Sample) => number | null;
}

/** The lines of a run over its time. */
export function curvesOf(samples: readonly Sample[], lines: readonly LineOf[]): Curves {
  return {
    times: samples.map(({ t }) => round(t, 2)),
    lines: lines.map(({ value, ...line }) => ({
      ...line,
      values: samples.map((sample) => {
        const number = value(sample);
        return number === null || !Number.isFinite(number) ? null : round(number, 2);
      }),
    })),
  };
}

/** Failed requests among those of the latest seconds, in per cent; null where there were none. */
export function failingNow({ rps, failuresPerSecond }: Sample): number | null {
  // Both are rounded means, so that their ratio may be a little above all of them.
  return rps > 0 ? Math.min(100, (failuresPerSecond / rps) * 100) : null;
}

/** Failed requests among all so far, in per cent; null before the first. */
export function failingSoFar({ requests, failures }: Sample): number | null {
  return requests > 0 ? (failures / requests) * 100 : null;
}

/** Busiest worker's CPU, in per cent of what it may use; null without a worker. */
export function highestCpu({ workerCpu }: Sample): number | null {
  const shares = Object.values(workerCpu);
  return shares.length === 0 ? null : Math.max(...shares) * 100;
}

/** CPU of the workers on average, in per cent of what they may use; null without a worker. */
export function meanCpu({ workerCpu }: Sample): number | null {
  const shares = Object.values(workerCpu);
  return shares.length === 0 ? null : (shares.reduce((sum, share) => sum + share, 0) / shares.length) * 100;
}

/** CPU of one worker, in per cent of what it may use; null while it does not answer. */
export function cpuOf(name: string): (sample: Sample) => number | null {
  return ({ workerCpu }) => (Object.hasOwn(workerCpu, name) ? (workerCpu[name] ?? 0) * 100 : null);
}

/** Names of all workers that were ever there: `worker-2` before `worker-10`. */
export function workersIn(samples: readonly Sample[]): string[] {
  const names = new Set<string>();
  for (const { workerCpu } of samples) for (const name of Object.keys(workerCpu)) names.add(name);
  return [...names].sort(new Intl.Collator("en", { numeric: true }).compare);
}

/** The phases of a run; each goes on until the next one begins. */
export function spansOf(samples: readonly Sample[]): Span[] {
  const spans: Span[] = [];
  for (const { phase, t } of samples) {
    const last = spans.at(-1);
    if (last !== undefined) spans[spans.length - 1] = { ...last, to: t };
    if (last?.phase !== phase) spans.push({ phase, from: last === undefined ? Math.min(0, t) : t, to: t });
  }
  return spans;
}

/** Where workers were lost; those that went within `together` seconds are one mark. */
export function lossesOf(lost: readonly LostWorker[], together: number): Mark[] {
  const groups: LostWorker[][] = [];
  for (const worker of [...lost].sort((a, b) => a.t - b.t)) {
    const group = groups.at(-1);
    if (group?.[0] !== undefined && worker.t - group[0].t <= together) group.push(worker);
    else groups.push([worker]);
  }
  return groups.map((group) => ({
    t: group[0]?.t ?? 0,
    label: group.length === 1 ? `${group[0]?.name} lost` : `${group.length} workers lost`,
  }));
}
