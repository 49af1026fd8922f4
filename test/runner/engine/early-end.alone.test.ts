import { expect } from "chai";
import { parseThreshold } from "../../../settings/values/threshold";
import { engineRuns, plan, timing } from "./engine-runs";
import { requestsCsv, status, worker } from "./scripted";

describe("run engine, when something comes between", () => {
  const { locust, drive, whenRunning, events, observer } = engineRuns();

  it("stops in good order when interrupted", async () => {
    const interrupt = new AbortController();
    whenRunning(() => interrupt.abort());
    // A stop may be sent again: what it sets off must not reach the next test's Locust.
    const stopped = locust();
    stopped.onStop = () => setTimeout(() => stopped.ended(), 60);
    const outcome = await drive({ interrupt: interrupt.signal });
    expect(outcome).to.include({ endedBy: "interrupt", complete: true });
    expect(locust().calls.at(-1)).to.equal("POST /stop");
    expect(outcome.rows.at(-1)?.requests).to.equal(150);
  });

  it("is not started by an interrupted command", async () => {
    const outcome = await drive({ interrupt: AbortSignal.abort() });
    expect(outcome).to.include({ endedBy: "interrupt", startedAt: undefined });
    expect(locust().calls).to.deep.equal([]);
  });

  it("ends at once when killed, with the numbers of the last snapshot", async () => {
    const kill = new AbortController();
    whenRunning(() => kill.abort());
    locust().onStop = () => undefined;
    const outcome = await drive({ kill: kill.signal });
    expect(outcome).to.include({ endedBy: "interrupt", complete: false });
    expect(outcome.rows.at(-1)?.requests).to.equal(100);
  });

  it("is aborted too where it is killed after its end, before the last numbers were in", async () => {
    const kill = new AbortController();
    whenRunning(() => {
      locust().ended({ drained: false, elapsed: 60 });
      setTimeout(() => kill.abort(), 50);
    });
    locust().onStop = () => undefined;
    expect(await drive({ kill: kill.signal })).to.include({ endedBy: "interrupt", complete: false });
  });

  it("takes a silent master for lost, where that goes with the command, and keeps the last numbers", async () => {
    for (const masterStays of [false, true]) {
      locust().silent = false;
      locust().status = status();
      whenRunning(() => {
        locust().silent = true;
      });
      const outcome = await drive({ masterStays });
      expect(outcome).to.include({ endedBy: masterStays ? "master-silent" : "master-lost", complete: false });
      expect(outcome.error).to.match(/^no answer from Locust's master for/);
      expect(outcome.rows.at(-1)?.requests).to.equal(100);
    }
    expect(locust().calls.filter((call) => call === "POST /stop")).to.deep.equal([]);
  });

  it("survives a master that is silent for a while", async () => {
    whenRunning(() => {
      locust().silent = true;
      setTimeout(() => {
        locust().silent = false;
        locust().ended();
      }, 100);
    });
    expect((await drive({ plan: { ...plan, runTime: 1 } })).endedBy).to.equal("run-time");
  });

  it("ends at once when the place saw the master die", async () => {
    const lost = new AbortController();
    whenRunning(() => lost.abort(new Error("Locust's master ended: SIGKILL")));
    const begun = performance.now();
    const outcome = await drive({ masterLost: lost.signal });
    expect(outcome).to.include({ endedBy: "master-lost", error: "Locust's master ended: SIGKILL" });
    // Else it would wait, from then on, for as long as a master may be silent.
    expect(performance.now() - begun).to.be.below(120 + timing.silence);
  });

  it("does not take workers that follow their master for lost each by itself", async () => {
    whenRunning(() => {
      const { master } = locust().status;
      locust().status = { ...locust().status, master: { ...master, leaving: true }, workers: [] };
      setTimeout(() => locust().ended(), 60);
    });
    locust().onStop = () => undefined;
    const outcome = await drive();
    expect(outcome).to.include({ endedBy: "master-lost", error: "it was told to end" });
    expect(outcome.integrity?.workers.lost).to.deep.equal([]);
    expect(events.filter((event) => event.startsWith("warning: worker"))).to.deep.equal([]);
  });

  it("reports a lost worker once, and goes on", async () => {
    whenRunning(() => {
      const [one, two] = locust().status.workers;
      locust().status = {
        ...locust().status,
        workers: [one ?? worker("?"), { ...(two ?? worker("?")), state: "missing" }],
      };
      setTimeout(() => locust().ended(), 80);
    });
    const outcome = await drive({ plan: { ...plan, runTime: 1 } });
    expect(outcome.endedBy).to.equal("run-time");
    expect(outcome.integrity?.workers.lost.map(({ name }) => name)).to.deep.equal(["worker-2"]);
    expect(events.filter((event) => event.startsWith("warning: workers: worker-2 was lost"))).to.have.length(1);
  });

  it("knows at once, and from when on, where a worker's process is seen to end, but waits for its goodbye", async () => {
    const ended = new Map<string, number>();
    whenRunning(() => {
      ended.set("worker-2", performance.now() - 2500);
      ended.set("worker-1", performance.now());
      setTimeout(() => locust().ended(), 80);
    }, 1100);
    const outcome = await drive({
      plan: { ...plan, runTime: 2 },
      endedAt: (name) => ended.get(name),
      whyLost: async () => "SIGKILL",
    });
    const [lost, ...others] = outcome.integrity?.workers.lost ?? [];
    expect(others).to.deep.equal([]);
    expect(lost).to.include({ name: "worker-2", cause: "SIGKILL" });
    expect(lost?.t).to.be.within(0, 0.3);
  });

  it("says workers-lost when the last one goes and Locust stops", async () => {
    whenRunning(() => {
      const workers = locust().status.workers.map((one) => ({ ...one, state: "missing" as const }));
      locust().status = { ...locust().status, state: "stopped", users: 0, drained: true, workers };
    });
    expect((await drive()).endedBy).to.equal("workers-lost");
  });

  it("ends a run whose threshold is breached for long enough", async () => {
    const thresholds = [parseThreshold("p95<5"), parseThreshold("p95<5000")];
    const outcome = await drive({ plan: { ...plan, thresholds, abortAfter: 0.1 } });
    expect(outcome).to.include({ endedBy: "threshold" });
    expect(outcome.thresholds.map(({ passed }) => passed)).to.deep.equal([false, true]);
    expect(outcome.duration).to.be.within(0.09, 1);
  });

  it("does not end a run whose threshold recovers", async () => {
    const thresholds = [parseThreshold("p95<50")];
    whenRunning(() => {
      locust().requests = requestsCsv(100, 0, 500);
      setTimeout(() => {
        locust().requests = requestsCsv(200, 0, 10);
      }, 60);
      setTimeout(() => locust().ended(), 500);
    });
    expect((await drive({ plan: { ...plan, runTime: 2, thresholds, abortAfter: 0.3 } })).endedBy).to.equal("run-time");
  });

  it("ends the load when results cannot be written", async () => {
    let samples = 0;
    const sample = () => {
      samples += 1;
      return samples > 5 ? Promise.reject(new Error("results/x cannot be written: the disk is full")) : undefined;
    };
    const outcome = await drive({ observer: { ...observer, sample } });
    expect(outcome).to.include({
      endedBy: "results-unwritable",
      error: "results/x cannot be written: the disk is full",
    });
    expect(outcome.complete, "on disk").to.equal(false);
    expect(locust().calls.at(-1)).to.equal("POST /stop");
  });

  it("trusts no numbers whose last reports did not arrive", async () => {
    whenRunning(() => locust().ended({ drained: false }));
    locust().onStop = () => undefined;
    const outcome = await drive({ plan: { ...plan, runTime: 1 } });
    expect(outcome).to.include({
      endedBy: "master-lost",
      error: "the last reports of its workers did not arrive",
      complete: false,
    });
  });
});
