import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { type HistoryOptions, historyCommand } from "../../../runner/cli/commands/history";
import { historyTable } from "../../../runner/cli/terminal/history-table";
import { summaryOf } from "../../../runner/results/history";
import { columns } from "../../../runner/results/tables/text";
import { outputOf } from "../../support/output";
import { deadWriter, makeRun, nameAt, recordAt } from "../results/folders";
import { runningRecord, temporaryFolder } from "../results/make";

describe("loadtest history", () => {
  let results: string;
  before(() => {
    results = temporaryFolder();
    makeRun(results, nameAt(1), recordAt(1));
    const [shop, load] = [
      { script: "shop.py", place: "kubernetes" },
      { asked: { users: 1000, spawnRate: 10, workers: 2, shape: null } },
    ] as const;
    makeRun(
      results,
      nameAt(2, "shop"),
      recordAt(2, { ...shop, ...load, stack: null, percentiles: { p95: 1234 }, verdict: "failed" }),
    );
    const running = { ...runningRecord(), startedAt: recordAt(3).startedAt };
    const none = { requests: 0, failures: 0, failRatio: 0, rps: 0, failuresPerSecond: 0, avg: 0, min: 0, max: 0 };
    makeRun(results, nameAt(3), { ...running, writer: deadWriter() });
    makeRun(results, nameAt(4), { ...running, startedAt: recordAt(4).startedAt, totals: none, percentiles: {} });
    mkdirSync(join(results, nameAt(5)));
    writeFileSync(join(results, nameAt(5), "run.json"), "{");
  });
  after(() => rmSync(results, { recursive: true, force: true }));

  const history = async (options: Partial<HistoryOptions> = {}) => {
    const { result, stdout } = await outputOf(() => historyCommand({ results, ...options }));
    expect(result).to.equal(0);
    return stdout;
  };

  it("shows a line for each run, and how to call one", async () => {
    const lines = (await history()).split("\n");
    expect(lines.slice(0, 6)).to.deep.equal([
      "when (UTC)        script      verdict  users  req/s    p95   fails  place",
      "2026-11-24 11:05  -           damaged      -      -      -       -  -",
      "2026-11-24 11:04  script1.py  running    100      -      -       -  local/dev",
      "2026-11-24 11:03  script1.py  killed     100   66.0   8 ms  1.65 %  local/dev",
      "2026-11-24 11:02  shop.py     failed    1000   66.0  1.2 s  1.65 %  kubernetes",
      "2026-11-24 11:01  script1.py  passed     100   66.0   8 ms  1.65 %  local/dev",
    ]);
    expect(lines.slice(6).join(" ").replaceAll(/\s+/g, " ")).to.match(
      /^! 20261124T110505Z-script1: .*run\.json is damaged: it is not JSON .*Names of runs: 20261124T110405Z-script1 \(/,
    );
  });

  it("stops at the limit and says what is left out", async () => {
    const text = await history({ limit: 2 });
    expect(text)
      .to.match(/11:04 /)
      .and.to.not.match(/11:03 /);
    expect(text).to.match(/^and 3 older: --limit 5$/m);
  });

  it("shows the runs of one script, with or without .py", async () => {
    for (const script of ["shop", "shop.py"]) {
      const text = await history({ script });
      expect(text.split("\n").filter((line) => line.startsWith("2026"))).to.have.length(1);
      expect(text).to.match(/shop\.py +failed/);
    }
    expect(await history({ script: "other" })).to.equal(
      `There are no runs of other in ${results}, only of script1.py, shop.py.\n`,
    );
  });

  it("says what to do where there are none", async () => {
    const none = join(results, "none");
    expect(await history({ results: none })).to.equal(
      `There are no runs in ${none}. loadtest run --local --demo makes one.\n`,
    );
    expect(await history({ results: none, json: true })).to.equal("[]\n");
  });

  it("gives all of it as JSON", async () => {
    const runs = JSON.parse(await history({ json: true }));
    expect(runs.map((run: { verdict: string | null }) => run.verdict)).to.deep.equal([
      ...[null, null, null, "failed", "passed"],
    ]);
    expect(runs[0]).to.deep.include({ name: nameAt(5), state: "damaged", script: null });
    expect(runs[0].problem).to.match(/it is not JSON$/);
    expect(runs[3]).to.deep.include({
      users: 1000,
      script: "shop.py",
      place: "kubernetes",
      stack: null,
      problem: null,
    });
    expect(runs[3].path).to.equal(join(results, nameAt(2, "shop")));
  });

  it("fits 80 columns and keeps a run a line, whatever the names", () => {
    const unit = fc.constantFrom(..."aZ/ ?%é產한か\u001b\n\r\t\u0000\u2028\u200b\u009b|");
    const name = fc.oneof(fc.string({ unit, maxLength: 60 }), fc.stringMatching(/^[a-z/]{30,90}$/));
    const rps = fc.double({ min: 0, max: 999_999, noNaN: true });
    const summary = summaryOf(join(results, nameAt(1)));
    fc.assert(
      fc.property(name, fc.option(name), rps, (script, stack, value) => {
        if (summary.state !== "finished") throw new Error("it is finished");
        const { totals } = summary.record;
        const run = { ...summary, record: { ...summary.record, script, stack, totals: { ...totals, rps: value } } };
        const lines = historyTable([run, summary], { colour: false }).split("\n");
        expect(lines).to.have.length(3);
        expect(lines.filter((line) => columns(line) > 80)).to.deep.equal([]);
      }),
    );
  });
});
