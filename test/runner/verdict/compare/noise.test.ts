import { expect } from "chai";
import fc from "fast-check";
import { chanceOf, logIntervalOf, roundingStep } from "../../../../runner/verdict/compare/noise";
import { randomFrom } from "./runs";

const range = (count: number, from: number) => Array.from({ length: count }, (_, index) => from + index);
const group = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 4, maxLength: 8 });

describe("chanceOf", () => {
  it("is the share of deals that are at least as far apart", () => {
    expect(chanceOf(range(4, 1), range(4, 5))).to.be.closeTo(2 / 70, 1e-12);
    expect(chanceOf(range(3, 1), range(3, 4))).to.be.closeTo(2 / 20, 1e-12);
    expect(chanceOf([1, 1, 1, 1], [1, 1, 1, 2])).to.equal(1);
    expect(chanceOf(range(4, 10), range(6, 1))).to.be.closeTo(1 / 210, 1e-12);
  });

  it("counts equal sums as equal, whatever the order they are added in", () => {
    // 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1 in a computer.
    expect(chanceOf([0.1, 0.2, 0.3, 0.7], [0.3, 0.2, 0.1, 0.7])).to.equal(1);
    expect(chanceOf([0.1, 0, 0, 0, 0.2], [0, 0, 0.3, 0, 0])).to.equal(1);
  });

  it("is 1 without any value above 0, and for two equal groups", () => {
    expect(chanceOf([0, 0, 0, 0], [0, 0, 0, 0])).to.equal(1);
    expect(chanceOf(range(50, 1), range(50, 1))).to.equal(1);
  });

  it("draws deals where there are too many to look at all, with about the same answer", () => {
    const random = randomFrom(1);
    const many = (from: number) => Array.from({ length: 40 }, () => from + random());
    expect(chanceOf(many(10), many(11))).to.be.below(0.001);
    // The means of these are two standard errors apart: 4.6 % in a normal distribution.
    const spread = range(40, 0).map((value) => value / 40);
    const shift = 2 * Math.sqrt(2 / 12 / 40);
    expect(
      chanceOf(
        spread,
        spread.map((value) => value + shift),
      ),
    ).to.be.within(0.03, 0.07);
  });

  it("is a share, and the same in either order and each time", () => {
    const longer = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 10, maxLength: 14 });
    fc.assert(
      fc.property(fc.oneof(group, longer), fc.oneof(group, longer), (one, other) => {
        const chance = chanceOf(one, other);
        expect(chance).to.be.within(0, 1);
        expect(chanceOf(other, one)).to.equal(chance);
        expect(chanceOf(one, other)).to.equal(chance);
      }),
      { numRuns: 40 },
    );
  });
});

describe("logIntervalOf", () => {
  it("grows with the scatter, and is 0 without any", () => {
    expect(logIntervalOf([5, 5, 5, 5], [9, 9, 9, 9])).to.equal(0);
    const [little, much] = [1, 10].map((step) =>
      logIntervalOf([100, 100 + step, 100 - step, 100], [100, 100, 100, 100]),
    );
    expect(little).to.be.within(0.001, 0.01);
    expect(much).to.be.within(0.03, 0.1);
  });

  it("is null where values may all be 0", () => {
    expect(logIntervalOf([0, 0, 0, 0], [1, 1, 1, 1])).to.equal(null);
    expect(logIntervalOf([0, 0, 0, 1], [1, 1, 1, 1])).to.equal(null);
  });

  it("is the same in either order", () => {
    fc.assert(
      fc.property(group, group, (one, other) => {
        const [there, back] = [logIntervalOf(one, other), logIntervalOf(other, one)];
        if (there === null) expect(back).to.equal(null);
        else expect(back).to.be.closeTo(there, 1e-9);
      }),
      { numRuns: 20 },
    );
  });
});

describe("roundingStep", () => {
  it("is Locust's: 1 ms below 100, then two digits stay", () => {
    expect([0, 3, 99, 100, 147, 990, 1000, 9900, 10_000, 58_000].map(roundingStep)).to.deep.equal([
      ...[1, 1, 1, 10, 10, 10],
      ...[100, 100, 1000, 1000],
    ]);
  });
});
