import { expect } from "chai";
import fc from "fast-check";
import { hasCommand, isGoing, matching, workersBefore } from "../../../../runner/cli/deployed-test/claim";
import type { SeenLock } from "../../../../runner/places/kubernetes/lock/lock";
import type { RunNote } from "../../../../runner/places/kubernetes/lock/note";
import { status } from "../../engine/scripted";
import { note } from "../../places/kubernetes/lock/notes";

describe("the note of a run in a cluster", () => {
  it("matches the master's latest run only", () => {
    const ours = note({ masterId: "m", run: 3 });
    const seen = (id: string, run: number) => status({ run, master: { ...status().master, id } });
    expect(matching(ours, seen("m", 3))).to.equal(ours);
    for (const other of [seen("m", 4), seen("n", 3)]) expect(matching(ours, other)).to.equal(undefined);
    expect(matching(note(), seen("m", 0)), "of a run that has not begun").to.equal(undefined);
    expect(matching(undefined, seen("m", 3))).to.equal(undefined);
  });

  it("tells of a command where that renews it", () => {
    const lock = (live: boolean, mode: RunNote["mode"]) => ({ live, note: note({ mode }) }) as SeenLock;
    expect([lock(true, "run"), lock(false, "run"), lock(true, "start"), undefined].map(hasCommand)).to.deep.equal([
      ...[true, false, false, false],
    ]);
    expect(hasCommand({ live: true, note: undefined } as unknown as SeenLock), "damaged").to.equal(true);
  });

  it("says how many workers there were, unless somebody has changed them since", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (workers, workerReplicas, present) => {
        const before = workersBefore(note({ workers, before: { workerReplicas, script: "a.py" } }), present);
        expect(before).to.equal(present === workers ? workerReplicas : present);
      }),
    );
  });

  it("is of a run that goes on in three of the master's states", () => {
    const states = ["ready", "spawning", "running", "stopping", "stopped", "cleanup", "missing"] as const;
    expect(states.filter((state) => isGoing(status({ state })))).to.deep.equal(["spawning", "running", "stopping"]);
  });
});
