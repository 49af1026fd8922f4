import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { SavedRun } from "../../../../runner/cli/output";
import type { TestSetup } from "../../../../runner/cli/setup";
import {
  findSample,
  requireSteadyLoad,
  requireTime,
  type Sampling,
  withLoad,
} from "../../../../runner/cli/size/sampling";
import { UsageError } from "../../../../runner/errors";
import type { FinishedRecord } from "../../../../runner/results/run-record";
import { amountOf } from "../../../../runner/verdict/sizing";
import { usageOf } from "../../../../runner/verdict/usage";
import { finishedRecord, goodLoad, sampleAt, temporaryFolder } from "../../results/make";

const size = { cpu: 0.5, memory: 768 };

/** Runs of a worker whose users take so many cores each, and make half a request a second. */
function runner(coresPerUser: number, more: Partial<FinishedRecord> = {}, memory = (_users: number) => [60, 60]) {
  const ran: [amount: number, seconds: number, users: number][] = [];
  const run: Sampling["run"] = async (load, seconds) => {
    const amount = amountOf(load);
    ran.push([amount, seconds, load.users]);
    const path = temporaryFolder();
    made.push(path);
    const [first = 0, last = 0] = memory(load.users);
    const at = (t: number, mebibytes: number) =>
      sampleAt(t, { phase: "hold", rps: amount / 2, workerMemory: mebibytes * 2 ** 20 });
    writeFileSync(
      join(path, "series.ndjson"),
      [at(1, first), at(seconds, last)].map((sample) => `${JSON.stringify(sample)}\n`).join(""),
    );
    const used = Math.min(1, 0.01 + amount * coresPerUser);
    const good = goodLoad();
    const integrity = {
      ...good,
      users: { ...good.users, mean: load.users },
      workerCpu: { w: { mean: used, max: used } },
    };
    const record = finishedRecord([], { place: "local", integrity, ...more });
    return { record, folder: { path } } as unknown as SavedRun;
  };
  return { run, ran };
}

const made: string[] = [];
const progress = { say: () => undefined };

