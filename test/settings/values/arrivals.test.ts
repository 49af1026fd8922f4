import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { InvalidValueError } from "../../../settings/errors";
import {
  askedArrivals,
  isInStages,
  parseArrivals,
  peakRate,
  runSeconds,
  stagesSeconds,
} from "../../../settings/values/arrivals";

/** The plugin's own reader of the same texts is held to them too: `locust/tests/test_arrivals.py`. */
const cases = JSON.parse(readFileSync(join(__dirname, "arrivals-cases.json"), "utf8")) as {
  right: Record<string, [rate: number, seconds: number | null][]>;
  wrong: string[];
};

describe("arrivals", () => {
  it("are a rate, or stages", () => {
    for (const [text, stages] of Object.entries(cases.right)) {
      const expected = stages.map(([rate, seconds]) => (seconds === null ? { rate } : { rate, seconds }));
      expect(parseArrivals(text).stages, text).to.deep.equal(expected);
    }
  });

  it("are nothing else, and say what is right", () => {
    for (const text of cases.wrong) {
      expect(() => parseArrivals(text), JSON.stringify(text))
        .to.throw(InvalidValueError)
        .with.property("allowed", parseAllowed());
    }
  });

  it("say how high they may be", () => {
    expect(parseArrivals("1000000").stages).to.deep.equal([{ rate: 1_000_000 }]);
    expect(() => parseArrivals("5000000"))
      .to.throw(InvalidValueError)
      .with.property("allowed")
      .that.matches(/at most 1,000,000\/s$/);
  });

  const rate = fc.integer({ min: 1, max: 1_000_000_000 }).map((thousandths) => thousandths / 1000);
  const stage = fc.record({ rate, seconds: fc.integer({ min: 1, max: 100_000 }) });

  it("are read as they are written, whatever they are", () => {
    fc.assert(
      fc.property(fc.array(stage, { minLength: 1, maxLength: 20 }), (stages) => {
        const text = stages.map((one) => `${one.rate}/s:${one.seconds}s`).join("  ");
        const read = parseArrivals(text);
        expect(read.stages).to.deep.equal(stages);
        expect(parseArrivals(read.text)).to.deep.equal(read);
        expect(peakRate(read)).to.equal(Math.max(...stages.map((one) => one.rate)));
        expect(stagesSeconds(read)).to.equal(stages.reduce((sum, { seconds }) => sum + seconds, 0));
      }),
    );
  });

  it("are refused or read, and never anything else", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9./:hms ]{0,20}$/)), (text) => {
        try {
          expect(parseArrivals(text).stages.every((one) => one.rate > 0 && one.seconds !== 0)).to.equal(true);
        } catch (error) {
          expect(error).to.be.instanceOf(InvalidValueError);
        }
      }),
    );
  });

  it("say how long a run takes", () => {
    const load = { users: 25, spawnRate: 10, runTime: "2m" };
    expect(runSeconds(load)).to.equal(120);
    expect(runSeconds({ ...load, arrivalRate: "5" })).to.equal(120);
    expect(runSeconds({ ...load, arrivalRate: "5:10s 7:1m" })).to.equal(73);
    expect([undefined, "5", "5:10s"].map(isInStages)).to.deep.equal([false, false, true]);
  });

  it("are even where nothing else is said, and none without a rate", () => {
    expect(askedArrivals({ arrivalSpacing: "poisson" })).to.equal(undefined);
    expect(askedArrivals({ arrivalRate: "5" })).to.deep.equal({ rate: "5", spacing: "even" });
  });
});

function parseAllowed(): string {
  return 'a rate such as 500 or 0.5, in iterations a second, or rates with their times, such as "50/s:1m 500/s:5m 50/s:1m"; at most 1,000,000/s';
}
