import type { CapacityReport, CapacityStep, CurvePoint } from "../../verdict/capacity/report";
import { curveOf } from "../../verdict/capacity/report";
import { levelText, outcomeText } from "../../verdict/capacity/words";
import { round } from "../../verdict/format";
import type { RunRecord } from "../run-record";
import type { Chart, Line } from "./chart";
import { figures } from "./figures";
import { amount, foreign, share } from "./format";
import { type Html, html } from "./html";
import { known, tableFrame } from "./sections";

type Capacity = NonNullable<RunRecord["capacity"]>;

/** Throughput, response times, failures and CPU over the load; nothing where less than two levels were measured. */
export function capacityCharts(capacity: Capacity, timeLimits: Chart["limits"]): Chart[] {
  const points = curveOf(capacity.steps);
  if (points.length < 2) return [];
  const { by } = capacity.asked;
  const about = {
    limits: [],
    across: {
      label: by === "users" ? "users" : "arrivals a second",
      unit: by === "users" ? ("users" as const) : ("/s" as const),
      marks: marksOf(capacity),
    },
  };
  const line = (label: string, value: (point: CurvePoint) => number | null, style: Omit<Line, "label" | "values">) => ({
    ...{ label, ...style },
    values: points.map((point) => {
      const number = value(point);
      return number === null ? null : round(number, 2);
    }),
  });
  const chart = (of: Pick<Chart, "id" | "title" | "unit" | "axis"> & Partial<Chart>, lines: Line[]): Chart => ({
    ...{ ...about, ...of },
    curves: [{ times: points.map(({ level }) => level), lines }],
  });
  return [
    chart({ id: "capacity-rate", title: "Requests/s by load", unit: "/s", axis: "per second" }, [
      line("requests", ({ rps }) => rps, { colour: "series-1", width: 2 }),
    ]),
    chart({ id: "capacity-times", title: "Response times by load", unit: "ms", axis: "ms", limits: timeLimits }, [
      line("mean", ({ avg }) => avg, { colour: "series-3", width: 1.5, dash: [2, 3] }),
      line("p95", ({ p95 }) => p95, { colour: "series-1", width: 2 }),
      line("p99", ({ p99 }) => p99, { colour: "series-2", width: 1.5, dash: [6, 4] }),
    ]),
    chart({ id: "capacity-failures", title: "Failed requests by load", unit: "%", axis: "% of requests" }, [
      line("failed", ({ failRatio }) => failRatio * 100, { colour: "series-2", width: 2 }),
    ]),
    chart(
      {
        ...{ id: "capacity-cpu", title: "Busiest worker's CPU by load", unit: "%", axis: "% of its limit" },
        ...{ limits: [{ value: 100, label: "limit" }], atLeast: 105 },
      },
      [line("CPU", ({ workerCpu }) => (workerCpu === null ? null : workerCpu * 100), { colour: "series-4", width: 2 })],
    ),
  ];
}

function marksOf({ level, knee }: Pick<CapacityReport, "level" | "knee">) {
  if (level === null) return knee === null ? [] : [{ t: knee.level, label: "knee" }];
  if (knee === null || knee.level === level)
    return [{ t: level, label: knee === null ? "capacity" : "capacity, knee" }];
  return [
    { t: knee.level, label: "knee" },
    { t: level, label: "capacity" },
  ];
}

/** The curve of a search and its steps; nothing for another run. */
export function capacitySection({ capacity }: RunRecord, charts: readonly Chart[]): Html {
  if (capacity === undefined) return html``;
  return html`<section><h2>Throughput and response times by load</h2>${figures(charts)}</section>
<section><h2>Steps</h2>${stepsOf(capacity)}</section>`;
}

function stepsOf({ asked, steps }: Capacity): Html {
  const heads = ["Requests/s", "Failed", "Mean", "p95", "p99", "Worker CPU"];
  return tableFrame(
    "Steps",
    html`<table class="data"><thead><tr><th scope="col" class="name">Load <span class="muted">(times in ms)</span></th>${heads.map((head) => html`<th scope="col">${head}</th>`)}<th scope="col" class="words">Outcome</th></tr></thead>
<tbody>${steps.map((step) => stepRow(step, asked.by))}</tbody></table>`,
  );
}

const tones: Readonly<Record<CapacityStep["outcome"], string>> = {
  held: "good",
  broke: "bad",
  void: "caution",
  beyond: "caution",
};

function stepRow(step: CapacityStep, by: Capacity["asked"]["by"]): Html {
  const cells = [
    amount(step.rps),
    share(step.failRatio),
    ...[step.avg, step.p95, step.p99].map(known),
    share(step.workerCpu),
  ];
  return html`<tr><th scope="row" class="name">${levelText(step.level, by)}</th>${cells.map((cell) => html`<td>${cell}</td>`)}
<td class="words"><span class="${tones[step.outcome]}">${foreign(outcomeText(step))}</span></td></tr>\n`;
}
