import type { Sample } from "../../types";
import type { Chart } from "./chart";
import {
  cpuOf,
  curvesOf,
  failingNow,
  failingSoFar,
  highestCpu,
  type LineOf,
  meanCpu,
  namedWorkers,
  workersIn,
} from "./chart";

const dashed = [6, 4];
const dotted = [2, 3];

/** The charts of one run. Limits of response times are those of thresholds over all requests. */
export function reportCharts(samples: readonly Sample[], timeLimits: Chart["limits"]): Chart[] {
  return [
    chart(samples, { id: "users", title: "Users", unit: "users", axis: "users" }, [
      { label: "target", colour: "series-2", width: 1.5, dash: dashed, steps: true, value: (s) => s.targetUsers },
      { label: "running", colour: "series-1", width: 2, value: (s) => s.users },
    ]),
    chart(samples, { id: "rate", title: "Requests/s", unit: "/s", axis: "per second" }, [
      { label: "requests", colour: "series-1", width: 2, value: (s) => s.rps },
      { label: "failures", colour: "series-2", width: 2, dash: dashed, value: (s) => s.failuresPerSecond },
    ]),
    ...(isOpen(samples)
      ? [
          chart(samples, { id: "iterations", title: "Iterations started", unit: "/s", axis: "per second" }, [
            ...[{ label: "asked", colour: "series-2", width: 1.5, dash: dashed, steps: true, value: rateOf } as const],
            { label: "started", colour: "series-1", width: 2, value: (s) => s.arrivals?.startedPerSecond ?? null },
          ]),
        ]
      : []),
    ...(samples.some(({ underWay }) => underWay !== undefined)
      ? [
          chart(samples, { id: "waiting", title: "Requests under way", unit: "users", axis: "requests" }, [
            { label: "under way", colour: "series-1", width: 2, value: (s) => s.underWay ?? null },
          ]),
          chart(samples, { id: "oldest", title: "Longest wait for an answer", unit: "ms", axis: "ms" }, [
            {
              ...{ label: "longest wait", colour: "series-2", width: 2 },
              value: (s) => (s.oldestWait === undefined ? null : s.oldestWait * 1000),
            },
          ]),
        ]
      : []),
    chart(samples, { id: "times", title: "Response times", unit: "ms", axis: "ms", limits: timeLimits }, [
      { label: "p50", colour: "series-3", width: 1.5, dash: dotted, value: (s) => s.p50 },
      { label: "p95", colour: "series-1", width: 2, value: (s) => s.p95 },
      { label: "p99", colour: "series-2", width: 1.5, dash: dashed, value: (s) => s.p99 },
    ]),
    ...(isOpen(samples)
      ? [
          chart(samples, { id: "corrected", title: "Corrected response times", unit: "ms", axis: "ms from when due" }, [
            { label: "p50", colour: "series-3", width: 1.5, dash: dotted, value: correctedOf("p50") },
            { label: "p95", colour: "series-1", width: 2, value: correctedOf("p95") },
            { label: "p99", colour: "series-2", width: 1.5, dash: dashed, value: correctedOf("p99") },
          ]),
        ]
      : []),
    chart(samples, { id: "failures", title: "Failed requests", unit: "%", axis: "% of requests" }, [
      { label: "current", colour: "series-2", width: 2, value: failingNow },
      { label: "overall", colour: "series-4", width: 1.5, dash: dashed, value: failingSoFar },
    ]),
    chart(
      samples,
      {
        ...{ id: "cpu", title: "Worker CPU", unit: "%", axis: "% of its limit" },
        ...{ limits: [{ value: 100, label: "limit" }], atLeast: 105 },
      },
      cpuLines(samples),
    ),
  ];
}

function isOpen(samples: readonly Sample[]): boolean {
  return samples.some(({ arrivals }) => arrivals !== undefined);
}

function rateOf({ arrivals }: Sample): number | null {
  return arrivals?.rate ?? null;
}

function correctedOf(name: "p50" | "p95" | "p99"): LineOf["value"] {
  return ({ arrivals }) => arrivals?.corrected[name] ?? null;
}

function cpuLines(samples: readonly Sample[]): LineOf[] {
  const names = workersIn(samples);
  const each = names.length <= namedWorkers ? names : [];
  return [
    ...each.map((name, index) => ({
      label: name,
      colour: workerColours[index % workerColours.length] ?? "series-1",
      width: 1,
      ...(index < workerColours.length ? {} : { dash: dotted }),
      value: cpuOf(name),
    })),
    { label: "mean", colour: "muted", width: 1.5, dash: dashed, value: meanCpu },
    { label: "highest", colour: "text", width: 2, value: highestCpu },
  ];
}

const workerColours = ["series-1", "series-2", "series-3", "series-4", "series-5", "series-6"] as const;

function chart(
  samples: readonly Sample[],
  about: Pick<Chart, "id" | "title" | "unit" | "axis"> & Partial<Chart>,
  lines: readonly LineOf[],
): Chart {
  return { limits: [], ...about, curves: [curvesOf(samples, lines)] };
}

type Overlay = Pick<Chart, "id" | "title" | "unit" | "axis"> & Partial<Chart> & Pick<LineOf, "value">;

const overlays: readonly Overlay[] = [
  { id: "users", title: "Users", unit: "users", axis: "users", value: (s) => s.users },
  { id: "rate", title: "Requests/s", unit: "/s", axis: "per second", value: (s) => s.rps },
  { id: "p50", title: "Response time, p50", unit: "ms", axis: "ms", value: (s) => s.p50 },
  { id: "p95", title: "Response time, p95", unit: "ms", axis: "ms", value: (s) => s.p95 },
  { id: "p99", title: "Response time, p99", unit: "ms", axis: "ms", value: (s) => s.p99 },
  { id: "failures", title: "Failed requests", unit: "%", axis: "% of requests", value: failingNow },
  {
    ...{ id: "cpu", title: "Busiest worker's CPU", unit: "%", axis: "% of its limit", value: highestCpu },
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
