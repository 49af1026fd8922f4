import { expect } from "chai";
import { describeHolder, describeRun } from "../../../runner/cli/terminal/run-text";
import type { LeaseView } from "../../../runner/places/kubernetes/lock/lease";
import type { RunInfo } from "../../../runner/places/kubernetes/lock/run-info";
import { runInfo } from "../places/kubernetes/lock/infos";

describe("a run in a cluster is told in one sentence", () => {
  const told = (parts: Partial<RunInfo>, now: string) =>
    describeRun(runInfo({ host: "laptop", ...parts }), new Date(now));

  it("with who, what, since when and until when", () => {
    expect(told({}, "2026-11-24T10:15:44.500Z")).to.equal(
      "sam@laptop runs script1.py with 20 users since 10:15:02 UTC (42 s); it ends at 10:16:02 UTC",
    );
    expect(told({ mode: "start", users: 1, runTime: 5400 }, "2026-11-24T11:20:02Z")).to.equal(
      "sam@laptop started script1.py with 1 user at 10:15:02 UTC (1 h 5 min ago); it ends at 11:45:02 UTC",
    );
  });

  it("where it has no end, is late, or is of another day", () => {
    expect(told({ runTime: null }, "2026-11-24T12:15:02Z")).to.equal(
      "sam@laptop runs script1.py with 20 users since 10:15:02 UTC (2 h); it runs until it is stopped",
    );
    expect(told({}, "2026-11-26T12:15:02Z")).to.equal(
      "sam@laptop runs script1.py with 20 users since 2026-11-24 10:15:02 UTC (2 d 2 h); " +
        "it should have ended at 2026-11-24 10:16:02 UTC",
    );
  });

  it("where the clock of its host is ahead of ours", () => {
    expect(told({}, "2026-11-24T10:14:00Z")).to.include("since 10:15:02 UTC (0 s); it ends at 10:16:02 UTC");
  });

  describe("by its Lease", () => {
    const now = new Date("2026-11-24T10:15:44Z");
    const since = new Date("2026-11-24T10:15:02Z");
    const view = (more: Partial<LeaseView>): LeaseView => ({
      ...{ info: runInfo({ host: "laptop" }), problem: undefined, holder: "sam@laptop, process 7" },
      ...{ since, renewed: since, duration: 15, ...more },
    });

    it("also where somebody else has taken it over", () => {
      expect(describeHolder(view({}), now)).to.equal(describeRun(runInfo({ host: "laptop" }), now));
      expect(describeHolder(view({ holder: "kim@laptop, process 8" }), now)).to.match(
        /^sam@laptop runs script1\.py .*; kim@laptop, process 8 has it now$/,
      );
    });

    it("also where its info cannot be read", () => {
      expect(describeHolder(view({ info: undefined, problem: "the info on the run is missing" }), now)).to.equal(
        "sam@laptop, process 7 has the test since 10:15:02 UTC (the info on the run is missing)",
      );
    });
  });
});
