import { expect } from "chai";
import fc from "fast-check";
import { isFlat, isOverRate, mostLevel, usersFor } from "../../../../runner/verdict/capacity/cap";
import type { CapacityStep } from "../../../../runner/verdict/capacity/report";
import { nextLevel, searchDefaults } from "../../../../runner/verdict/capacity/search";
import { asked, counted, countsAt, stepAt } from "./steps";

const free = { by: "users", maxUsers: null, maxArrivalRate: null, maxRps: null } as const;

describe("the limits of a search", () => {
  it("are none where none is given, and the most users", () => {
    expect(mostLevel(free, [stepAt(40)])).to.equal(Number.POSITIVE_INFINITY);
    expect(mostLevel({ ...free, maxUsers: 25 }, [])).to.equal(25);
    expect(mostLevel({ ...free, by: "arrivals", maxRps: 80 }, [])).to.equal(80);
  });

  it("end a search whose every further level is within them, whatever a user asks for a second", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 3000, noNaN: true }),
        fc.integer({ min: 1, max: 5000 }),
        fc.constantFrom("users", "arrivals"),
        (each, maxRps, by) => {
          const search = { ...asked, by, maxRps };
          const steps: CapacityStep[] = [];
          for (;;) {
            const most = mostLevel(search, steps);
            const options = {
              ...searchDefaults,
              ...search,
              from: by === "users" ? 10 : 1,
              most,
              whole: by === "users",
            };
            const tried = steps.flatMap(({ level, outcome, rps }) =>
              outcome === "held" ? [{ level, held: true, rps }] : [],
            );
            const next = nextLevel(tried, options);
            if (next.kind === "done") break;
            const rps = next.level * each;
            steps.push(stepAt(next.level, { rps, outcome: rps > maxRps ? "beyond" : "held" }));
          }
          const beyond = steps.filter(({ outcome }) => outcome === "beyond");
          // Only the first level is asked for without knowing what it gives.
          expect(beyond.length).to.be.at.most(1);
          for (const step of beyond) expect(step).to.equal(steps[0]);
          if (by === "users" && each > maxRps) expect(steps).to.have.length(1);
        },
      ),
    );
  });

  it("go down from a level that was left for its users, by what these started", () => {
    const arrivals = { due: 510, started: 50, dropped: 10, late: 0, underWay: 50 };
    const step = stepAt(100, { outcome: "beyond", arrivals });
    expect(mostLevel({ ...free, by: "arrivals", maxUsers: 50 }, [step])).to.be.closeTo(48.5, 0.01);
  });

  it("are passed by more requests than chance would have it", () => {
    const at = (requests: number, second: number) => countsAt(second, counted(Array<number>(requests).fill(5)));
    expect(isOverRate(at(0, 0), at(600, 1), 500)).to.equal(true);
    expect(isOverRate(at(0, 0), at(520, 1), 500)).to.equal(false);
    expect(isOverRate(at(0, 0), at(5800, 10), 500)).to.equal(true);
    expect(isOverRate(at(0, 0), at(600, 1), null)).to.equal(false);
    expect(isOverRate(at(5, 1), at(5, 1), 500)).to.equal(false);
  });

  it("are the target's only where more users start no more iterations", () => {
    const before = { users: 30, started: 30 };
    expect(isFlat(undefined, before)).to.equal(false);
    expect(isFlat(before, { users: 60, started: 59 })).to.equal(false);
    expect(isFlat(before, { users: 60, started: 31 })).to.equal(true);
    expect(isFlat(before, { users: 33, started: 30 })).to.equal(false);
  });

  it("are raised by what iterations take", () => {
    const arrivals = { due: 1, started: 30, dropped: 0, late: 0, underWay: 30 };
    expect(usersFor(60, 30, arrivals)).to.equal(90);
    expect(usersFor(31, 30, arrivals)).to.equal(47);
    expect(usersFor(900, 30, { ...arrivals, started: 0 })).to.equal(120);
  });
});
