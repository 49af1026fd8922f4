import type { ColourName } from "./colours";

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

/** A chart over time, as the page's script draws it. */
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

/** All that the page's script is given, as JSON. */
export interface PageData {
  readonly charts: readonly Chart[];
  readonly spans: readonly Span[];
  readonly marks: readonly Mark[];
}
