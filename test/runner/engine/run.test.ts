import { expect } from "chai";
import type { LocustClient } from "../../../runner/engine/client";
import type { RunObserver, RunOptions, RunPlan } from "../../../runner/engine/plan";
import { driveRun, followRun } from "../../../runner/engine/run";
import type { Timing } from "../../../runner/engine/timing";
import { UsageError } from "../../../runner/errors";
import type { Sample } from "../../../runner/types";
import { parseThreshold } from "../../../settings/values/threshold";
import { requestsCsv, ScriptedLocust, status, worker } from "./scripted";

const timing: Timing = {
  sample: 10,
  snapshot: 30,
  poll: 5,
  ready: 300,
  start: 150,
  silence: 250,
  overtime: 100,
  drain: 300,
};
const plan: RunPlan = { users: 10, spawnRate: 100, runTime: 60, workers: 2, thresholds: [] };

describe("run engine", () => {
  const locust = () => scripted;
  let scripted: ScriptedLocust;
  let client: LocustClient;
  let events: string[];

  const observer: RunObserver = {
    phase: (phase) => void events.push(phase),
    warning: (text) => void events.push(`warning: ${text}`),
    report: (html) => void events.push(html),
  };
  const drive = (options: Partial<RunOptions> = {}) => driveRun({ client, plan, observer, timing, ...options });

  /** Does something once a test is going on for a while. */
  const whenRunning = (action: () => void, ms = 120) => {
    const start = locust().onSwarm;
    locust().onSwarm = (form) => {
      setTimeout(action, ms);
      return start(form);
    };
  };

  beforeEach(async () => {
    events = [];
    scripted = new ScriptedLocust();
    client = await scripted.start();
  });
  afterEach(() => scripted.close());

  it("goes from ready through ramp, hold and stop to collected", async () => {
    whenRunning(() => locust().ended({ shape: null }));
    const outcome = await drive({ plan: { ...plan, runTime: 1, host: "http://127.0.0.1:9" } });
    expect(events).to.deep.equal(["ramp", "hold", "stop", "<html>report</html>", "collected"]);
    expect(locust().calls[0]).to.equal(
      "POST /swarm user_count=10&spawn_rate=100&run_time=1s&host=http%3A%2F%2F127.0.0.1%3A9",
    );
    expect(outcome.complete).to.equal(true);
    expect(outcome.rows.at(-1)).to.include({ requests: 150, failures: 3 });
    expect(outcome.ramp).to.be.a("number").and.below(0.2);
  });

  it("says run-time when the test ends at its time, and stopped-elsewhere when it ends before", async () => {
    whenRunning(() => locust().ended());
    expect((await drive({ plan: { ...plan, runTime: 2 } })).endedBy).to.equal("run-time");
    locust().status = status({ run: 1 });
    expect((await drive({ plan: { ...plan, runTime: 60 } })).endedBy).to.equal("stopped-elsewhere");
  });

  it("does not count what the master says after the end as load", async () => {
    const samples: Sample[] = [];
    whenRunning(() => locust().ended());
    const outcome = await drive({
      plan: { ...plan, runTime: 1 },
      observer: { sample: (sample) => void samples.push(sample) },
    });
    expect(outcome.integrity?.problems).to.deep.equal([]);
    expect(samples.filter(({ users }) => users === 0).map(({ phase }) => phase))
      .to.include("stop")
      .and.not.include("hold");
  });

  it("says shape when a load shape ends, whenever that is", async () => {
    locust().onSwarm = () => {
      locust().run({ shape: "Stages" });
      setTimeout(() => locust().ended(), 100);
      return { success: true };
    };
    expect((await drive()).endedBy).to.equal("shape");
  });

  it("waits for workers, and carries the token", async () => {
    locust().status = status({ workers: [worker("worker-1")] });
    setTimeout(() => {
      locust().status = status();
    }, 100);
    whenRunning(() => locust().ended());
    expect((await drive()).startedAt).to.be.instanceOf(Date);
    expect([...locust().tokens]).to.deep.equal(["Bearer secret-token"]);
  });

  it("does not start without all workers", async () => {
    locust().status = status({ workers: [worker("worker-1"), worker("worker-2", { state: "missing" })] });
    const outcome = await drive();
    expect(outcome).to.include({ endedBy: "not-started", error: "1 of 2 workers are ready after 0 s" });
    expect(locust().calls).to.deep.equal([]);
  });

  it("does not touch a test that is already going on", async () => {
    locust().run();
    expect(await drive()).to.include({ endedBy: "not-started", error: "a test is already going on; stop it first" });
    expect(locust().calls).to.deep.equal([]);
  });

  it("reports a refusal in Locust's words", async () => {
    locust().onSwarm = () => ({ success: false, message: "Invalid user_count" });
    expect(await drive()).to.include({ endedBy: "not-started", error: "Invalid user_count" });
  });

  it("notices a start that Locust accepted and forgot", async () => {
    locust().onSwarm = () => ({ success: true });
    expect(await drive()).to.include({
      endedBy: "not-started",
      error: "Locust accepted the run and did not start it",
    });
  });

  it("throws what keeps workers from starting, and what the check before the start throws", async () => {
    locust().status = status({ workers: [] });
    const failed = AbortSignal.abort(new UsageError("script1.py, line 3: SyntaxError"));
    expect(await drive({ startFailed: failed }).catch((error) => error.message)).to.match(/SyntaxError/);
    locust().status = status();
    const beforeStart = () => Promise.reject(new UsageError("no target"));
    expect(await drive({ beforeStart }).catch((error) => error.message)).to.equal("no target");
    expect(locust().calls).to.deep.equal([]);
  });

  it("stops in good order when interrupted", async () => {
    const interrupt = new AbortController();
    whenRunning(() => interrupt.abort());
    locust().onStop = () => setTimeout(() => locust().ended(), 60);
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

  it("takes a silent master for lost, and keeps the last numbers", async () => {
    whenRunning(() => {
      locust().silent = true;
    });
    const outcome = await drive();
    expect(outcome.endedBy).to.equal("master-lost");
    expect(outcome.error).to.match(/^no answer from Locust's master for/);
    expect(outcome.rows.at(-1)?.requests).to.equal(100);
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
    expect(performance.now() - begun).to.be.below(200);
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
    expect(events.filter((event) => event.startsWith("warning: worker worker-2 was lost"))).to.have.length(1);
  });

  it("says workers-lost when the last one goes and Locust stops", async () => {
    whenRunning(() => {
      const workers = locust().status.workers.map((one) => ({ ...one, state: "missing" as const }));
      locust().status = { ...locust().status, state: "stopped", users: 0, drained: true, workers };
    });
    expect((await drive()).endedBy).to.equal("workers-lost");
  });

  it("stops a run whose time limit somebody took away", async () => {
    const outcome = await drive({ plan: { ...plan, runTime: 0.1 } });
    expect(outcome.endedBy).to.equal("run-time");
    expect(locust().calls.at(-1)).to.equal("POST /stop");
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

  it("follows a run that was started on the page", async () => {
    locust().run({ users: 4 });
    setTimeout(() => locust().ended(), 100);
    const followed = await followRun(
      { client, plan: { ...plan, runTime: undefined }, observer, timing },
      locust().status,
    );
    expect(followed).to.include({ endedBy: "page", complete: true });
    expect(followed.integrity?.problems).to.deep.equal([]);
    expect(locust().calls).to.deep.equal(["POST /stop"]);
  });
});
