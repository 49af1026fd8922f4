import { expect } from "chai";
import fc from "fast-check";
import { windowsOf } from "../../../../runner/verdict/compare/noise";
import { sampleAt } from "../../results/make";
import { runOf, usual } from "./runs";

const moments = [310, 320, 330, 340, 350].map((p95) => ({ ...usual, p95 }));
const { samples } = runOf("a", moments);

describe("windowsOf", () => {
  it("has Locust's values at the end of each ten seconds of full load", () => {
    const windows = windowsOf(samples);
    expect(windows.p95).to.deep.equal([310, 320, 330, 340, 350]);
    expect(windows.rps).to.deep.equal([50, 50, 50, 50, 50]);
    expect(windows.fail_ratio).to.deep.equal([0.02, 0.02, 0.02, 0.02, 0.02]);
  });

  it("leaves out what is not full load, and a rest shorter than a window", () => {
    const ramp = samples.filter(({ phase }) => phase === "ramp");
    const stop = sampleAt(70, { phase: "stop", p95: 9999 });
    expect(windowsOf(ramp).p95).to.deep.equal([]);
    expect(windowsOf([]).rps).to.deep.equal([]);
    const cut = samples.filter(({ t }) => t <= 57);
    expect(windowsOf([...cut, stop]).p95).to.deep.equal([310, 320, 330, 340]);
  });

  it("takes samples that come a little early or late", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -0.4, max: 0.4, noNaN: true }), { minLength: 61, maxLength: 61 }),
        (off) => {
          const shaken = samples.map((sample, index) => ({ ...sample, t: sample.t + (off[index] ?? 0) }));
          expect(windowsOf(shaken).p95).to.have.length(5);
        },
      ),
    );
  });

  it("leaves out the windows on both sides of a gap, and those in it", () => {
    const gap = (from: number, to: number) => windowsOf(samples.filter(({ t }) => t < from || t > to)).p95;
    expect(gap(24, 26)).to.deep.equal([310, 320, 330, 340, 350]);
    expect(gap(28, 32)).to.deep.equal([310, 340, 350]);
    expect(gap(28, 42)).to.deep.equal([310, 350]);
    expect(gap(48, 70)).to.deep.equal([310, 320, 330]);
  });

  it("is never broken by missing samples", () => {
    fc.assert(
      fc.property(fc.subarray([...samples]), (some) => {
        const windows = windowsOf(some);
        expect(windows.rps.length).to.be.at.most(5);
        expect([...windows.p95, ...windows.rps, ...windows.fail_ratio].every(Number.isFinite)).to.equal(true);
      }),
    );
  });

  it("has no times where nothing was answered: Locust says 0", () => {
    const still = samples.map((sample) => (sample.t > 40 ? { ...sample, requests: 2000, p95: 0, rps: 0 } : sample));
    const windows = windowsOf(still.map((sample) => ({ ...sample, requests: Math.min(sample.requests, 2000) })));
    expect(windows.p95).to.deep.equal([310, 320, 330]);
    expect(windows.fail_ratio).to.have.length(3);
    expect(windows.rps).to.deep.equal([50, 50, 50, 0, 0]);
  });

  it("leaves out a window in which the statistics were reset", () => {
    const reset = samples.map((sample) => (sample.t > 33 ? { ...sample, requests: sample.requests - 1700 } : sample));
    expect(windowsOf(reset).p95).to.deep.equal([310, 320, 340, 350]);
  });
});
