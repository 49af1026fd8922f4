import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "chai";
import { finishedFolder, folderOf, saveLatestRun, setupOf } from "../../../../runner/cli/deployed-test/save";
import type { RunInfo } from "../../../../runner/places/kubernetes/lock/run-info";
import { readRun } from "../../../../runner/results/read";
import type { FinishedRecord, RunningRecord } from "../../../../runner/results/run-record";
import { readSeries } from "../../../../runner/results/series";
import { status } from "../../engine/scripted";
import { caught } from "../../places/kubernetes/api/fake-api";
import { names } from "../../places/kubernetes/fake-namespace";
import { runInfo } from "../../places/kubernetes/lock/infos";
import { deadWriter, makeRun } from "../../results/folders";
import { finishedRecord, runningRecord, sampleAt } from "../../results/make";
import { TestContext } from "./context";
import { clusterTest, deployed, output } from "./tests";

const startedAt = "2026-11-24T11:12:05.400Z";
const own = "20261124T111205Z-script1";
const master = { id: status().master.id, run: 1 };
const seen = status({ run: 1, startedAt, script: "script1.py", targetUsers: 30, spawnRate: 3, host: "http://shop" });

describe("the results of a run in a cluster", () => {
  let there: TestContext;
  beforeEach(async () => {
    there = await TestContext.open();
  });
  afterEach(() => there.close());

  const killed = (more: Partial<RunningRecord> = {}): RunningRecord => ({
    ...{ ...runningRecord(), place: "kubernetes", master, writer: deadWriter(), ...more },
  });
  const over = (more: Partial<FinishedRecord> = {}) => finishedRecord([], { place: "kubernetes", master, ...more });
  const folder = async (left?: RunInfo) => {
    const found = await folderOf({ results: there.results, seen, info: left }, "script1.py");
    await found.folder.close();
    return { ...found, name: basename(found.folder.path) };
  };
  const damaged = (name: string, text = "{") => {
    mkdirSync(join(there.results, name));
    writeFileSync(join(there.results, name, "run.json"), text);
  };

  describe("are in a folder", () => {
    it("of their own, named by the start of the run, where no command has begun one", async () => {
      expect(await folder()).to.deep.include({ name: own, earlier: { samples: [] }, warnings: [] });
      expect(finishedFolder(there.results, seen, undefined)).to.equal(undefined);
      expect(finishedFolder(join(there.results, "none"), seen, undefined)).to.equal(undefined);
    });

    it("that a killed command has begun, with what it has measured", async () => {
      makeRun(there.results, own, killed({ warnings: ["as it was"] }), [sampleAt(0), sampleAt(1)]);
      const found = await folder();
      expect(found).to.deep.include({ name: own, warnings: ["as it was"] });
      expect(found.earlier.samples.map(({ t }) => t)).to.deep.equal([0, 1]);
    });

    it("that its command has noted, wherever that is", async () => {
      const path = makeRun(join(there.results, "other", "place"), "elsewhere", killed());
      expect((await folder(runInfo({ results: path }))).name).to.equal("elsewhere");
      expect((await folder(runInfo({ results: join(there.results, "gone") }))).name).to.equal(own);
    });

    it("whose record says so, whatever its name: its command began minutes before the load", async () => {
      const path = makeRun(there.results, "20261124T105901Z-script1", over());
      expect(finishedFolder(there.results, seen, undefined)).to.equal(path);
      makeRun(there.results, "20261124T105901Z-script1", killed(), [sampleAt(0)]);
      const { name, earlier } = await folder();
      expect({ name, samples: earlier.samples }).to.deep.equal({ name: basename(path), samples: [sampleAt(0)] });
    });

    it("that has all of it: not in one that was cut short, where it was saved again", async () => {
      const path = makeRun(there.results, `${own}-1`, over());
      makeRun(there.results, `${own}-2`, over({ endedBy: "interrupt", complete: false }));
      expect(finishedFolder(there.results, seen, undefined)).to.equal(path);
    });

    it("that its command has left half full, where it is known what was asked", async () => {
      const { integrity } = over();
      const load = { ...over(), integrity: integrity && { ...integrity, warnings: ["of the load"] } };
      const warnings = ["a gap", "of the load"];
      for (const endedBy of ["interrupt", "master-silent", "results-unwritable", "command-killed"] as const) {
        makeRun(there.results, own, { ...load, endedBy, complete: false, warnings }, [sampleAt(0), sampleAt(1)]);
        const found = await folder(runInfo({ masterId: master.id, run: 1 }));
        expect(found, endedBy).to.deep.include({ name: own, warnings: ["a gap"] });
        expect(found.earlier.samples.map(({ t }) => t)).to.deep.equal([0, 1]);
      }
      expect((await folder()).name, "of nobody's plan").to.equal(`${own}-2`);
    });

    it("once, where its command has noted one among all runs", async () => {
      const path = makeRun(there.results, own, killed(), [sampleAt(0)]);
      writeFileSync(join(path, "series.ndjson"), "nonsense\n\n{}\n");
      expect((await folder(runInfo({ results: path }))).warnings).to.have.length(1);
    });

    it("and not in one of another master, of another run, of no known run, nor in one that a command writes", async () => {
      makeRun(there.results, own, over({ master: { ...master, id: "of-another-stack" } }));
      makeRun(there.results, `${own}-2`, over({ master: { ...master, run: 2 } }));
      makeRun(there.results, `${own}-3`, over({ master: null, endedBy: "not-started" }));
      const { master: _, ...older } = over();
      makeRun(there.results, `${own}-4`, older);
      makeRun(there.results, `${own}-5`, { ...runningRecord(), place: "kubernetes", master });
      mkdirSync(join(there.results, `${own}-6`));
      expect(finishedFolder(there.results, seen, undefined)).to.equal(undefined);
      expect(await folder()).to.deep.include({ name: `${own}-7`, earlier: { samples: [] }, warnings: [] });
    });

    it("that is not a damaged one: those are left alone, with a warning", async () => {
      damaged(own);
      damaged("20261124T105901Z-script1", "{}");
      for (const otherDay of ["20261122T111205Z-script1", "20261126T111205Z-script1"]) damaged(otherDay);
      const torn = makeRun(there.results, "20261124T111206Z-script1", killed());
      writeFileSync(join(torn, "series.ndjson"), `nonsense\n${JSON.stringify(sampleAt(1))}\n`);
      expect(finishedFolder(there.results, seen, undefined)).to.equal(undefined);
      const { name, warnings } = await folder();
      expect(name).to.equal(`${own}-2`);
      expect(warnings).to.have.length(3);
      for (const warning of warnings)
        expect(warning).to.match(/^a folder that may be of this run was left alone: [^\n]+$/);
      expect(existsSync(join(torn, ".reserve"))).to.equal(false);
    });
  });

  describe("are judged", () => {
    it("by what was asked then, where a command has noted it", () => {
      const load = { users: 20, workers: 5, target: "http://a", thresholds: ["rps>1"] };
      const left = runInfo({ ...load, settings: { users: 20 } });
      const { plan, ...rest } = setupOf(clusterTest({ output: output() }), seen, left);
      expect(plan).to.deep.include({ users: 20, spawnRate: 5, runTime: 60, workers: 5, host: "http://a" });
      expect(plan.thresholds.map(({ text }) => text)).to.deep.equal(["rps>1"]);
      expect(rest).to.deep.equal({
        ...{ place: "kubernetes", stack: "dev", script: "script1.py", settings: { users: 20 } },
      });
    });

    it("by what the master and the stack say, for a run of the web UI", () => {
      const test = clusterTest({ output: output(), deployed: deployed({ workerReplicas: 4 }) });
      const { plan } = setupOf(test, seen, undefined);
      expect(plan).to.deep.include({ users: 30, spawnRate: 3, runTime: undefined, workers: 4, host: "http://shop" });
      expect(plan.thresholds.map(({ text }) => text)).to.deep.equal(["p95<500"]);
    });
  });

  describe("are saved", () => {
    /** By the command that has started the master's run. */
    const noted = (more: Partial<RunInfo>) =>
      runInfo({ users: 10, spawnRate: 10, runTime: 12, masterId: master.id, run: 1, thresholds: [], ...more });
    const save = (more: Partial<Parameters<typeof saveLatestRun>[0]> = {}) =>
      saveLatestRun({ ...there.context, seen: there.locust.status, info: undefined, ...more });

    it("whole, from the start of the run on, and the master is told", async () => {
      there.endRun();
      const saved = await save();
      const path = saved?.folder.path ?? "";
      expect(readRun(path)).to.include({ status: "finished", place: "kubernetes", verdict: "passed" });
      expect(readSeries(join(path, "series.ndjson")).length).to.be.at.least(12);
      expect(there.locust.status.kept).to.equal(true);
      expect(finishedFolder(there.results, there.locust.status, undefined)).to.equal(path);
    });

    it("also where the master does not take note of it, or a folder beside is damaged", async () => {
      there.endRun();
      there.locust.keepRefusal = "another run has begun";
      const stamp = new Date(there.locust.status.startedAt ?? "").toISOString().replace(/\.\d+|[-:]/g, "");
      damaged(`${stamp}-script1`);
      const { warnings } = (await save())?.record ?? { warnings: [] };
      expect(warnings.join("\n")).to.match(/^a folder that may be of this run was left alone: /m);
    });

    it("after the run was stopped, where that is asked for", async () => {
      there.locust.run({ run: 1, startedAt: new Date().toISOString(), elapsed: 0 });
      there.locust.onStop = () => there.locust.ended({ elapsed: 1 });
      const saved = await save({ stop: true });
      expect(saved?.record.endedBy).to.equal("interrupt");
      expect(there.locust.calls).to.deep.equal(["POST /stop", "POST /loadtest/kept run=1"]);
    });

    it("by what was asked, in the folder that its command has left half full", async () => {
      there.endRun();
      const half = { endedBy: "master-silent", complete: false, verdict: "error" } as const;
      const earlier = there.locust.series.samples.slice(0, 2);
      const samples = earlier.map(({ state, ...sample }) => ({ ...sample, phase: "hold" as const }));
      const path = makeRun(there.results, own, over(half), samples);
      const saved = await save({ info: noted({ thresholds: ["p95<1"], settings: { users: 10 } }) });
      expect(saved).to.include({ owed: false });
      expect(saved?.folder.path).to.equal(path);
      expect(readdirSync(there.results)).to.deep.equal([own]);
      const record = readRun(path);
      expect(record).to.include({ verdict: "failed", endedBy: "run-time", complete: true });
      expect(record.settings).to.deep.equal({ users: 10, thresholds: ["p95<1"] });
    });

    it("with the baseline that was asked for, or with a word that it is not to be had here", async () => {
      there.endRun();
      const before = makeRun(there.results, "before", over({ master: null }), [sampleAt(0)]);
      const compared = await save({ info: noted({ baseline: { run: before, maxRegression: "5%" } }) });
      expect(compared?.record.comparison).to.include({ before: "before", maxRegression: 0.05 });
      const none = join(there.results, "none");
      const saved = await save({ info: noted({ baseline: { run: none, maxRegression: "5%" } }) });
      expect(saved?.record.verdict).to.equal("invalid");
      expect(saved?.record.reasons.join(" ")).to.match(/Unclear: the run could not be compared: there is no run/);
    });

    it("and stay aborted where their command has broken the run off, and left", async () => {
      there.endRun();
      const saved = await save({ info: noted({ aborted: true }) });
      expect(saved?.record).to.include({ verdict: "aborted", exitCode: 130, endedBy: "interrupt", complete: true });
      expect(there.locust.calls, "it is over").to.deep.equal(["POST /loadtest/kept run=1"]);
      there.locust.run({ run: 2, startedAt: new Date().toISOString(), elapsed: 0 });
      there.locust.onStop = () => there.locust.ended({ elapsed: 1 });
      const stopped = await save({ info: noted({ aborted: true, run: 2 }) });
      expect(stopped?.record).to.include({ verdict: "aborted", complete: true });
      expect(there.locust.calls, "its stop had not arrived").to.include("POST /stop");
    });

    it("and are owed where the last of them cannot be had", async () => {
      there.endRun();
      there.locust.requests = "torn";
      setTimeout(() => there.kill.abort(), 300);
      const saved = await save({ stop: true });
      expect(saved).to.include({ owed: true });
      expect(saved?.record).to.include({ complete: false, verdict: "aborted" });
    });

    it("later, where an interrupt comes first: the run goes on, and its folder is gone on with", async () => {
      there.locust.run({ run: 1, startedAt: new Date().toISOString(), elapsed: 0 });
      setTimeout(() => there.interrupt.abort(), 300);
      expect(await save()).to.equal(undefined);
      expect(there.locust.calls).to.deep.equal([]);
      const [name = ""] = readdirSync(there.results);
      expect(readRun(join(there.results, name)).status).to.equal("running");
    });

    it("not where what the master answers makes no sense: its folder is closed then", async () => {
      there.endRun();
      there.locust.series = { run: 1, interval: 1, samples: { filter: () => 7 } as never };
      expect((await caught(save())).message).to.match(/is not (iterable|a function)/);
      const [name = ""] = readdirSync(there.results);
      expect(readRun(join(there.results, name)).status).to.equal("running");
      expect(existsSync(join(there.results, name, ".reserve"))).to.equal(false);
    });

    it("not where the master has no pod: nothing is left behind then", async () => {
      there.endRun();
      there.namespace.pods.set(names.control, []);
      expect((await caught(save())).message).to.equal("Locust's master has no pod now");
      expect(readdirSync(there.results)).to.deep.equal([]);
    });
  });
});
