import { stripVTControlCharacters } from "node:util";
import Table from "cli-table3";
import type pc from "picocolors";

/** Colours, or none of them. */
export type Colors = ReturnType<typeof pc.createColors>;

/** Columns of the terminal that output has to fit in. */
export const width = 80;

/** Text as one line without control characters: names come from the script, and may hold anything. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ");
}

/** Columns that text takes in a terminal: Chinese, Japanese and Korean characters and emoji take two. */
export function columns(text: string): number {
  return Array.from(text).reduce((sum, char) => sum + (wide.test(char) ? 2 : 1), 0);
}

const wide =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

/** At most `length` columns, cut in the middle: what tells long paths apart is mostly at their end. */
export function cutMiddle(text: string, length: number): string {
  if (columns(text) <= length) return text;
  const chars = Array.from(text);
  const head = take(chars, Math.ceil((length - 1) / 2));
  const tail = take(chars.reverse(), length - 1 - columns(head.join(""))).reverse();
  return `${head.join("")}…${tail.join("")}`;
}

/** The first characters that fit. */
function take(chars: readonly string[], room: number): string[] {
  let used = 0;
  const over = chars.findIndex((char) => {
    used += columns(char);
    return used > room;
  });
  return over < 0 ? [...chars] : chars.slice(0, over);
}

/** Breaks a sentence between words into lines of `width`, the first behind `first`, the others below its text. */
export function wrap(text: string, first: string): string[] {
  const indent = " ".repeat(first.length);
  const room = width - first.length;
  const lines: string[] = [];
  let line = "";
  for (const word of oneLine(text)
    .split(" ")
    .flatMap((long) => pieces(long, room))) {
    if (line !== "" && columns(line) + 1 + columns(word) > room) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((content, index) => `${index === 0 ? first : indent}${content}`);
}

function pieces(word: string, room: number): string[] {
  const parts = [""];
  for (const char of word) {
    const part = parts.at(-1) ?? "";
    if (columns(part + char) > room) {
      parts.push(char);
    } else {
      parts[parts.length - 1] = part + char;
    }
  }
  return parts;
}

/** Sentences behind a mark that `paint` colours, each broken into lines of `width` below its own text. */
export function marked(texts: readonly string[], mark: string, paint: (text: string) => string): string[] {
  return texts.flatMap((text) =>
    wrap(text, `${mark} `).map((line, index) => (index === 0 ? paint(mark) + line.slice(1) : line)),
  );
}

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

/** Sections of lines as one text, with an empty line between them; those without lines are left out. */
export function joinSections(sections: readonly (readonly string[])[]): string {
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}
