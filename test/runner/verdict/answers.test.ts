import { expect } from "chai";
import type { Sample } from "../../../runner/types";
import { AnswerWatch } from "../../../runner/verdict/requests";
import { sampleAt } from "../results/make";

/** A sample a second; after `answeredUntil` all of 5 users wait. */
function watch(answeredUntil: number, seconds: number, more: Partial<Sample> = {}): AnswerWatch {
  const answers = new AnswerWatch();
  for (let t = 0; t <= seconds; t++) {
    const stuck = t > answeredUntil;
    const requests = Math.min(t, answeredUntil) * 100;
    answers.add(sampleAt(t, { requests, p99: stuck ? null : 20, underWay: stuck ? 5 : 1, ...more }));
  }
  // What the end cuts off is counted then.
  answers.add(sampleAt(seconds + 1, { phase: "stop", requests: answeredUntil * 100 + 5, underWay: 0 }));
  return answers;
}

describe("a target that stops answering", () => {
  it("is told, however many requests it answered before", () => {
    expect(watch(3, 14).report(5)).to.equal(
      "The target answered nothing in the last 11 s of 14 s, with 5 requests under way.",
    );
    expect(watch(0, 6).report(5), "none at all").to.match(/in the last 6 s of 6 s/);
  });

  it("is not one that answers to the end, or is silent for less than five seconds", () => {
    expect(watch(14, 14).report(1)).to.equal(undefined);
    expect(watch(10, 14).report(5)).to.equal(undefined);
  });

  it("is not one that answers in the grace after the end, or whose answers take as long", () => {
    expect(watch(3, 14).report(4)).to.equal(undefined);
    expect(watch(8, 14, { p99: 4000 }).report(5)).to.equal(undefined);
  });

  it("is not one of which nobody waits for an answer", () => {
    expect(watch(3, 14, { underWay: 0 }).report(0)).to.equal(undefined);
  });
});
