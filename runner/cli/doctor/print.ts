import pc from "picocolors";
import type { CheckResult, CheckState } from "./check";

const marks: Readonly<Record<CheckState, string>> = { ok: "✔", warning: "!", problem: "✖", skipped: "–" };

/**
 * The checks for people: on a terminal with marks, and what to do on a line of its own; elsewhere each is one line that
 * begins with its state.
 *
 * @param width columns of the terminal; undefined where there is none
 */
export function doctorText(results: readonly CheckResult[], width?: number): string {
  const lines = width === undefined ? results.map(plain) : results.flatMap((one) => onTerminal(one, width, results));
  return `${[...lines, "", summary(results)].join("\n")}\n`;
}

function plain({ state, name, text, todo }: CheckResult): string {
  return `${state.padEnd(7)}  ${name}: ${text}${todo === undefined ? "" : `. ${todo}`}`;
}

function onTerminal({ state, name, text, todo }: CheckResult, width: number, all: readonly CheckResult[]): string[] {
  const colors = pc.createColors(true);
  const colour = { ok: colors.green, warning: colors.yellow, problem: colors.red, skipped: colors.dim }[state];
  const column = Math.max(...all.map((one) => one.name.length));
  const indent = " ".repeat(column + 4);
  const [first = "", ...rest] = wrapped(text, width - indent.length);
  const toDo = todo === undefined ? [] : wrapped(`→ ${todo}`, width - indent.length);
  const dim = state === "skipped" ? colors.dim : (line: string) => line;
  return [
    `${colour(marks[state])} ${name.padEnd(column)}  ${dim(first)}`,
    ...rest.map((line) => indent + dim(line)),
    ...toDo.map((line) => indent + line),
  ];
}

/** Words that are longer than a line stand as they are. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

function summary(results: readonly CheckResult[]): string {
  const count = (state: CheckState) => results.filter((one) => one.state === state).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  const some = (number: number, noun: string) => `${number} ${noun}${number === 1 ? "" : "s"}`;
  const also = warnings === 0 ? "" : `; ${some(warnings, "warning")}`;
  return problems === 0 ? `Nothing stands in the way${also}.` : `${some(problems, "problem")} to solve first${also}.`;
}
