import { expect } from "chai";
import { stepLine } from "../../../runner/cli/capacity/capacity";
import { historyTable } from "../../../runner/cli/terminal/history-table";
import { compareCapacitiesReport } from "../../../runner/results/report/compare-capacities";
import { runReport } from "../../../runner/results/report/report";
import { runRecordSchema } from "../../../runner/results/run-record";
import { resultTable } from "../../../runner/results/tables/table";
import { compareCapacities } from "../../../runner/verdict/capacity/compare";
import { capacityDecision } from "../../../runner/verdict/capacity/words";
import { reportOf, stepAt, steps } from "../verdict/capacity/steps";
import { finishedRecord, rows, sampleAt } from "./make";

const capacity = reportOf({
  steps: [
    ...steps,
    stepAt(160, {
      outcome: "void",
      why: "a reason that is far longer than there is room for in a table of this width",
      workerCpu: null,
      p95: null,
    }),
  ],
});
const record = finishedRecord(["p95<100"], { capacity, ...capacityDecision(capacity), endedBy: "capacity" });
const run = { name: "20261124T111205Z-shop", record, samples: [sampleAt(1), sampleAt(2)], requests: rows };

describe("the results of a search for the capacity", () => {
  it("have a record that the schema allows", () => {
    const read = runRecordSchema.parse(JSON.parse(JSON.stringify(record)));
    expect(read.capacity).to.deep.equal(capacity);
  });

  it("show each step and the answer in the terminal, and not the requests of all steps together", () => {
    const text = resultTable(record, rows, { colour: false });
    expect(text.split("\n").slice(0, 9)).to.deep.equal([
      "users   req/s  avg  p95  p99  fails   CPU",
      "✓ 10    100.0   50   60   70    0 %  20 %  held",
      "✓ 20    200.0   50   60   70    0 %  20 %  held",
      "✓ 40    398.0  100   60   70    0 %  20 %  held",
      "✗ 80    404.0  200  220   70    0 %  20 %  broke: p95<100 was 220 ms",
      "✗ 42    402.0  105  180   70    0 %  20 %  broke: p95<100 was 180 ms",
      "✓ 40    400.0  100   60   70    0 %  20 %  held",
      "✓ 40    402.0  100   60   70    0 %  20 %  held",
      "! 160  1600.0   50    -   70    0 %     -  no proof: a reason…ble of this width",
    ]);
    for (const line of text.split("\n")) expect(line.length, line).to.be.at.most(80);
    expect(text)
      .to.match(/The capacity is 400 requests\/s at 40 users/)
      .and.not.match(/Aggregated|Request \(times/);
  });

  it("are a line each while they go on", () => {
    expect(steps.slice(2, 4).map((step) => stepLine(step, "users"))).to.deep.equal([
      "40 users: 398 requests/s, p95 60 ms, worker CPU 20 %: held",
      "80 users: 404 requests/s, p95 220 ms, worker CPU 20 %: broke: p95<100 was 220 ms",
    ]);
  });

  it("are the capacity in the history", () => {
    const summary = { name: run.name, path: run.name, startedAt: record.startedAt, state: "finished", record } as const;
    expect(historyTable([summary], { colour: false }).split("\n")[1]).to.match(/ 40 +max 400\.0 +60 ms +0 %/);
    const open = { ...record, capacity: reportOf({ limit: "workers" }) };
    expect(historyTable([{ ...summary, record: open }], { colour: false })).to.match(/≥ 400\.0/);
  });

  it("are drawn over the load, with the capacity and the knee marked", () => {
    const page = runReport(run);
    const [, json = ""] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page) ?? [];
    const { charts } = JSON.parse(json);
    const [rate] = charts;
    expect(charts.map(({ id }: { id: string }) => id).slice(0, 5)).to.deep.equal([
      ...["capacity-rate", "capacity-times", "capacity-failures", "capacity-cpu", "users"],
    ]);
    expect(rate.curves[0].times).to.deep.equal([10, 20, 40, 42, 80]);
    expect(rate.curves[0].lines[0].values).to.deep.equal([100, 200, 400, 402, 404]);
    expect(rate.across.marks).to.deep.equal([
      { t: 20, label: "knee" },
      { t: 40, label: "capacity" },
    ]);
    expect(page)
      .to.match(/Requests\/s, at most<\/dt><dd>400/)
      .and.match(/no proof: a reason/);
  });

  it("are laid over those of another search", () => {
    const one = { name: "a", record, capacity, thresholds: ["p95<100"] };
    const page = compareCapacitiesReport(run, run, compareCapacities(one, one, { maxRegression: 0.05 }));
    expect(page)
      .to.match(/THE SAME/)
      .and.match(/"across":\{"label":"users"/);
  });
});
