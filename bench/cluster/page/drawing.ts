/** Charts as SVG, for light and dark pages: bars with the least and the most of all rounds, and lines. */
import * as echarts from "echarts";
import { digits, type Spread } from "../statistics";

export interface Chart {
  readonly title: string;
  readonly height: number;
  readonly option: (ink: string) => echarts.EChartsOption;
}

/** Charts by name. */
export type Charts = Readonly<Record<string, Chart>>;

const palette = ["#3b82c4", "#e08a1e", "#4ba36b", "#b565a7"];
const inks = { light: "#333333", dark: "#d0d4da" };

/** Files by name, `rps-dark.svg`. */
export function filesOf(charts: Charts): Readonly<Record<string, string>> {
  const made: Record<string, string> = {};
  for (const [name, chart] of Object.entries(charts)) {
    for (const [mode, ink] of Object.entries(inks)) made[`${name}-${mode}.svg`] = render(chart, ink);
  }
  return made;
}

/** What a template shows charts with, whose files are in a folder beside the page. */
export function picturesOf(charts: Charts, folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(charts).map(([name, { title }]) => [
      `chart:${name}`,
      [
        "<picture>",
        `<source media="(prefers-color-scheme: dark)" srcset="${folder}/${name}-dark.svg">`,
        `<img alt="${title}" src="${folder}/${name}-light.svg">`,
        "</picture>",
      ].join("\n"),
    ]),
  );
}

export function bars(title: string, names: readonly string[], spreads: readonly (Spread | undefined)[]): Chart {
  return {
    title,
    height: 90 + names.length * 26,
    option: (ink) => ({
      ...frame(title, ink),
      grid: { left: 30, right: 60, top: 40, bottom: 10, containLabel: true },
      xAxis: { type: "value", axisLabel: { color: ink }, splitLine: { lineStyle: { color: "#88888844" } } },
      yAxis: { type: "category", inverse: true, data: [...names], axisLabel: { color: ink } },
      series: [
        {
          type: "bar",
          data: spreads.map((spread) => spread?.median ?? 0),
          itemStyle: { color: palette[0] as string },
          barWidth: "60%",
        },
        {
          type: "custom",
          // From the least to the most of all rounds; both count for the axis.
          encode: { x: [0, 1], y: 2 },
          renderItem: (_, api) => {
            const [from, to] = [api.coord([api.value(0), api.value(2)]), api.coord([api.value(1), api.value(2)])];
            const [x1 = 0, y = 0, x2 = 0] = [from[0], from[1], to[0]];
            const line = (x: number, height: number) => ({ x1: x, x2: x, y1: y - height, y2: y + height });
            const style = { stroke: ink, lineWidth: 1.2 };
            return {
              type: "group",
              children: [
                { type: "line", shape: { x1, x2, y1: y, y2: y }, style },
                { type: "line", shape: line(x1, 4), style },
                { type: "line", shape: line(x2, 4), style },
                {
                  type: "text",
                  style: { text: digits(Number(api.value(3))), x: x2 + 6, y, fill: ink, verticalAlign: "middle" },
                },
              ],
            };
          },
          data: spreads.flatMap((spread, index) =>
            spread === undefined ? [] : [[spread.least, spread.most, index, spread.median]],
          ),
          z: 10,
        },
      ],
    }),
  };
}

export function lines(title: string, series: readonly { readonly name: string; readonly points: number[][] }[]): Chart {
  return {
    title,
    height: 300,
    option: (ink) => ({
      ...frame(title, ink),
      legend: { bottom: 0, textStyle: { color: ink } },
      grid: { left: 10, right: 40, top: 40, bottom: 36, containLabel: true },
      xAxis: { type: "value", axisLabel: { color: ink }, splitLine: { show: false } },
      yAxis: { type: "value", axisLabel: { color: ink }, splitLine: { lineStyle: { color: "#88888844" } } },
      series: series.map(({ name, points }) => ({ type: "line", name, data: points, symbolSize: 7 })),
    }),
  };
}

function frame(title: string, ink: string): echarts.EChartsOption {
  return { animation: false, color: palette, title: { text: title, textStyle: { color: ink, fontSize: 14 } } };
}

function render({ height, option }: Chart, ink: string): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: 760, height });
  chart.setOption(option(ink));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
}
