import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { printed, root } from "./printed";

describe("docs/observing.md", () => {
  it("has the metrics that the master has", () => {
    const page = readFileSync(join(root, "docs", "observing.md"), "utf8");
    const table = printed("print-metrics.ts");
    expect(table.split("\n").length).to.be.greaterThan(10);
    expect(page).to.include(`<!-- npx tsx docs/print-metrics.ts -->\n\n${table}\n<!-- end -->`);
  });
}).timeout(20_000);
