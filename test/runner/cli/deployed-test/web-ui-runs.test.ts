import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { saveWebUiRun } from "../../../../runner/cli/commands/in-cluster/dashboard";
import { readRun } from "../../../../runner/results/read";
import type { FinishedRecord } from "../../../../runner/results/run-record";
import { parseThreshold } from "../../../../settings/values/threshold";
import { outputOf } from "../../../support/output";
import { names } from "../../places/kubernetes/fake-namespace";
import { TestContext } from "./context";

describe("a run of Locust's web UI in a cluster", () => {
  let there: TestContext;
  beforeEach(async () => {
    there = await TestContext.open();
    there.endRun();
  });
  afterEach(() => there.close());

  const save = (context = there.context, results = there.results) =>
    outputOf(() => saveWebUiRun(there.locust.status, context, { results, thresholds: [parseThreshold("p95<1")] }));
  const record = () => readRun(join(there.results, readdirSync(there.results)[0] ?? "")) as FinishedRecord;

  it("is judged by the thresholds of the command and the workers of now", async () => {
    const { context } = there;
    there.namespace.scaled(names.worker, 3);
    const { stdout } = await save(context);
    expect(stdout).to.match(/p95<1/);
    expect(record().thresholds.map(({ threshold }) => threshold)).to.deep.equal(["p95<1"]);
    expect(record().asked.workers).to.equal(3);
  });

  it("is left to the command that has started it", async () => {
    const { lock } = await there.acquire();
    const before = readdirSync(there.results);
    there.endRun(2);
    setTimeout(() => void lock.update({}), 100);
    expect((await save()).stdout).to.equal("");
    expect(readdirSync(there.results)).to.deep.equal(before);
    await lock.release();
    expect((await save()).stdout, "once it has gone").to.match(/p95<1/);
  });

  it("stays with the master, and the web UI up, where its results cannot be saved", async () => {
    const file = join(there.results, "file");
    writeFileSync(file, "");
    await save(there.context, join(file, "results"));
    expect(there.said().join("\n")).to.match(
      /the run's results are not saved, until loadtest report does: .*not a folder/,
    );
    rmSync(file);
    there.namespace.away = true;
    await save();
    expect(there.said().join("\n")).to.match(/until loadtest report does: .*cannot be reached/);
  });
});
