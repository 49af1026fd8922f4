import { expect } from "chai";
import { Integrity } from "../../../runner/verdict/integrity";
import { missingUsers } from "../../../runner/verdict/script";
import { sampleAt } from "../results/make";

const kind = (type: string, count: number, message = "", line: number | null = 12) => ({
  ...{ type, message, count, line },
  file: line === null ? null : "shop.py",
});

describe("why users are not there", () => {
  it("is told by how they ended, the most frequent first", () => {
    const kinds = [
      kind("StopUser", 6),
      kind("KeyError", 3, "'access'", 9),
      kind("stop()", 2, "", null),
      kind("kill", 1),
    ];
    expect(missingUsers({ left: { count: 12, kinds }, most: null })).to.deep.equal([
      "6 ended by themselves: StopUser (shop.py, line 12)",
      "3 ended by an error: KeyError: 'access' (shop.py, line 9)",
      "2 ended by themselves: stop()",
      "1 in other ways",
    ]);
  });

  it("has the beginning of a long message, on one line", () => {
    const kinds = [kind("LookupError", 2, `no account\nleft ${"for this user ".repeat(100)}`)];
    const [text = ""] = missingUsers({ left: { count: 2, kinds }, most: null });
    expect(text).to.match(/^2 ended by an error: LookupError: no account left for .*… \(shop\.py, line 12\)$/);
    expect(text).to.have.length.below(230);
  });

  it("is told where the script's classes allow fewer", () => {
    expect(missingUsers({ left: { count: 0, kinds: [] }, most: 2 })).to.deep.equal([
      "the script's user classes allow 2 (fixed_count)",
    ]);
  });

  it("is a problem where a class has no tasks, though all are there", () => {
    const integrity = new Integrity({ users: 6, spawnRate: 6, workers: 2, shape: null });
    for (let t = 0; t <= 20; t += 1) integrity.add(sampleAt(t, { users: 6 }));
    integrity.explainUsers([], ["Idle"]);
    expect(integrity.report().problems).to.deep.equal(["users: class Idle has no tasks, so users in it do nothing"]);
  });

  it("stands in the problem of the load; where the load was as asked, it is a warning", () => {
    const reportOf = (users: number) => {
      const integrity = new Integrity({ users: 100, spawnRate: 10, workers: 2, shape: null });
      for (let t = 0; t <= 60; t += 1) integrity.add(sampleAt(t, { users }));
      integrity.explainUsers(["40 ended by themselves: StopUser"]);
      return integrity.report();
    };
    expect(reportOf(60).problems).to.deep.equal([
      "users: 60 of 100 asked for 45 s of 45 s (from 5 s after the ramp on): 40 ended by themselves: StopUser",
    ]);
    expect(reportOf(100)).to.deep.include({ problems: [], warnings: ["users: 40 ended by themselves: StopUser"] });
    expect(reportOf(100).users.missing).to.deep.equal(["40 ended by themselves: StopUser"]);
  });
});
