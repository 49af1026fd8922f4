import { stripVTControlCharacters } from "node:util";
import Table from "cli-table3";
import { columns } from "./text";

/** Blanks between two columns. */
export const gap = 2;

/**
 * A table without lines around its cells, as lines without blanks at their end, the head first. Each column is as wide
 * as its content; those of `left`, by index, are aligned left, all others right. Cells may be coloured.
 */
export function bareTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { left = [0] }: { readonly left?: readonly number[] } = {},
): string[] {
  const lines = [head, ...rows].map((cells) =>
    cells.map((cell, index) => (index > 0 && left.includes(index) ? " ".repeat(gap) + cell : cell)),
  );
  const widths = head.map((_, index) => {
    const before = index === 0 || left.includes(index) ? 0 : gap;
    return before + Math.max(...lines.map((cells) => columns(stripVTControlCharacters(cells[index] ?? ""))));
  });
  const table = new Table({
    colWidths: widths,
    colAligns: head.map((_, index) => (left.includes(index) ? "left" : "right")),
    chars: bareChars,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [], compact: true },
  });
  table.push(...lines);
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
}

const bareChars = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "" },
  ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" },
  ...{ left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "" },
};
