import { expect } from "chai";
import { isKnownOver, livingWorkers, nextStep, type RunView } from "../../../runner/engine/phase";
import { createRollCall, toSample } from "../../../runner/engine/recording";
import type { LocustStatus } from "../../../runner/types";
import type { Place, ScriptReport } from "../../../runner/types/script";
import { status, worker } from "./scripted";

const view: RunView = {
  phase: "ramp",
  run: 1,
  master: status().master.id,
  status: status({ state: "running", run: 1, users: 10, targetUsers: 10 }),
  elapsed: 5,
  runTime: 60,
  overtime: 3,
};

/** What the script did in a run, with whoever ended it. */
const code = (by: NonNullable<ScriptReport["ended"]>["by"]): ScriptReport => ({
  exceptions: { count: 0, kinds: [] },
  left: { count: 0, kinds: [] },
  most: null,
  ended: { by, file: "shop.py", line: 9 },
  exitCode: null,
  decidesAtQuit: false,
});

describe("phases of a run", () => {
  const byScript = { ...status({ state: "stopped", run: 1 }), code: code("script") };
  const byData = { ...status({ state: "stopped", run: 1 }), code: code("data") };
  const left = [worker("worker-1", { state: "stopped", leaving: true, endedAt: { file: "shop.py", line: 9 } })];
  const spawning = status({ state: "spawning", run: 1, users: 4, targetUsers: 10 });
  const stopped = status({ state: "stopped", run: 1 });
  const leavingMaster = { ...stopped, workers: left.map((one) => ({ ...one, endedAt: null })) };
  leavingMaster.master = { ...stopped.master, leaving: true };

  for (const [what, change, step] of [
    ["ramps while users are spawned", { status: spawning }, { kind: "on", phase: "ramp" }],
    ["holds when all users are there", {}, { kind: "on", phase: "hold" }],
    ["ramps until the reported users are all", { status: { ...view.status, users: 9 } }, { kind: "on", phase: "ramp" }],
    ["stays in its hold when users are lost", { phase: "hold", status: spawning }, { kind: "on", phase: "hold" }],
    ["ends by its time", { status: stopped, elapsed: 59.5 }, { kind: "ended", by: "run-time" }],
    ["was stopped by somebody", { status: stopped, elapsed: 30 }, { kind: "ended", by: "stopped-elsewhere" }],
    ["was replaced by another run", { status: { ...view.status, run: 2 } }, { kind: "ended", by: "stopped-elsewhere" }],
    [
      "ends by its time as the master tells it late",
      { status: { ...stopped, elapsed: 60 }, elapsed: 90 },
      { kind: "ended", by: "run-time" },
    ],
    [
      "was stopped early, heard of late",
      { status: { ...stopped, elapsed: 20 }, elapsed: 90 },
      { kind: "ended", by: "stopped-elsewhere" },
    ],
    [
      "has another master",
      { status: { ...view.status, master: { ...view.status.master, id: "other" } } },
      { kind: "ended", by: "master-lost" },
    ],
    ["goes down with its master", { status: leavingMaster, elapsed: 30 }, { kind: "ended", by: "master-lost" }],
    ["had its time before its master went", { status: leavingMaster, elapsed: 60 }, { kind: "ended", by: "run-time" }],
    ["ends by its shape", { status: { ...stopped, shape: "Stages" } }, { kind: "ended", by: "shape" }],
    [
      "has no limit with a shape",
      { status: { ...view.status, shape: "Stages" }, elapsed: 500 },
      { kind: "on", phase: "hold" },
    ],
    ["is stopped past its time", { elapsed: 63.1 }, { kind: "stop", by: "run-time" }],
    ["is not stopped a moment past its time", { elapsed: 62.9 }, { kind: "on", phase: "hold" }],
    [
      "ends in the web UI where it was followed",
      { status: stopped, runTime: undefined },
      { kind: "ended", by: "page" },
    ],
    [
      "ends with its last worker",
      { status: { ...stopped, workers: [worker("worker-1", { state: "missing" })] } },
      { kind: "ended", by: "workers-lost" },
    ],
    // It ended early all the same, by a little.
    [
      "is ended as its data ran out close to its time",
      { status: byData, elapsed: 59.5 },
      { kind: "ended", by: "data" },
    ],
    ["is ended as its data ran out", { status: byData, elapsed: 4 }, { kind: "ended", by: "data" }],
    [
      "is ended as its data ran out, with a shape or without a limit",
      { status: { ...byData, shape: "Stages" }, elapsed: 4, runTime: undefined },
      { kind: "ended", by: "data" },
    ],
    ["is ended by its script", { status: byScript, elapsed: 4 }, { kind: "ended", by: "script" }],
    [
      "is ended by its script, whose workers are gone by then",
      { status: { ...byScript, workers: [] }, elapsed: 4 },
      { kind: "ended", by: "script" },
    ],
    [
      "is ended by its script in all workers",
      { status: { ...stopped, workers: left }, elapsed: 4 },
      { kind: "ended", by: "script" },
    ],
    ["is ended by its script when it is over", { status: byScript, elapsed: 59 }, { kind: "ended", by: "run-time" }],
    [
      "is ended by its script in the web UI, where nothing limits it",
      { status: byScript, elapsed: 4, runTime: undefined },
      { kind: "ended", by: "page" },
    ],
    [
      "has a shape, and was stopped in the web UI",
      { status: { ...stopped, shape: "Stages", code: code("page") } },
      { kind: "ended", by: "stopped-elsewhere" },
    ],
    ["ends with its workers gone", { status: { ...stopped, workers: [] } }, { kind: "ended", by: "workers-lost" }],
  ] as const) {
    it(what, () => {
      expect(nextStep({ ...view, ...change })).to.deep.equal(step);
    });
  }

  it("counts on workers that are neither missing nor stopped", () => {
    const workers = (["ready", "spawning", "running", "stopped", "missing"] as const).map((state) =>
      worker(state, { state }),
    );
    expect(livingWorkers(status({ workers })).map(({ name }) => name)).to.deep.equal(["ready", "spawning", "running"]);
  });
});

