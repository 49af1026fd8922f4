import { expect } from "chai";
import { followRun, startRun } from "../../../runner/engine/run";
import type { RecordedSample, Sample } from "../../../runner/types";
import { engineRuns, plan, timing } from "./engine-runs";
import { status } from "./scripted";

function recorded(t: number, change: Partial<RecordedSample> = {}): RecordedSample {
  return {
    ...{ t, time: new Date(1.8e12 + t * 1000).toISOString(), state: "running", users: 10, targetUsers: 10, workers: 2 },
    ...{ rps: 10, failuresPerSecond: 0, requests: Math.round(10 * t), failures: 0, p50: 10, p95: 20, p99: 30 },
    ...{ workerCpu: { "worker-1": 0.2, "worker-2": 0.3 }, masterCpu: 0.01 },
    ...change,
  };
}

/** Seconds 1 to `last`, the first of them in the ramp. */
function series(last: number): RecordedSample[] {
  return Array.from({ length: last }, (_, index) =>
    recorded(index + 1, index === 0 ? { state: "spawning", users: 4 } : {}),
  );
}

describe("a command that comes late, or is cut off", () => {
  const { locust, client, drive, whenRunning, events, observer } = engineRuns();
  const samples: Sample[] = [];
  const keeping = { ...observer, sample: (sample: Sample) => void samples.push(sample) };
  beforeEach(() => {
    samples.length = 0;
  });

  it("gets a run that has ended from its start on", async () => {
    locust().run({ elapsed: 20, startedAt: "2026-11-24T10:15:00.000Z" });
    locust().ended({ requests: 200 });
    locust().onStop = () => undefined;
    locust().series = { run: 1, interval: 1, samples: series(19) };
    const outcome = await followRun(
      { client: client(), plan: { ...plan, runTime: 20 }, observer: keeping, timing },
      { seen: locust().status },
    );
    expect(outcome).to.include({ endedBy: "run-time", duration: 20, complete: true, ramp: 2 });
    expect(outcome.startedAt?.toISOString()).to.equal("2026-11-24T10:15:00.000Z");
    expect(outcome.endedAt.toISOString()).to.equal("2026-11-24T10:15:20.000Z");
    expect(samples.slice(0, 3).map(({ t, phase }) => `${t} ${phase}`)).to.deep.equal(["1 ramp", "2 hold", "3 hold"]);
    expect(samples.map(({ t }) => Math.floor(t))).to.include.members([1, 10, 19]);
    expect(outcome.integrity?.users.max).to.equal(10);
  });

  it("goes on behind what a former command has kept", async () => {
    locust().run({ elapsed: 20 });
    locust().ended({ requests: 200 });
    locust().onStop = () => undefined;
    locust().series = { run: 1, interval: 1, samples: series(19) };
    const earlier: Sample[] = series(12).map(({ state, ...sample }) => ({
      ...sample,
      phase: state === "spawning" ? "ramp" : "hold",
    }));
    const outcome = await followRun(
      { client: client(), plan: { ...plan, runTime: 20 }, observer: keeping, timing },
      { seen: locust().status, earlier: { samples: earlier, workers: { lost: [{ name: "worker-1", t: 5 }] } } },
    );
    expect(samples[0]?.t).to.equal(13);
    expect(outcome.ramp).to.equal(2);
    expect(outcome.integrity?.problems, "what it has seen").to.deep.equal([
      "workers: worker-1 was lost 5 s into the run",
    ]);
  });

  it("leaves a run going where it is asked to", async () => {
    locust().run({ elapsed: 1, runTime: 60 });
    const interrupt = AbortSignal.timeout(60);
    const outcome = await followRun(
      { client: client(), plan, observer, timing, interrupt },
      { seen: locust().status, leave: true },
    );
    expect(outcome.endedBy).to.equal("interrupt");
    expect(locust().calls).to.deep.equal([]);
  });

  it("takes no samples of another run for its own", async () => {
    locust().run({ elapsed: 20 });
    locust().ended({ requests: 200 });
    locust().onStop = () => undefined;
    locust().series = { run: 7, interval: 1, samples: series(19) };
    await followRun({ client: client(), plan, observer: keeping, timing }, { seen: locust().status });
    expect(samples.every(({ phase }) => phase === "stop")).to.equal(true);
  });

  it("sees that the master is another one, and leaves that alone", async () => {
    whenRunning(() => {
      locust().status = status({ master: { ...status().master, id: "another" }, state: "running", run: 1 });
    });
    const outcome = await drive();
    expect(outcome).to.include({ endedBy: "master-lost", error: "it was restarted" });
    expect(outcome.rows.length, "numbers of the last snapshot").to.be.greaterThan(0);
    expect(locust().calls.filter((call) => call === "POST /stop")).to.deep.equal([]);
    expect(events).to.not.include("<html>");
  });

  it("knows that a run has started whose answer was lost", async () => {
    locust().onSwarm = () => {
      locust().run();
      setTimeout(() => locust().ended({ elapsed: 60 }), 100);
      throw new Error("the connection is cut");
    };
    const outcome = await drive();
    expect(outcome).to.include({ endedBy: "run-time", complete: true });
  });

  it("says why a run has not started where its request was lost", async () => {
    locust().onSwarm = () => {
      throw new Error("the connection is cut");
    };
    const outcome = await drive();
    expect(outcome.endedBy).to.equal("not-started");
    expect(outcome.error).to.match(/no answer from/);
    expect(locust().calls.at(-1)).to.equal("POST /stop");
  });

  it("stops again where its stop was lost", async () => {
    let stops = 0;
    locust().onStop = () => {
      stops += 1;
      if (stops === 1) throw new Error("the connection is cut");
      locust().ended();
    };
    const interrupt = new AbortController();
    whenRunning(() => interrupt.abort());
    const outcome = await drive({ interrupt: interrupt.signal });
    expect(outcome).to.include({ endedBy: "interrupt", complete: true });
    expect(stops).to.be.greaterThan(1);
  });

  it("waits for its last numbers where they cannot be had at once", async () => {
    whenRunning(() => {
      locust().ended({ elapsed: 60 });
      const { requests } = locust();
      locust().requests = "torn";
      setTimeout(() => {
        locust().requests = requests;
      }, 80);
    });
    const outcome = await drive();
    expect(outcome).to.include({ endedBy: "run-time", complete: true });
    expect(outcome.rows.at(-1)?.requests).to.equal(150);
  });

  it("does not pass where its last numbers never come", async () => {
    whenRunning(() => {
      locust().ended({ elapsed: 60 });
      locust().onStop = () => undefined;
      locust().requests = "torn";
    });
    const outcome = await drive({ masterStays: true });
    const error = "its last numbers could not be had";
    expect(outcome).to.include({ endedBy: "master-silent", error, complete: false });
  });

  it("starts a run and leaves it", async () => {
    const options = { client: client(), plan, observer, timing };
    expect(await startRun(options)).to.equal(undefined);
    expect(locust().calls).to.have.length(1);
    const second = await startRun(options);
    expect(second?.endedBy).to.equal("not-started");
    expect(second?.error).to.match(/already going on/);
  });
});
