import { expect } from "chai";
import fc from "fast-check";
import { difference, measure, percentile } from "../../../../runner/verdict/capacity/measure";
import { counted, countsAt } from "./steps";

const someTimes = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 200 });

describe("what is counted between two moments", () => {
  it("is what came in between, whatever was there before", () => {
    fc.assert(
      fc.property(someTimes, someTimes, (before, after) => {
        const all = counted([...before, ...after]);
        expect(difference(all, counted(before))).to.deep.equal(counted(after));
        const measured = measure(countsAt(10, counted(before)), countsAt(14, all));
        expect(measured?.seconds).to.equal(4);
        const total = measured?.rows.at(-1);
        expect(total).to.deep.include({
          method: "",
          name: "Aggregated",
          requests: after.length,
          max: Math.max(...after),
        });
        expect(total?.rps).to.be.closeTo(after.length / 4, 1e-9);
        expect(total?.avg).to.be.closeTo(after.reduce((sum, time) => sum + time, 0) / after.length, 1e-6);
      }),
    );
  });

  it("has Locust's percentiles: the least time that this share of the requests took at most", () => {
    // As Locust's own calculate_response_time_percentile says of them.
    const ten = counted([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect([0.5, 0.9, 0.95, 1].map((share) => percentile(ten, share))).to.deep.equal([6, 10, 10, 10]);
    fc.assert(
      fc.property(someTimes, fc.double({ min: 0, max: 1, noNaN: true }), (times, share) => {
        const value = percentile(counted(times), share) ?? 0;
        expect(times).to.include(value);
        expect(times.filter((time) => time > value).length).to.be.at.most(
          times.length - Math.trunc(times.length * share),
        );
      }),
    );
  });

  it("divides what each worker has counted by the time between its own reports", () => {
    const from = countsAt(0, counted([]), {
      workers: [
        { id: "a", at: 0, requests: 0 },
        { id: "b", at: 0.5, requests: 0 },
      ],
    });
    const to = countsAt(0, counted(Array(150).fill(5)), {
      workers: [
        { id: "a", at: 10, requests: 100 },
        { id: "b", at: 5.5, requests: 50 },
      ],
    });
    expect(measure(from, to)?.rows.at(-1)?.rps).to.equal(20);
  });

  it("has each request by itself, and leaves out those that were not made", () => {
    const index = { method: "GET", name: "/" };
    const form = { method: "POST", name: "/form" };
    const from = countsAt(0, counted([5, 9]), {
      requests: [
        { ...index, ...counted([5]) },
        { ...form, ...counted([9]) },
      ],
    });
    const more = [
      { ...index, ...counted([5, 7, 7], 1) },
      { ...form, ...counted([9]) },
    ];
    const rows = measure(from, countsAt(2, counted([5, 9, 7, 7], 1), { requests: more }))?.rows ?? [];
    expect(
      rows.map(({ method, name, requests, failures, rps }) => [method, name, requests, failures, rps]),
    ).to.deep.equal([
      ["GET", "/", 2, 1, 1],
      ["", "Aggregated", 2, 1, 1],
    ]);
  });

  it("is unknown where it was thrown away, or is of another run", () => {
    const before = countsAt(0, counted([1, 2, 3]));
    expect(measure(before, countsAt(5, counted([1])))).to.equal(undefined);
    expect(measure(before, countsAt(5, counted([1, 2, 3, 4]), { run: 2 }))).to.equal(undefined);
    expect(measure(before, countsAt(0, counted([1, 2, 3])))).to.equal(undefined);
  });
});
