/** Writes `docs/benchmarks.md` and its charts from the results. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { few } from "../capacity";
import { handshakes } from "../load";
import type { Results } from "../results";
import { charts } from "./charts";
import { filesOf, picturesOf } from "./drawing";
import { facts } from "./facts";
import { tables } from "./tables";

const constants = {
  few: `${few}`,
  "handshakes:plugin": `${handshakes.plugin}`,
  "handshakes:bare": `${handshakes.bare}`,
};

/** @param docs folder of the page */
export function writePage(docs: string, results: Results): void {
  const folder = join(docs, "benchmarks");
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of Object.entries(filesOf(charts(results)))) writeFileSync(join(folder, name), svg);
  writeFileSync(join(docs, "benchmarks.md"), benchmarksPage(results));
}

export function benchmarksPage(results: Results): string {
  const template = readFileSync(join(__dirname, "template.md"), "utf8");
  const pictures = picturesOf(charts(results), "benchmarks");
  return fill(template, { ...constants, ...facts(results), ...tables(results), ...pictures });
}

/**
 * Puts values where a template has `{{name}}`.
 *
 * @throws Error where it names one that is not there
 */
export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{([^}]+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the page's template asks for ${name}, which nothing gives`);
    return value;
  });
}
