import { expect } from "chai";
import fc from "fast-check";
import { hasNotBegun, isGoing, isOver, matching, workersBefore } from "../../../../runner/cli/deployed-test/master-run";
import type { LocustStatus } from "../../../../runner/types";
import { status } from "../../engine/scripted";
import { runInfo } from "../../places/kubernetes/lock/infos";

describe("the info on a run in a cluster", () => {
  it("matches the master's latest run only", () => {
    const ours = runInfo({ masterId: "m", run: 3 });
    const seen = (id: string, run: number) => status({ run, master: { ...status().master, id } });
    expect(matching(ours, seen("m", 3))).to.equal(ours);
    for (const other of [seen("m", 4), seen("n", 3)]) expect(matching(ours, other)).to.equal(undefined);
    expect(matching(runInfo(), seen("m", 0)), "of a run that has not begun").to.equal(undefined);
    expect(matching(undefined, seen("m", 3))).to.equal(undefined);
  });

  it("says how many workers there were, unless somebody has changed them since", () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (workers, workerReplicas, present) => {
        const before = workersBefore(runInfo({ workers, before: { workerReplicas, script: "a.py" } }), present);
        expect(before).to.equal(present === workers ? workerReplicas : present);
      }),
    );
  });

  it("is of a run that goes on in three of the master's states", () => {
    const states = ["ready", "spawning", "running", "stopping", "stopped", "cleanup", "missing"] as const;
    expect(states.filter((state) => isGoing(status({ state })))).to.deep.equal(["spawning", "running", "stopping"]);
  });

  describe("tells of a run that is over", () => {
    const status = (state: LocustStatus["state"], run = 3, id = "m") => ({
      ...{ state, run },
      master: { id, cpu: 0, cpuLimit: 1, memory: 0 },
    });
    const known = runInfo({ masterId: "m", run: 3 });

    it("when the master is idle", () => {
      expect(isOver(known, status("stopped"))).to.equal(true);
      for (const state of ["spawning", "running", "stopping", "cleanup"] as const) {
        expect(isOver(known, status(state)), state).to.equal(false);
      }
    });

    it("when the master is in another run, or is another one", () => {
      expect(isOver(known, status("running", 4))).to.equal(true);
      expect(isOver(known, status("running", 3, "another"))).to.equal(true);
    });

    it("or has not begun: not of an older run that was saved already, nor of one that came later", () => {
      const seen = (run: number, kept = true, id = "m") => ({ ...status("stopped", run, id), kept });
      expect(hasNotBegun(runInfo(), seen(0, false)), "the master's first").to.equal(true);
      expect(hasNotBegun(runInfo(), seen(2)), "behind a saved one").to.equal(true);
      expect(hasNotBegun(runInfo(), seen(3, false)), "of the web UI").to.equal(false);
      expect([2, 3, 4].map((run) => hasNotBegun(known, seen(run)))).to.deep.equal([true, false, false]);
      expect(hasNotBegun(known, seen(1, true, "another")), "of a master that is gone").to.equal(false);
    });

    it("when it never began, as far as can be told", () => {
      expect(isOver(runInfo(), status("ready", 0))).to.equal(true);
      expect(isOver(runInfo(), status("running", 1)), "it may be this one").to.equal(false);
    });
  });
});
