/**
 * Makes `docs/cost.md`, and the tables of costs in `docs/aws.md` and `docs/observing.md`: `npx tsx docs/cost/make.ts`. With
 * `--check` it writes nothing, and fails where they are not what it would write.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fill } from "../../bench/cluster/page/page";
import { readResults } from "../../bench/cluster/results";
import { reportOf, subjectOf } from "../../runner/cli/commands/cost";
import { costText } from "../../runner/cli/terminal/cost";
import { usEast2 } from "../../settings/cost/us-east-2";
import { readStack } from "../../settings/project/stack-files";
import { guidanceParts } from "./guidance-tables";
import { hourlyTables } from "./hourly-tables";
import { observabilityTable } from "./observability-table";

const docs = join(__dirname, "..");
const directory = join(docs, "..");
const [start, end] = ["<!-- npx tsx docs/cost/make.ts -->\n\n", "\n\n<!-- end -->"];

/** Each page by its file, as it should be. */
function pages(): ReadonlyMap<string, string> {
  const results = readResults(join(docs, "benchmarks", "results.json"));
  if (results === undefined) throw new Error("docs/benchmarks/results.json is missing: npm run bench:cluster");
  const settings = (stack: string) => readStack({ directory, stack }).settings;
  const [aws, observing] = [join(docs, "aws.md"), join(docs, "observing.md")];
  const template = readFileSync(join(__dirname, "template.md"), "utf8");
  const [dev, singleAz] = [settings("dev"), settings("single-az")];
  const tables = hourlyTables(usEast2, dev, singleAz);
  const observability = observabilityTable(usEast2, [
    ["`dev`, 3 NAT gateways", dev],
    ["`single-az`", singleAz],
  ]);
  return new Map([
    [join(docs, "cost.md"), fill(template, { ...guidanceParts(usEast2, results), example: example() })],
    [aws, withBlock(readFileSync(aws, "utf8"), tables)],
    [observing, withBlock(readFileSync(observing, "utf8"), observability)],
  ]);
}

/** What the command prints, in 80 columns. */
function example(): string {
  const options = {
    ...{ stack: "dev", users: "10000", workers: "8" },
    ...{ hours: 0.5, runsPerDay: 4, kbPerUserMinute: 40, sentShare: 0.2 },
  };
  return costText(reportOf(subjectOf(options), usEast2), { room: 80, colour: false }).trimEnd();
}

function withBlock(page: string, block: string): string {
  const [before, rest] = page.split(start);
  // Other commands' blocks end in the same way.
  const after = rest?.split(end).slice(1).join(end);
  if (before === undefined || after === undefined) throw new Error(`the page has no ${start.trim()} … ${end.trim()}`);
  return `${before}${start}${block}${end}${after}`;
}

const check = process.argv.includes("--check");
for (const [file, text] of pages()) {
  if (!check) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) {
    console.error(`${file} is not what npx tsx docs/cost/make.ts writes`);
    process.exitCode = 1;
  }
}
