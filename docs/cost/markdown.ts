/** A table in Markdown, as lines: the head first; the columns of `left`, by index, aligned left, all others right. */
export function markdownTable(
  [head = [], ...rows]: readonly (readonly string[])[],
  left: readonly number[] = [0],
): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, index) => (left.includes(index) ? "---" : "--:"))), ...rows.map(line)];
}

/** `$3,240.00`; what rounds to nothing is less than a cent. */
export function dollars(value: number): string {
  if (value > 0 && value < 0.005) return "<$0.01";
  return `$${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}
