import { expect } from "chai";
import fc from "fast-check";
import { readInfo, writeInfo } from "../../../../../runner/places/kubernetes/lock/run-info";
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
});
