import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ResultsError } from "../../../runner/results/files";
import { createResultsFolder } from "../../../runner/results/folder";
import { completeFolder, readRun } from "../../../runner/results/read";
import type { RunningRecord } from "../../../runner/results/run-record";
import { readSeries } from "../../../runner/results/series";
import { currentWriter, writerLives } from "../../../runner/results/unfinished";
import { skip } from "../../support/needs";
import { finishedRecord, runningRecord, sampleAt, temporaryFolder } from "./make";

const csv = [
  "Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time," +
    "Max Response Time,Average Content Size,Requests/s,Failures/s,50%,95%,99%",
  "GET,/,1000,3,4,4.75,1.5,80.25,120.0,16.5,0.05,4,9,11",
  ",Aggregated,1000,3,4,4.75,1.5,80.25,120.0,16.5,0.05,4,9,11",
  "",
].join("\r\n");

/** A process id that was just in use, and is not any more. */
async function deadPid(): Promise<number> {
  const child = spawn("true");
  await once(child, "exit");
  return child.pid ?? 0;
}

describe("a results folder, read", () => {
  let base: string;
  let dir: string;

  /** Leaves a folder as a killed command does: running, with a torn last line. */
  async function leave(record: Partial<RunningRecord> = {}, samples = 31): Promise<void> {
    const folder = await createResultsFolder({ base, script: "script1.py", now: new Date() });
    dir = folder.path;
    const writer = { pid: await deadPid(), host: hostname(), start: null };
    await folder.writeRun({ ...runningRecord(["p95<5", "GET /: p99<50", "POST /x: rps>1"]), writer, ...record });
    for (let t = 0; t < samples; t += 1) {
      await folder.append(sampleAt(t, t > 25 ? { workerCpu: { "worker-1": 0.3 }, workers: 1, failures: 6 } : {}));
    }
    await folder.writeFile("requests.csv", csv);
    await folder.close();
    appendFileSync(join(dir, "series.ndjson"), '{"t":31,"time":"2026-');
    writeFileSync(join(dir, ".reserve"), "left");
    writeFileSync(join(dir, ".run.json.1-1.tmp"), "left");
    writeFileSync(join(dir, "logs", "master.log"), "a line\n");
  }

  async function failure(work: Promise<unknown>): Promise<ResultsError> {
    const error = await work.then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).to.be.instanceOf(ResultsError);
    return error;
  }

  beforeEach(() => {
    base = temporaryFolder();
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it("is completed with corrected times and iterations, of a run with an arrival rate", async () => {
    const arrivals = { rate: "50", spacing: "even" } as const;
    await leave({ asked: { ...runningRecord([]).asked, arrivals }, thresholds: [] });
    writeFileSync(join(dir, "corrected.csv"), csv.replaceAll("4.75", "9.5"));
    const counts = { began: 1, rate: 50, due: 1500, started: 1490, dropped: 10, late: 3, startedPerSecond: 49 };
    const lag = { p50: 0.8, p99: 2.5, max: 7 };
    const last = { ...sampleAt(31), arrivals: { ...counts, lag, corrected: { p50: 4, p95: 9, p99: 11 } } };
    writeFileSync(join(dir, "series.ndjson"), `${JSON.stringify(last)}\n`);
    const record = await completeFolder(dir);
    expect(record.corrected).to.deep.include({ avg: 9.5, max: 80.25 });
    const { due, started, dropped, late } = counts;
    expect(record.integrity?.arrivals).to.deep.equal({ ...arrivals, due, started, dropped, late, lag });
    expect(record.asked.arrivals).to.deep.equal(arrivals);
  });

  it("is completed without a shortfall of iterations that only comes from news that is late", async () => {
    await leave({ asked: { ...runningRecord([]).asked, arrivals: { rate: "50", spacing: "even" } }, thresholds: [] });
    const of = { began: 1, rate: 50, dropped: 0, late: 0, startedPerSecond: 49, lag: { p50: 1, p99: 2, max: 3 } };
    const at = (t: number, due: number, started: number) => {
      const arrivals = { ...of, due, started, corrected: { p50: 4, p95: 9, p99: 11 } };
      return `${JSON.stringify({ ...sampleAt(t), arrivals })}\n`;
    };
    writeFileSync(join(dir, "series.ndjson"), at(5, 200, 150) + at(10, 450, 350) + at(12, 550, 350));
    const { integrity } = await completeFolder(dir);
    expect(integrity?.arrivals).to.include({ due: 350, started: 350 });
    expect(integrity?.problems.join("\n")).to.not.contain("arrivals:");
  });

  it("is completed after the command was killed", async () => {
    await leave({ master: { id: "4f0c", run: 2 } });
    const record = await completeFolder(dir);
    expect(record.master).to.deep.equal({ id: "4f0c", run: 2 });
    expect(record).to.include({ status: "finished", verdict: "error", exitCode: 4, endedBy: "command-killed" });
    expect(record).to.include({ durationSeconds: 30, rampSeconds: 9, endedAt: sampleAt(30).time });
    // Those of the last sample, which is newer than what Locust wrote.
    expect(record.totals).to.include({ requests: 1500, failures: 6, failRatio: 0.004, rps: 50, avg: 4.75 });
    expect(record.warnings.join("\n")).to.contain("requests.csv has 1000 of the 1500 requests: times and names of the");
    expect(record.percentiles).to.deep.equal({ p50: 4, p95: 9, p99: 11 });
    expect(record.thresholds.map(({ actual, passed }) => [actual, passed])).to.deep.equal([
      [9, false],
      [11, true],
      [null, false],
    ]);
    expect(record.integrity?.users).to.include({ max: 100, afterRampSeconds: 15 });
    expect(record.integrity?.workers.lost).to.deep.equal([{ name: "worker-2", t: 26 }]);
    expect(record.files).to.deep.equal(["junit.xml", "logs/master.log", "requests.csv", "run.json", "series.ndjson"]);
    expect(record).to.not.have.property("writer");
    expect(readRun(dir)).to.deep.equal(record);
    expect(readdirSync(dir).filter((name) => name.startsWith("."))).to.deep.equal([]);
    expect(readFileSync(join(dir, "junit.xml"), "utf8")).to.contain('type="error"');
  });

  it("is left alone once it is finished", async () => {
    await leave();
    const record = await completeFolder(dir);
    const before = readdirSync(dir).map((name) => name);
    writeFileSync(join(dir, "series.ndjson"), "");
    expect(await completeFolder(dir)).to.deep.equal(record);
    expect(readdirSync(dir)).to.deep.equal(before);
  });

  it("is completed with what there is: no numbers, no samples", async () => {
    await leave({}, 0);
    rmSync(join(dir, "requests.csv"));
    rmSync(join(dir, "series.ndjson"));
    const record = await completeFolder(dir);
    expect(record).to.include({ verdict: "error", durationSeconds: 60, rampSeconds: null, endedAt: record.startedAt });
    expect(record.totals.requests).to.equal(0);
    expect(record.integrity?.ok).to.equal(false);
    expect(record.warnings).to.deep.equal([
      "series.ndjson is missing",
      "requests.csv is missing: the command was killed before it was written",
    ]);
  });

  it("is completed without numbers where the snapshot is damaged", async () => {
    await leave();
    writeFileSync(join(dir, "requests.csv"), csv.slice(0, 250));
    const record = await completeFolder(dir);
    expect(record.totals).to.include({ requests: 1500, rps: 50, avg: 0 });
    expect(record.warnings[0]).to.match(/^requests.csv is not what Locust writes: /);
  });

  it("is not completed while its writer lives", async () => {
    await leave({ writer: currentWriter() });
    const error = await failure(completeFolder(dir));
    expect(error.code).to.equal("EINUSE");
    expect(error.message).to.equal(`${dir} is still being written: process ${process.pid} runs this load test`);
    expect(readRun(dir).status).to.equal("running");
  });

  it("tells a writer from another process with its id, from one elsewhere and from none", async function () {
    const me = currentWriter();
    expect(writerLives(me)).to.equal(true);
    expect(writerLives({ ...me, start: null })).to.equal(true);
    expect(writerLives({ ...me, host: "elsewhere" })).to.equal(false);
    expect(writerLives({ ...me, pid: await deadPid(), start: null })).to.equal(false);
    expect(writerLives({ ...me, pid: 0 })).to.equal(false);
    if (me.start === null) {
      skip(this, "there is no /proc here, so a process id that is used again cannot be told");
    }
    expect(writerLives({ ...me, start: "1" })).to.equal(false);
  });

  it("is told from anything else", async () => {
    const cases: [write: (path: string) => void, message: RegExp][] = [
      [() => undefined, /is not a results folder: it has no run.json$/],
      [(path) => writeFileSync(path, "{"), /run.json is damaged: it is not JSON$/],
      [(path) => writeFileSync(path, "null"), /run.json is not the record of a run: /],
      [(path) => writeFileSync(path, '{"schemaVersion":2}'), /has version 2, and only version 1 is known here$/],
      [
        (path) => writeFileSync(path, JSON.stringify({ ...finishedRecord(), place: "moon" })),
        /is not the record of a run: place: /,
      ],
    ];
    for (const [index, [write, message]] of cases.entries()) {
      const folder = join(base, String(index));
      mkdirSync(folder);
      write(join(folder, "run.json"));
      expect((await failure(completeFolder(folder))).message).to.match(message);
    }
    expect((await failure(completeFolder(join(base, "none")))).message).to.match(/is not a results folder/);
    writeFileSync(join(base, "file"), "");
    expect((await failure(completeFolder(join(base, "file")))).message).to.match(/is not a results folder/);
  });

  it("has a series whose torn last line is skipped, wherever it is torn, and no other", () => {
    const path = join(base, "series.ndjson");
    const lines = [sampleAt(0), sampleAt(1)].map((sample) => `${JSON.stringify(sample)}\n`);
    for (let cut = 0; cut < (lines[1]?.length ?? 0); cut += 7) {
      writeFileSync(path, `${lines[0]}${lines[1]?.slice(0, cut)}`);
      expect(readSeries(path)).to.deep.equal([sampleAt(0)]);
    }
    writeFileSync(path, lines.join("").trimEnd());
    expect(readSeries(path)).to.have.length(2);
    writeFileSync(path, `${lines[0]}{"t":\n${lines[1]}`);
    expect(() => readSeries(path)).to.throw(ResultsError, "is damaged: line 2 is not a sample");
    writeFileSync(path, "");
    expect(readSeries(path)).to.deep.equal([]);
    expect(() => readSeries(join(base, "none"))).to.throw(ResultsError, "cannot be read: its folder does not exist");
  });
});
