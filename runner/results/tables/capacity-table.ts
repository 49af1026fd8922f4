import type { CapacityStep } from "../../verdict/capacity/report";
import { outcomeText } from "../../verdict/capacity/words";
import { percent, shareText, short } from "../../verdict/format";
import type { FinishedRecord } from "../run-record";
import { bareTable, type Colors, columns, cutMiddle, gap, width } from "./text";

const signs: Readonly<Record<CapacityStep["outcome"], readonly [mark: string, colour: "green" | "red" | "yellow"]>> = {
  held: ["✓", "green"],
  broke: ["✗", "red"],
  void: ["!", "yellow"],
  beyond: ["!", "yellow"],
};

/** The steps of a search, a line each below a head, in the order in which they were made; within 80 columns. */
export function capacityTable({ asked, steps }: NonNullable<FinishedRecord["capacity"]>, colors: Colors): string[] {
  const head = [asked.by, "req/s", "avg", "p95", "p99", "fails", "CPU", ""];
  const rows = steps.map((step) => [
    `${signs[step.outcome][0]} ${short(step.level)}`,
    step.rps.toFixed(1),
    ...[step.avg, step.p95, step.p99].map((time) => (time === null ? "-" : String(short(time)))),
    shareText(step.failRatio),
    step.workerCpu === null ? "-" : percent(step.workerCpu),
    outcomeText(step),
  ]);
  const widest = (index: number) => Math.max(...[head, ...rows].map((row) => columns(row[index] ?? "")));
  const room = width - head.slice(0, -1).reduce((sum, _, index) => sum + widest(index) + gap, 0) - 1;
  const cells = rows.map((row, index) => {
    const paint = colors[signs[steps[index]?.outcome ?? "void"][1]];
    const [level = "", ...others] = row;
    return [level, ...others.slice(0, -1), paint(cutMiddle(row.at(-1) ?? "", room))];
  });
  const [first = "", ...lines] = bareTable(head, cells, { left: [0, head.length - 1] });
  return [colors.bold(first), ...lines];
}