describe("samples", () => {
  after(() => {
    for (const path of made) rmSync(path, { recursive: true });
  });

  for (const [what, cores, asked, expected] of [
    ["go up by ten while the worker is nearly idle", 0.0005, { users: 5000 }, [5, 50, 357]],
    ["have no more users than were asked for", 0.0005, { users: 60 }, [5, 50, 60]],
    ["are one run where few users are asked for", 0.0005, { users: 3 }, [3]],
    ["stay small where a user takes much", 0.04, { users: 5000 }, [5, 5]],
    ["have fewer users where the first ones saturate a worker", 0.3, { users: 5000 }, [5, 1]],
    ["are not longer than three runs before", 0.000001, { users: 1_000_000 }, [5, 50, 500, 5000]],
    ["start no more iterations a second than were asked for", 0.0005, { rate: 100, users: 1000 }, [5, 50, 100]],
    ["start as few as there are", 0.0005, { rate: 0.5 }, [0.5]],
  ] as const) {
    it(what, async () => {
      const { run, ran } = runner(cores);
      const { record } = await findSample({ run, progress, asked, size, seconds: 60 });
      expect(record.verdict).to.equal("passed");
      expect(ran.map(([users]) => users)).to.deep.equal(expected);
      expect(ran.map(([, seconds]) => seconds)).to.deep.equal([...expected.slice(1).map(() => 10), 60]);
    });
  }

  it("have a part of the users, and ten at least", async () => {
    const { run, ran } = runner(0.0005);
    await findSample({ run, progress, asked: { rate: 1000, users: 2000 }, size, seconds: 60 });
    expect(ran.map(([amount, , users]) => [amount, users])).to.deep.equal([
      [5, 10],
      [50, 100],
      [357, 714],
    ]);
  });

  it("hold to limits, whatever is asked", async () => {
    const { run, ran } = runner(0.0005);
    const limits = { maxUsers: 20, maxArrivalRate: 30 };
    await findSample({ run, progress, asked: { users: 5000 }, limits, size, seconds: 60 });
    await findSample({ run, progress, asked: { rate: 1000, users: 5000 }, limits, size, seconds: 60 });
    expect(ran.map(([amount, , users]) => [amount, users])).to.deep.equal([
      ...[5, 20].map((users) => [users, users]),
      ...[5, 30].map((rate) => [rate, 20]),
    ]);
    expect(() => requireTime({ runTime: 60, maxRunTime: 89 })).to.throw(UsageError, /takes 90 s with its ramp/);
    for (const maxRunTime of [90, undefined]) requireTime({ runTime: 60, ...(maxRunTime && { maxRunTime }) });
  });

  it("know a worker's memory without users from the first of them, as it keeps what others took", async () => {
    let most = 50;
    // A worker of a deployed test: 1 MiB a user, which it does not give back.
    const { run } = runner(0.0005, {}, (users) => {
      const before = most;
      most = Math.max(most, 50 + users);
      return [before, most];
    });
    const { record, samples, bare } = await findSample({ run, progress, asked: { users: 5000 }, size, seconds: 60 });
    expect(record.integrity?.users.mean).to.equal(334);
    expect(usageOf(record, samples, size, bare)?.memory).to.deep.equal({ bare: 50 * 2 ** 20, loaded: 384 * 2 ** 20 });
  });

  it("end with the first that no request was answered in", async () => {
    const { totals } = finishedRecord();
    const { run, ran } = runner(0.01, { totals: { ...totals, requests: 0, failRatio: 0 }, reasons: ["It is silent."] });
    const error = await findSample({ run, progress, asked: { users: 50 }, size, seconds: 60 }).then(
      () => expect.fail("it went on"),
      (reason) => reason,
    );
    expect(error).to.include({ exitCode: 3 });
    expect(error.message).to.match(/: 0 requests were completed\. It is silent$/);
    expect(ran).to.have.lengthOf(1);
  });

  it("end all where one was interrupted, and say where it is", async () => {
    const { run, ran } = runner(0.01, { verdict: "aborted", exitCode: 130, reasons: ["It was interrupted."] });
    const error = await findSample({ run, progress, asked: { users: 50 }, size, seconds: 60 }).then(
      () => expect.fail("it went on"),
      (reason) => reason,
    );
    expect(error).to.include({ exitCode: 130 });
    expect(error.message).to.match(/^It was interrupted\. What was measured is in \S+$/);
    expect(ran).to.have.lengthOf(1);
  });

  it("have time for their ramp, which is no longer than half a minute", () => {
    const plan = { users: 1, spawnRate: 10, runTime: 5, workers: 2, thresholds: [] };
    const setup: TestSetup = { place: "local", stack: null, script: "a.py", plan, settings: { users: 1, host: "h" } };
    const { plan: small } = withLoad(setup, { users: 50 }, 60);
    expect(small).to.include({ users: 50, spawnRate: 10, runTime: 65, workers: 1 });
    const large = withLoad(setup, { users: 3000 }, 60);
    expect(large.plan).to.include({ users: 3000, spawnRate: 100, runTime: 90 });
    expect(large.settings).to.include({ users: 3000, runTime: "90s", workerReplicas: 1, host: "h" });
    const stack = { ...setup, plan: { ...plan, arrivals: { rate: "9", spacing: "even" as const } } };
    const ofUsers = withLoad({ ...stack, settings: { arrivalRate: "9" } }, { users: 5 }, 60);
    expect(ofUsers.plan.arrivals).to.equal(undefined);
    expect(ofUsers.settings).to.not.have.property("arrivalRate");
    const ofRate = withLoad(setup, { rate: 50, users: 20 }, 60);
    expect(ofRate.plan).to.deep.include({ users: 20, arrivals: { rate: "50", spacing: "even" } });
    expect(ofRate.settings).to.include({ arrivalRate: "50", arrivalSpacing: "even" });
  });

  it("are none of a script with a shape", () => {
    expect(() => requireSteadyLoad({ shape: "Stages" })).to.throw(
      UsageError,
      /Stages decides users and time.*--from latest/,
    );
    requireSteadyLoad({ shape: null });
  });
});
