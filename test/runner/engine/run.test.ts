import { expect } from "chai";
import { followRun } from "../../../runner/engine/run";
import { UsageError } from "../../../runner/errors";
import type { Sample } from "../../../runner/types";
import { engineRuns, plan, timing } from "./engine-runs";
import { requestsCsv, status, worker } from "./scripted";

describe("run engine", () => {
  const { locust, client, drive, whenRunning, events, observer } = engineRuns();

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

  const names = /^warning: requests have more than 500 names, .*name="\/items\/\[id\]"/;
  for (const [count, warnings, reports] of [
    [500, [], 1],
    [501, [names], 1],
    [5001, [names, /^warning: report\.html is left out, for 5001 names of requests/], 0],
  ] as const) {
    it(`warns of a huge variety of requests, and leaves a huge report out: ${count} names`, async () => {
      const [head = "", row = "", total = ""] = requestsCsv(1, 0).split("\r\n");
      const rows = Array.from({ length: count }, (_, index) => row.replace("/", `/items/${index}`));
      whenRunning(() => {
        locust().ended();
        locust().requests = [head, ...rows, total].join("\r\n");
      });
      const outcome = await drive({ plan: { ...plan, runTime: 1 } });
      expect(outcome.rows).to.have.length(count + 1);
      const warned = events.filter((text) => text.startsWith("warning: "));
      expect(warned).to.have.length(warnings.length);
      warnings.forEach((pattern, index) => void expect(warned[index]).to.match(pattern));
      expect(events.filter((text) => text.includes("<html")).length).to.equal(reports);
    });
  }

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

  it("stops a run whose time limit somebody took away", async () => {
    const outcome = await drive({ plan: { ...plan, runTime: 0.1 } });
    expect(outcome.endedBy).to.equal("run-time");
    expect(locust().calls.at(-1)).to.equal("POST /stop");
  });

  it("follows a run that was started in the web UI", async () => {
    locust().run({ users: 4 });
    setTimeout(() => locust().ended(), 100);
    const followed = await followRun(
      { client: client(), plan: { ...plan, runTime: undefined }, observer, timing },
      { seen: locust().status },
    );
    expect(followed).to.include({ endedBy: "page", complete: true });
    expect(followed.integrity?.problems).to.deep.equal([]);
    expect(locust().calls).to.deep.equal([]);
  });

  it("tells which run of the master it is, whether it starts or follows it", async () => {
    const runs: number[] = [];
    const told = { started: (_: unknown, __: Date, run: number) => void runs.push(run) };
    locust().status = status({ run: 4 });
    whenRunning(() => locust().ended());
    await drive({ plan: { ...plan, runTime: 1 }, observer: told });
    const { status: seen } = locust();
    await followRun({ client: client(), plan, observer: told, timing }, { seen });
    expect([seen.run, ...runs]).to.deep.equal([5, 5, 5]);
  });

  it("does not stop a run that somebody has started after the one it followed", async () => {
    locust().run({ users: 4 });
    const seen = locust().status;
    setTimeout(() => locust().run({ users: 8 }), 100);
    const followed = await followRun({ client: client(), plan: { ...plan, runTime: undefined }, timing }, { seen });
    expect(followed).to.include({ endedBy: "master-lost", complete: false });
    expect(locust().calls).to.deep.equal([]);
    expect(locust().status).to.include({ state: "running", run: seen.run + 1 });
  });
});
