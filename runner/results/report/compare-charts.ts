import type { Sample } from "../../types";
import type { Chart } from "./chart";
import { curvesOf, failingNow, highestCpu, type LineOf } from "./curves";

type Overlay = Pick<Chart, "id" | "title" | "unit" | "axis"> & Partial<Chart> & Pick<LineOf, "value">;

const overlays: readonly Overlay[] = [
  { id: "users", title: "Users", unit: "users", axis: "users", value: (s) => s.users },
  { id: "rate", title: "Requests a second", unit: "/s", axis: "per second", value: (s) => s.rps },
  { id: "p50", title: "p50 of the response times", unit: "ms", axis: "ms", value: (s) => s.p50 },
  { id: "p95", title: "p95 of the response times", unit: "ms", axis: "ms", value: (s) => s.p95 },
  { id: "p99", title: "p99 of the response times", unit: "ms", axis: "ms", value: (s) => s.p99 },
  { id: "failures", title: "Failed requests", unit: "%", axis: "% of requests", value: failingNow },
  {
    ...{ id: "cpu", title: "CPU of the busiest worker", unit: "%", axis: "% of its limit", value: highestCpu },
    ...{ limits: [{ value: 100, label: "limit" }], atLeast: 105 },
  },
];

/** The charts of two runs, one laid over the other from their starts. */
export function compareCharts(before: readonly Sample[], after: readonly Sample[]): Chart[] {
  return overlays.map(({ value, ...about }) => ({
    limits: [],
    ...about,
    curves: [
      curvesOf(before, [{ label: "before", colour: "series-2", width: 1.5, dash: [5, 4], value }]),
      curvesOf(after, [{ label: "after", colour: "series-1", width: 2, value }]),
    ],
  }));
}
