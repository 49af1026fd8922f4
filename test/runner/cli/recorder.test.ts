import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Recorder } from "../../../runner/cli/recorder";
import type { TestSetup } from "../../../runner/cli/setup";
import type { RunOutcome } from "../../../runner/engine/plan";
import { createResultsFolder, type ResultsFolder } from "../../../runner/results/folder";
import { readRun } from "../../../runner/results/read";
import type { Sample } from "../../../runner/types";
import { status } from "../engine/scripted";
import { comparisonOf, goodLoad, rows, sampleAt, temporaryFolder } from "../results/make";

const setup: TestSetup = {
  ...{ place: "local", stack: "dev", script: "script1.py", settings: {} },
  plan: { users: 100, spawnRate: 10, workers: 2, runTime: 60, thresholds: [] },
};

describe("a recorder", () => {
  let base: string;
  let folder: ResultsFolder;
  let recorder: Recorder;

  beforeEach(async () => {
    base = temporaryFolder();
    folder = await createResultsFolder({ base, script: "script1.py", now: new Date() });
    recorder = new Recorder(folder, setup);
    for (let t = 0; t < 3; t += 1) await recorder.sample(sampleAt(t));
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  const outcome = (more: Partial<RunOutcome> = {}): RunOutcome => ({
    ...{ endedBy: "run-time", startedAt: new Date(), endedAt: new Date(), duration: 60, ramp: 10 },
    ...{ rows, failures: [], thresholds: [], integrity: goodLoad(), complete: true },
    ...more,
  });

  it("says which run of which master it is, unless the master did not start it", async () => {
    const seen = status({ run: 2 });
    const master = { id: seen.master.id, run: 3 };
    await recorder.started(seen, new Date(), 3);
    expect(readRun(folder.path)).to.deep.include({ status: "running", master });
    expect(await recorder.finish(outcome())).to.deep.include({ master });
    for (const starts of [true, false]) {
      const own = await createResultsFolder({ base, script: "script1.py", now: new Date() });
      const other = new Recorder(own, setup);
      if (starts) await other.started(seen, new Date(), 3);
      const record = await other.finish(outcome({ endedBy: "not-started", error: "no workers" }));
      expect(record.master, `accepted: ${starts}`).to.equal(null);
      expect(readRun(own.path)).to.deep.equal(record);
    }
  });

  it("keeps the script's arguments, but not those that it calls secret, nor any before it could say so", async () => {
    const settings = { scriptArguments: { tenant: "acme", password: "hunter2" } };
    const started = new Recorder(folder, { ...setup, settings });
    await started.started(status({ secretArguments: ["password"] }), new Date(), 1);
    const kept = { tenant: "acme", password: "[secret]" };
    expect(readRun(folder.path).settings.scriptArguments).to.deep.equal(kept);
    expect((await started.finish(outcome())).settings.scriptArguments).to.deep.equal(kept);
    const failed = new Recorder(await createResultsFolder({ base, script: "b.py", now: new Date() }), {
      ...setup,
      settings,
    });
    const record = await failed.finish(outcome({ endedBy: "not-started", error: "no workers" }));
    expect(JSON.stringify(record)).to.not.include("hunter2");
  });

  it("that is asked to compare hands over the record and the whole series, and keeps the comparison", async () => {
    let seen: readonly Sample[] = [];
    const record = await recorder.finish(outcome(), (soFar, samples) => {
      expect(soFar).to.include({ verdict: "passed" });
      expect(soFar.totals.requests).to.equal(4000);
      seen = samples;
      return comparisonOf("noise");
    });
    expect(seen).to.deep.equal([sampleAt(0), sampleAt(1), sampleAt(2)]);
    expect(record).to.deep.include({ verdict: "passed", exitCode: 0, comparison: comparisonOf("noise") });
    expect(readRun(folder.path)).to.deep.equal(record);
  });

  it("fails the run for a regression", async () => {
    const record = await recorder.finish(outcome(), () => comparisonOf("worse"));
    expect(record).to.include({ verdict: "failed", exitCode: 1 });
    expect(record.reasons).to.deep.equal(["Regression: p95 rose by 25 %, from 8 ms to 10 ms; 5 % is allowed."]);
    expect(readFileSync(join(folder.path, "junit.xml"), "utf8")).to.match(/name="no regression from 20261123T111205Z/);
  });

  it("makes it invalid where it is unclear, and where it cannot be compared", async () => {
    const record = await recorder.finish(outcome(), () => {
      throw new Error("no samples.");
    });
    expect(record).to.include({ verdict: "invalid", exitCode: 3 });
    expect(record.reasons).to.deep.equal(["Unclear: the run could not be compared: no samples."]);
    expect(readRun(folder.path)).to.deep.equal(record);
  });

  it("does not compare a run that did not come to its end", async () => {
    for (const endedBy of ["interrupt", "master-lost", "not-started"] as const) {
      const own = await createResultsFolder({ base, script: "script1.py", now: new Date() });
      const compare = () => expect.fail("it was compared");
      const record = await new Recorder(own, setup).finish(outcome({ endedBy }), compare);
      expect(record.verdict).to.equal(endedBy === "interrupt" ? "aborted" : "error");
      expect(record).to.not.have.property("comparison");
    }
  });
});
