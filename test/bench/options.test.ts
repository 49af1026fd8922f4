import { expect } from "chai";
import { parseOptions } from "../../bench/cluster/options";

describe("npm run bench:cluster", () => {
  it("measures all five times", () => {
    expect(parseOptions([])).to.deep.equal({
      ...{ rounds: 5, only: ["capacity", "memory", "master", "start", "profile"] },
      ...{ quick: false, match: undefined, page: false, add: false, help: false },
    });
  });

  it("takes some parts alone", () => {
    expect(parseOptions(["--only", "start,memory", "--rounds", "2"])).to.deep.include({
      ...{ only: ["start", "memory"], rounds: 2 },
    });
  });

  for (const args of [["--rounds", "0"], ["--rounds", "many"], ["--only", "speed"], ["--fast"]]) {
    it(`refuses ${args.join(" ")}`, () => {
      expect(() => parseOptions(args)).to.throw(new RegExp(args[0] ?? ""));
    });
  }
});