describe("a run is known to be over", () => {
  it("when the master says that it has ended, or has begun another, or is another", () => {
    const seen = (state: LocustStatus["state"], run = 3, id = "master-1") =>
      isKnownOver(status({ state, run, master: { ...status().master, id } }), 3, "master-1");
    expect([seen("spawning"), seen("running"), seen("ready", 2), isKnownOver(undefined, 3, "master-1")]).to.deep.equal([
      ...[false, false, false, false],
    ]);
    expect([seen("stopped"), seen("stopping"), seen("running", 4), seen("running", 3, "master-2")]).to.deep.equal([
      ...[true, true, true, true],
    ]);
  });
});

describe("samples", () => {
  it("hold CPU as a share of what a process may use", () => {
    const workers = [worker("pod-a", { cpu: 0.2, cpuLimit: 0.25 }), worker("pod-b", { state: "missing", cpu: 1 })];
    const now = new Date("2026-11-24T11:12:05.000Z");
    const master = { id: "master-1", cpu: 0.1, cpuLimit: 0.25, memory: 1 };
    const sample = toSample(status({ workers, master, rps: 12.3456 }), "hold", 3.1239, now);
    expect(sample).to.deep.include({ workerCpu: { "pod-a": 0.8 }, masterCpu: 0.4, workers: 1, rps: 12.35, t: 3.124 });
    expect(sample).to.include({ time: "2026-11-24T11:12:05.000Z", phase: "hold" });
  });
});

describe("roll call", () => {
  const call = (...states: ReadonlyArray<[string, "running" | "stopped" | "missing"]>) =>
    status({ workers: states.map(([name, state]) => worker(name, { state })) });

  it("misses a worker that is missing, and one that is gone, once each", () => {
    const roll = createRollCall();
    expect(roll(call(["a", "running"], ["b", "running"], ["c", "running"]), 1)).to.deep.equal([]);
    expect(roll(call(["a", "running"], ["b", "missing"]), 2)).to.deep.equal([
      { name: "b", t: 2, left: false },
      { name: "c", t: 2, left: false },
    ]);
    expect(roll(call(["a", "running"], ["b", "missing"]), 3)).to.deep.equal([]);
  });

  it("does not miss a worker that was told to stop", () => {
    const roll = createRollCall();
    roll(call(["a", "running"]), 1);
    expect(roll(call(["a", "stopped"]), 2)).to.deep.equal([]);
  });

  it("misses a worker that came back and left again", () => {
    const roll = createRollCall();
    roll(call(["a", "running"]), 1);
    roll(call(["a", "missing"]), 2);
    roll(call(["a", "running"]), 3);
    expect(roll(call(["a", "missing"]), 4)).to.deep.equal([{ name: "a", t: 4, left: false }]);
  });

  it("tells a worker that said goodbye from one that is lost, and who ended it", () => {
    const roll = createRollCall();
    roll(call(["a", "running"], ["b", "running"]), 1);
    const gone = (name: string, endedAt: Place | null) => worker(name, { state: "stopped", leaving: true, endedAt });
    const workers = [gone("a", { file: "shop.py", line: 9 }), gone("b", null)];
    expect(roll(status({ workers }), 2)).to.deep.equal([
      { name: "a", t: 2, left: true, cause: "the script ended it (shop.py, line 9)" },
      { name: "b", t: 2, left: true, cause: "it was told to end" },
    ]);
    expect(roll(status({ workers }), 3)).to.deep.equal([]);
  });
});
