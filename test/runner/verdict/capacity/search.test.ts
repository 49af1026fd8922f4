import { expect } from "chai";
import fc from "fast-check";
import {
  nextLevel,
  type SearchOptions,
  searchDefaults,
  type Tried,
  usualSteps,
} from "../../../../runner/verdict/capacity/search";

const options: SearchOptions = { ...searchDefaults, from: 10, most: Number.POSITIVE_INFINITY, whole: true };

/** Holds what a search asks for, until it is done. */
function search(
  target: (level: number, hold: number) => Pick<Tried, "held" | "rps">,
  change: Partial<SearchOptions> = {},
) {
  const tried: Tried[] = [];
  for (;;) {
    const next = nextLevel(tried, { ...options, ...change });
    if (next.kind === "done") return { ...next, tried };
    tried.push({ level: next.level, ...target(next.level, tried.length) });
  }
}

/** A target that takes so much, and answers all of it. */
const upTo = (most: number) => (level: number) => ({ held: level <= most, rps: Math.min(level, most) });

const limits = fc.integer({ min: 1, max: 100_000 });
const firsts = fc.integer({ min: 1, max: 1000 });

describe("the search for a capacity", () => {
  it("finds the most that a target takes, within the precision and in few steps", () => {
    fc.assert(
      fc.property(limits, firsts, fc.double({ min: 0.01, max: 0.3, noNaN: true }), (most, from, precision) => {
        const found = search(upTo(most), { from, precision });
        const { level, broke, tried } = found;
        if (level === null || broke === null) throw new Error("it found nothing");
        expect(level).to.be.at.most(most);
        expect(broke).to.be.above(most);
        expect(broke <= level * (1 + precision) || broke - level === 1, `${level} ${broke}`).to.equal(true);
        expect(found.limit).to.equal("broke");
        expect(tried.length).to.be.at.most(usualSteps({ ...options, from, precision }, 17) + 12);
      }),
    );
  });

  it("finds the same for levels that are no whole numbers", () => {
    const any = fc.double({ min: 0.02, max: 5000, noNaN: true });
    fc.assert(
      fc.property(any, (most) => {
        const { level, broke } = search(upTo(most), { whole: false });
        if (level === null || broke === null) throw new Error("it found nothing");
        expect(level).to.be.at.most(most);
        expect(broke).to.be.above(most);
        expect(broke / level).to.be.at.most(1.051);
      }),
    );
  });

  it("has the answer held three times, and what broke broken twice", () => {
    const { level, broke, tried } = search(upTo(700));
    expect(tried.filter((one) => one.level === level && one.held)).to.have.length(3);
    expect(tried.filter((one) => one.level === broke && !one.held)).to.have.length(2);
    expect(tried[0]?.level).to.equal(10);
    expect(tried.map((one) => one.level).slice(1, 4)).to.deep.equal([20, 40, 80]);
  });

  it("is not misled by one hold that breaks by chance", () => {
    fc.assert(
      fc.property(limits, fc.nat(12), (most, fluke) => {
        const { level } = search((level, hold) => ({ ...upTo(most)(level), held: level <= most && hold !== fluke }));
        expect(level).to.be.within(Math.floor(most / 1.05) - 1, most);
      }),
    );
  });

  it("goes down where a repeated hold breaks", () => {
    let holds = 0;
    const { level, tried } = search((at) => {
      holds += at >= 690 && at <= 700 ? 1 : 0;
      return { held: at <= 680 || (at <= 700 && holds <= 1), rps: at };
    });
    expect(level).to.be.at.most(690);
    expect(tried.length).to.be.at.most(options.mostSteps);
  });

  it("never exceeds the most, and says that this was the limit", () => {
    fc.assert(
      fc.property(limits, limits, (most, cap) => {
        const found = search(upTo(most), { most: cap });
        expect(Math.max(...found.tried.map(({ level }) => level))).to.be.at.most(cap);
        if (cap <= most) expect(found).to.deep.include({ level: cap, broke: null, limit: "most" });
      }),
    );
  });

  it("forgets levels above a limit that has become known meanwhile, and repeats none of them", () => {
    const tried = [
      { level: 10, held: true, rps: 100 },
      { level: 20, held: false, rps: 190 },
    ];
    expect(nextLevel(tried, { ...options, most: 11 })).to.deep.include({ kind: "hold", level: 11 });
    expect(nextLevel(tried, { ...options, most: 10 })).to.deep.include({ kind: "hold", level: 10, purpose: "repeat" });
    expect(nextLevel(tried, { ...options, most: 4 })).to.deep.include({ kind: "hold", level: 4 });
    expect(nextLevel(tried, { ...options, most: 0 })).to.deep.include({ kind: "done", level: null, limit: "most" });
  });

  it("stops raising where more load gives no more throughput", () => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 10_000 }), (most) => {
        const { level, limit, tried } = search((at) => ({ held: true, rps: Math.min(at, most) }));
        expect(limit).to.equal("flat");
        expect(Math.min(level ?? 0, most)).to.be.at.least(most * 0.97);
        expect(Math.max(...tried.map((one) => one.level))).to.be.at.most(most * 8);
      }),
    );
  });

  it("answers with the most throughput that held, where more users give less", () => {
    const queue = (at: number) => ({ held: at <= 31, rps: at <= 20 ? 100 + at : 85 });
    const { level, broke, tried } = search(queue);
    expect([level, broke]).to.deep.equal([20, 32]);
    expect(tried.filter((one) => one.level === 20)).to.have.length(3);
  });

  it("asks a target that fails entirely for the least at once, and goes up from there", () => {
    const dead = (most: number) => search((at) => ({ ...upTo(most)(at), dead: at > most }), { from: 40 });
    expect(dead(0).tried.map(({ level }) => level)).to.deep.equal([40, 1, 1]);
    expect(dead(0)).to.deep.include({ level: null, broke: 1, limit: "broke" });
    expect(dead(7)).to.deep.include({ level: 7, broke: 8 });
  });

  it("goes below the first level, and says where not even the lowest holds", () => {
    const { level, broke } = search(upTo(0));
    expect([level, broke]).to.deep.equal([null, 1]);
    expect(search(upTo(3), { from: 500 }).level).to.equal(3);
  });

  it("ends whatever the target does", () => {
    fc.assert(
      fc.property(
        fc.infiniteStream(fc.boolean()),
        fc.double({ min: 0.01, max: 10 }),
        fc.boolean(),
        (coin, from, whole) => {
          const { tried } = search(() => ({ held: coin.next().value === true, rps: 1 }), {
            ...{ from: whole ? Math.ceil(from) : from, whole },
          });
          expect(tried.length).to.be.at.most(options.mostSteps);
        },
      ),
    );
  });

  it("says how many steps it usually takes", () => {
    const { tried } = search(upTo(700));
    expect(tried.length).to.be.within(usualSteps(options) - 2, usualSteps(options) + 2);
  });
});
