import type { ChangeKind, Comparison, MetricChange } from "../../verdict/compare/comparison";
import { shareText, valueText } from "../../verdict/format";
import { bareTable, type Colors } from "./text";

/** The changes between two runs, a line for each metric below a head: before, after, change and its noise, its kind. */
export function comparisonTable({ metrics, maxRegression }: Comparison, colors: Colors): string[] {
  const rows = metrics.map((change) => {
    const [mark, colour] = signs[change.kind];
    const paint = colors[colour];
    return [
      `${paint(mark)} ${change.metric}`,
      shown(change.metric, change.before),
      shown(change.metric, change.after),
      changeCell(change),
      paint(kindText(change, maxRegression)),
    ];
  });
  const [head = "", ...body] = bareTable(["  metric", "before", "after", "change", ""], rows, { left: [0, 4] });
  return [colors.bold(head), ...body];
}

const signs: Readonly<Record<ChangeKind, readonly [mark: string, colour: "green" | "red" | "yellow"]>> = {
  same: ["✓", "green"],
  noise: ["✓", "green"],
  small: ["✓", "green"],
  better: ["✓", "green"],
  worse: ["✗", "red"],
  unclear: ["!", "yellow"],
  asked: ["!", "yellow"],
};

function shown(metric: string, value: number | null): string {
  return value === null ? "-" : valueText(metric, value).replace(" requests/s", "");
}

/** `+8.25 % ± 3.1 %`; a dash for what cannot be told. */
function changeCell({ change, noise }: MetricChange): string {
  if (change === null) return "-";
  const sign = change > 0 ? "+" : change < 0 ? "-" : "";
  return `${sign}${shareText(change)}${noise === null ? "" : ` ± ${shareText(noise)}`}`;
}

function kindText({ kind, before, after, noise }: MetricChange, maxRegression: number): string {
  const allowed = shareText(maxRegression);
  switch (kind) {
    case "small":
      return `worse, within ${allowed}`;
    case "worse":
      return `worse, beyond ${allowed}`;
    case "unclear":
      return before === null || after === null ? "unclear" : `unclear, beyond ${allowed}`;
    case "noise":
      return noise === null ? "may be noise" : kind;
    case "asked":
      return "different rates were asked for";
    default:
      return kind;
  }
}
