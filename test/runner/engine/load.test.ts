import { expect } from "chai";
import type { RunObserver } from "../../../runner/engine/plan";
import { timeOfLoad } from "../../../runner/engine/start";
import type { ScriptReport } from "../../../runner/types/script";
import { engineRuns, plan, timing } from "./engine-runs";
import { status, worker } from "./scripted";

describe("run engine, before the load begins", () => {
  const { locust, drive, events, observer } = engineRuns();
  const told: number[] = [];
  const unheard = new Set<string>();
  const watching: RunObserver = {
    ...observer,
    preparing(seconds, silent) {
      told.push(seconds);
      for (const name of silent) unheard.add(name);
    },
  };
  beforeEach(() => {
    told.length = 0;
    unheard.clear();
  });

  /** The master accepts, prepares for so long, and does `then`. */
  function prepares(ms: number, then: () => void): void {
    locust().onSwarm = () => {
      locust().status = status({ preparing: 0.1 });
      setTimeout(then, ms);
      return { success: true };
    };
  }

  it("waits for listeners of test_start, and measures from the load on", async () => {
    prepares(300, () => {
      locust().run({ users: 10, elapsed: 0.01, runTime: 48 });
      setTimeout(() => locust().ended({ elapsed: 47.5 }), 100);
    });
    const outcome = await drive({ observer: watching });
    expect(outcome).to.include({ endedBy: "run-time", complete: true, duration: 47.5 });
    expect(told.length).to.be.greaterThan(5);
    expect(events).to.include("warning: the script's test_start listeners took 12 s of the run time of 60 s");
    expect(outcome.integrity?.problems).to.deep.equal([]);
    expect([...unheard]).to.deep.equal([]);
  });

  it("tells workers that are silent from the start on from listeners that take their time", async () => {
    const silent = ["worker-1", "worker-2"].map((name) => worker(name, { silent: true }));
    locust().onSwarm = () => {
      locust().status = status({ run: 1, preparing: 0.1, workers: silent });
      const workers = silent.map((one) => ({ ...one, state: "missing" as const }));
      setTimeout(() => locust().ended({ preparing: null, requests: 0, workers }), 100);
      return { success: true };
    };
    const outcome = await drive({ observer: watching });
    expect([...unheard]).to.deep.equal(["worker-1", "worker-2"]);
    expect(outcome.endedBy).to.equal("workers-lost");
    expect(outcome.integrity?.workers.lost.map(({ name }) => name)).to.deep.equal(["worker-1", "worker-2"]);
  });

  it("waits for a master that they keep from answering", async () => {
    prepares(0, () => {
      locust().silent = true;
      setTimeout(() => {
        locust().silent = false;
        locust().run();
        setTimeout(() => locust().ended(), 100);
      }, 350);
    });
    expect(await drive({ observer: watching })).to.include({ complete: true });
    expect(told.at(-1)).to.be.greaterThan(0.2);
  });

  it("does not wait for ever, whether the master answers meanwhile or not", async () => {
    for (const silent of [true, false]) {
      locust().silent = false;
      prepares(0, () => {
        locust().silent = silent;
      });
      const { endedBy, error } = await drive({ timing: { ...timing, prepare: 200 } });
      expect(endedBy).to.equal("not-started");
      const late = "the script's test_start listeners were not done after 0 s (--ready-timeout)";
      expect(error)
        .to.match(silent ? /^.*, with no answer from Locust's master for / : /\)$/)
        .and.contain(late);
    }
    expect(locust().calls.at(-1)).to.equal("POST /stop");
  });

  it("says so when the time of the run is over before they are done, on the master or in workers", async () => {
    const code: ScriptReport = {
      ...{ exceptions: { count: 0, kinds: [] }, left: { count: 0, kinds: [] }, most: null, exitCode: null },
      ...{ ended: { by: "time", file: null, line: null }, decidesAtQuit: false },
    };
    for (const then of [status(), status({ run: 1, state: "stopped", elapsed: 60, code })]) {
      prepares(100, () => {
        locust().status = then;
      });
      expect(await drive()).to.include({
        endedBy: "not-started",
        error: "the script's test_start listeners were not done when the time of the run was over (--run-time)",
      });
    }
  });

  it("is interrupted without having started, and leaves no load behind", async () => {
    const interrupt = new AbortController();
    prepares(100, () => interrupt.abort());
    locust().onStop = () => {
      locust().status = status();
    };
    const outcome = await drive({ interrupt: interrupt.signal });
    expect(outcome).to.include({ endedBy: "interrupt", startedAt: undefined });
    expect(locust().calls.at(-1)).to.equal("POST /stop");
  });

  it("knows what is left of a run's time", () => {
    expect(timeOfLoad(25, status({ runTime: 13.2 }))).to.equal(13.2);
    expect(timeOfLoad(25, status({ runTime: 24.9 }))).to.equal(25);
    expect(timeOfLoad(25, status())).to.equal(25);
    expect(timeOfLoad(undefined, status({ runTime: 13 }))).to.equal(undefined);
  });

  it("tells of requests without an answer", async () => {
    locust().onSwarm = () => {
      locust().run({ underWay: 4, oldestWait: 2.5 });
      setTimeout(() => locust().ended({ underWay: 0, oldestWait: 0, cutOff: 4 }), 100);
      return { success: true };
    };
    expect((await drive()).unanswered).to.deep.equal({ cutOff: 4, left: 0, oldestWaitSeconds: 0 });
    const kill = new AbortController();
    locust().status = status({ run: 1 });
    locust().onSwarm = () => {
      locust().run({ underWay: 4, oldestWait: 2.5 });
      setTimeout(() => kill.abort(), 100);
      return { success: true };
    };
    const cut = await drive({ plan, kill: kill.signal });
    expect(cut.unanswered).to.deep.equal({ cutOff: 0, left: 4, oldestWaitSeconds: 2.5 });
  });
});
