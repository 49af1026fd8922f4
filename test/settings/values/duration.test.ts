import { expect } from "chai";
import fc from "fast-check";
import { InvalidValueError } from "../../../settings/errors";
import { parseDuration } from "../../../settings/values/duration";

describe("parseDuration", () => {
  const right: readonly (readonly [string, number])[] = [
    ["20", 20],
    ["20s", 20],
    ["3m", 180],
    ["2h", 7200],
    ["1h20m", 4800],
    ["3h30m10s", 12610],
    ["1h5s", 3605],
    ["0h1m", 60],
    ["090s", 90],
  ];
  for (const [text, seconds] of right) {
    it(`reads ${text} as ${seconds} s`, () => {
      expect(parseDuration(text)).to.equal(seconds);
    });
  }

  const wrong = [
    "",
    "0",
    "0s",
    "0h0m0s",
    "1d",
    "1m20",
    "20s3m",
    "1h 20m",
    " 20",
    "-5",
    "1.5m",
    "2H",
    "m",
    "9".repeat(20),
  ];
  for (const text of wrong) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseDuration(text)).to.throw(InvalidValueError, "as Locust writes it");
    });
  }

  it("adds up whichever parts are there", () => {
    const part = fc.option(fc.nat(9999), { nil: undefined });
    fc.assert(
      fc.property(part, part, part, (hours, minutes, seconds) => {
        const write = (number: number | undefined, unit: string) => (number === undefined ? "" : `${number}${unit}`);
        const text = `${write(hours, "h")}${write(minutes, "m")}${write(seconds, "s")}`;
        const total = (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
        fc.pre(total > 0);
        expect(parseDuration(text)).to.equal(total);
      }),
    );
  });
});
