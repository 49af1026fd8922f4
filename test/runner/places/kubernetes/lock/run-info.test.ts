import { expect } from "chai";
import fc from "fast-check";
import { describeRun, type RunInfo, readInfo, writeInfo } from "../../../../../runner/places/kubernetes/lock/run-info";
import { runInfo } from "./infos";

describe("the info on a run", () => {
  it("is read back as it was written, and without settings where they are too long", () => {
    const full = runInfo({ masterId: "m", run: 3, results: "/r", settings: { environment: { A: "1" } } });
    for (const each of [runInfo(), full])
      expect(readInfo(writeInfo(each))).to.deep.equal({ info: each, problem: undefined });
    const long = runInfo({ settings: { environment: { A: "ü".repeat(150_000) } } });
    expect(writeInfo(long).length).to.be.below(1000);
    expect(readInfo(writeInfo(long)).info).to.deep.equal(runInfo());
  });

  it("is no reason to fail where it is damaged, of a newer version, or missing", () => {
    const newer = { ...runInfo(), schemaVersion: 2, more: true };
    expect(readInfo(JSON.stringify(newer)).problem).to.equal(
      "the info on the run was written by a newer loadtest (version 2)",
    );
    expect(readInfo(undefined).problem).to.equal("the info on the run is missing");
    expect(readInfo("{").problem).to.equal("the info on the run is damaged: it is no JSON");
    expect(readInfo(JSON.stringify({ ...runInfo(), users: "many" })).problem).to.match(
      /^the info on the run is damaged: users: /,
    );
    expect(readInfo(JSON.stringify({ ...runInfo(), more: "of the same version" })).info).to.deep.equal(runInfo());
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const { info, problem } = readInfo(text);
        expect(info).to.equal(undefined);
        expect(problem).to.match(/^the info on the run [^\n]+$/);
      }),
    );
  });

  describe("is told in one sentence", () => {
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
  });
});
