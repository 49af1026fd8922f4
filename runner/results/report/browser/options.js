// The options of uPlot for a chart.

/** @type {typeof import("uplot")} */
const PlotClass = Reflect.get(globalThis, "uPlot");

const wide = 600;
const secondsSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];
const wholeSteps = [1, 2, 5]
  .flatMap((step) => Array.from({ length: 9 }, (_, power) => step * 10 ** power))
  .sort((a, b) => a - b);

/** The runs of a chart on one axis of time; undefined where only the other run has a point. @param {Chart} chart */
function dataOf({ curves }) {
  const tables = curves.map(({ times, lines }) => [times, ...lines.map(({ values }) => values)]);
  return /** @type {PlotData} */ (tables.length === 1 ? tables[0] : PlotClass.join(/** @type {any} */ (tables)));
}

/** Room above the highest value, and for the limits that are not far away. @param {Chart} chart @param {number | null} highest */
function topOf({ atLeast = 0, limits }, highest) {
  const most = Math.max(highest ?? 0, atLeast);
  const near = limits.map(({ value }) => value).filter((value) => value <= most * 2);
  return Math.max(most, ...near) * 1.08 || 1;
}

/** Values without a neighbour, which no line would show. @param {PlotData} data @param {number} index */
function lonePoints(data, index) {
  const known = Array.from(data[index] ?? [], (value, at) => ({ value, at })).filter(
    ({ value }) => value !== undefined,
  );
  return known
    .filter(
      ({ value }, at) =>
        value !== null && (known[at - 1]?.value ?? null) === null && (known[at + 1]?.value ?? null) === null,
    )
    .map(({ at }) => at);
}

const stepped = /** @type {import("uplot").Series.PathBuilder} */ (PlotClass.paths.stepped?.({ align: 1 }));

/** @param {Line} line @param {Chart} chart @param {number[]} alone @returns {import("uplot").Series} */
function seriesOf(line, { unit, across }, alone) {
  return {
    label: line.label,
    stroke: () => colour(line.colour),
    width: line.width,
    ...(line.dash === undefined ? {} : { dash: [...line.dash] }),
    ...(line.steps === true ? { paths: stepped } : {}),
    value: (_, value) => quantity(value, unit),
    points: {
      show: across !== undefined,
      ...(across === undefined ? { filter: () => (alone.length === 0 ? null : alone) } : {}),
      size: 5,
      fill: () => colour(line.colour),
    },
  };
}

/** @param {Chart} chart @param {number} width @param {ReportData} page @returns {import("uplot").Options} */
function optionsOf(chart, width, { spans, marks }) {
  const data = dataOf(chart);
  const lines = chart.curves.flatMap((curves) => curves.lines);
  /** @param {number} series */
  const variable = (series) => `var(--${lines[series - 1]?.colour ?? "text"})`;
  const axis = {
    stroke: () => colour("muted"),
    font: "12px system-ui, sans-serif",
    labelFont: "12px system-ui, sans-serif",
  };
  const rules = {
    grid: { stroke: () => colour("grid"), width: 1 },
    ticks: { stroke: () => colour("border"), width: 1, size: 4 },
  };
  const { across } = chart;
  /** @param {number} value */
  const place = (value) => (across === undefined ? clock(value) : quantity(value, across.unit));
  return {
    ...sizeFor(width),
    padding: [18, 24, 0, 0],
    scales: {
      x: { time: false, range: (_, from, to) => [across !== undefined || (from > 0 && from < 1) ? 0 : from, to] },
      y: { range: (_, __, highest) => [0, topOf(chart, highest)] },
    },
    axes: [
      {
        ...axis,
        ...rules,
        size: 30,
        ...(across === undefined ? { incrs: secondsSteps } : {}),
        space: 64,
        values: (_, splits) => splits.map(place),
        label: across?.label ?? "since the start (min:s)",
        labelSize: 18,
      },
      {
        ...axis,
        ...rules,
        size: 52,
        label: chart.axis,
        labelSize: 18,
        space: 32,
        ...(chart.unit === "users" ? { incrs: wholeSteps } : {}),
        values: (_, splits) => splits.map((value) => quantity(value, "users")),
      },
    ],
    series: [
      { label: across?.label ?? "time", value: (_, value) => (value === null ? "–" : place(value)) },
      ...lines.map((line, index) => seriesOf(line, chart, lonePoints(data, index + 1))),
    ],
    cursor: {
      y: false,
      move: (plot, left, top) => [left < 0 ? left : nearest(plot, left), top],
      sync: { key: across === undefined ? "run" : "load", scales: ["x", null], setSeries: false },
      points: { size: 7, width: 0, fill: (_, series) => variable(series) },
    },
    legend: {
      markers: {
        width: (_, series) => (series > 0 ? Math.max(2, lines[series - 1]?.width ?? 1) : 0),
        stroke: (_, series) => variable(series),
        dash: (_, series) =>
          (lines[series - 1]?.dash?.[0] ?? 0) > 2
            ? "dashed"
            : lines[series - 1]?.dash === undefined
              ? "solid"
              : "dotted",
        fill: () => "transparent",
      },
    },
    hooks: {
      drawClear: [(plot) => drawSpans(plot, across === undefined ? spans : [])],
      draw: [(plot) => drawLimits(plot, chart.limits), (plot) => drawMarks(plot, across?.marks ?? marks)],
    },
  };
}

/** The cursor stands where something was measured. @param {Plot} plot @param {number} left */
function nearest(plot, left) {
  return plot.valToPos(plot.data[0][plot.posToIdx(left)] ?? 0, "x");
}

/** @param {number} width */
function sizeFor(width) {
  return { width: Math.max(200, Math.floor(width)), height: width < wide ? 210 : 230 };
}
