import { expect } from "chai";
import fc from "fast-check";
import type { Curves } from "../../../../runner/results/report/chart";
import { thin, withHoles } from "../../../../runner/results/report/figures";

function curvesOf(...values: readonly (readonly (number | null)[])[]): Curves {
  const lines = values.map((one, index) => ({
    ...({ label: `${index}`, colour: "series-1", width: 1 } as const),
    values: one,
  }));
  return { times: (values[0] ?? []).map((_, index) => index), lines };
}

const value = fc.option(fc.integer({ min: 0, max: 1000 }), { freq: 6 });
const curves = fc
  .integer({ min: 1, max: 400 })
  .chain((length) =>
    fc.array(fc.array(value, { minLength: length, maxLength: length }), { minLength: 1, maxLength: 5 }),
  )
  .map((values) => curvesOf(...values));

const known = (values: readonly (number | null)[]) => values.filter((one) => one !== null);

describe("thin", () => {
  it("keeps to the limit, and only what was measured, with both ends and every peak", () => {
    fc.assert(
      fc.property(curves, fc.integer({ min: 20, max: 100 }), (all, most) => {
        const { times, lines } = thin(all, most);
        expect(times.length).to.be.at.most(most);
        expect(times.length).to.be.at.least(Math.min(all.times.length, 2));
        expect([times[0], times.at(-1)]).to.deep.equal([all.times[0], all.times.at(-1)]);
        expect([...new Set(times)].sort((a, b) => a - b)).to.deep.equal(times);
        for (const [index, line] of lines.entries()) {
          const before = all.lines[index]?.values ?? [];
          expect(line.values).to.deep.equal(times.map((time) => before[time]));
          for (const extreme of [Math.min, Math.max]) {
            expect(extreme(...known(line.values))).to.equal(extreme(...known(before)));
          }
        }
      }),
    );
  });

  it("keeps a gap of a single sample", () => {
    const values = Array.from({ length: 5000 }, (_, index) => (index === 3210 ? null : 7));
    const { lines, times } = thin(curvesOf(values), 100);
    expect(times.length).to.be.at.most(100);
    const gap = lines[0]?.values.indexOf(null) ?? -1;
    expect(times[gap]).to.equal(3210);
  });

  it("uses the points that it may", () => {
    const values = Array.from({ length: 50_000 }, (_, index) => Math.sin(index * 1.7));
    expect(thin(curvesOf(values), 2000).times.length).to.be.within(1500, 2000);
  });

  it("leaves a short run as it is", () => {
    const short = curvesOf([1, null, 3]);
    expect(thin(short)).to.equal(short);
  });
});

describe("withHoles", () => {
  it("puts a gap where nothing was sampled for a while", () => {
    const { lines } = curvesOf([1, 2, 3, 4], [5, 6, 7, 8]);
    const holed = withHoles({ times: [0, 1, 2, 32], lines });
    expect(holed.times).to.deep.equal([0, 1, 2, 17, 32]);
    expect(holed.lines.map(({ values }) => values)).to.deep.equal([
      [1, 2, 3, null, 4],
      [5, 6, 7, null, 8],
    ]);
  });

  it("takes a late sample, and a slow series, for no hole", () => {
    const { lines } = curvesOf([1, 2, 3, 4]);
    for (const times of [
      [0, 1, 2, 6],
      [0, 30, 60, 95],
    ]) {
      expect(withHoles({ times, lines })).to.deep.equal({ times, lines });
    }
  });
});
