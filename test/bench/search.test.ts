import { expect } from "chai";
import fc from "fast-check";
import { highest, mostThatFits } from "../../bench/cluster/search";

describe("the search for the most a worker can do", () => {
  const options = { from: 100, stride: 0.25, precision: 0.04, least: 30, most: 9800 };

  it("finds the most users that fit, to its precision, wherever it begins", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 30, max: 9800 }),
        fc.integer({ min: 1, max: 20_000 }),
        fc.double({ min: 0.02, max: 0.5, noNaN: true }),
        async (limit, from, stride) => {
          const seen: number[] = [];
          const { best } = await mostThatFits(
            async (users) => {
              seen.push(users);
              return users;
            },
            (users) => users <= limit,
            { ...options, from, stride },
          );
          if (best === undefined) throw new Error("nothing fits");
          expect(best.users).to.be.at.most(limit);
          // What is a share below the first that does not fit, or one user.
          expect(best.users).to.be.at.least(Math.min(limit, Math.floor((limit + 1) * 0.95) - 1));
          for (const users of seen) expect(users).to.be.within(30, 9800);
          expect(seen.length).to.be.below(40);
        },
      ),
    );
  });

  it("finds nothing where not even the least fit, and ends", async () => {
    const { best, steps } = await mostThatFits(
      async (users) => users,
      () => false,
      options,
    );
    expect(best).to.equal(undefined);
    expect(steps.at(-1)?.users).to.equal(30);
  });

  it("stops at the most that it may ask for", async () => {
    const { best } = await mostThatFits(
      async (users) => users,
      () => true,
      options,
    );
    expect(best?.users).to.equal(9800);
  });

  it("doubles users for as long as that gives more", async () => {
    const rps = async (users: number) => Math.min(users * 100, 1500);
    const { best, steps } = await highest(rps, (value) => value, { from: 4 });
    expect(best).to.deep.equal({ users: 16, value: 1500 });
    expect(steps.map(({ users }) => users)).to.deep.equal([4, 8, 16, 32]);
  });

  it("gives the best step, not the last one", async () => {
    const rps = async (users: number) => (users === 4 ? 300 : 200);
    expect((await highest(rps, (value) => value, { from: 4 })).best.users).to.equal(4);
  });
});
