/** Prints the table of metrics in `docs/observing.md`: `npx tsx docs/print-metrics.ts`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

interface Metric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly lines?: readonly { readonly key: string }[];
}

const list: readonly Metric[] = JSON.parse(
  readFileSync(join(__dirname, "..", "locust", "plugin", "loadtest", "metrics.json"), "utf8"),
);

const code = (texts: readonly string[]) => texts.map((text) => `\`${text}\``).join(", ");

console.log("| metric | type | labels | in a line | what it is |\n| --- | --- | --- | --- | --- |");
for (const { name, type, labels = [], lines = [], help } of list) {
  console.log(`| \`${name}\` | ${type} | ${code(labels)} | ${code(lines.map(({ key }) => key))} | ${help} |`);
}
