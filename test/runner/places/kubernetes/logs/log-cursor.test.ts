import { expect } from "chai";
import fc from "fast-check";
import { LineSplitter, LogCursor } from "../../../../../runner/places/kubernetes/logs/follow";

const begin = Date.UTC(2026, 0, 1);

/** A line of a log as Kubernetes gives it, with nanoseconds. */
const stamped = (ms: number, text: string) => `${new Date(begin + ms).toISOString().slice(0, -1)}000123Z ${text}`;

describe("where a log has been read to", () => {
  it("is nowhere before the first line, and then a little before the newest", () => {
    const cursor = new LogCursor();
    expect(cursor.since).to.equal(undefined);
    expect(cursor.take(stamped(5900, "a b"))).to.equal("a b");
    expect(cursor.take(stamped(5200, ""))).to.equal("");
    expect(cursor.since?.getTime()).to.equal(begin + 4000);
  });

  it("hands on lines without a time as they are", () => {
    expect(new LogCursor().take("rotated")).to.equal("rotated");
  });

  it("loses no line and repeats none, wherever the connection breaks", () => {
    const line = fc.record({
      // Lines that are alike at the same time, and such that are out of order by half a second.
      step: fc.oneof(fc.constant(0), fc.nat(30), fc.nat(3000)),
      late: fc.nat(500),
      text: fc.constantFrom("", "GET /", "x y  z", "ä"),
    });
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 60 }),
        fc.array(fc.nat(40), { maxLength: 8 }),
        fc.nat(20),
        (steps, cuts, begun) => {
          let now = 0;
          const log = steps.map(({ step, late, text }, index) => {
            now += step;
            // What is left out is told apart from what is not by time, or by what it says.
            const at = begun > 0 ? now : now - late;
            const said = begun > 0 ? `${text} ${index}` : text;
            return { at: begin + at, raw: stamped(at, said), text: said };
          });
          const cursor = new LogCursor();
          const got: string[] = [];
          // The first connection leaves out the beginning, and each gets the lines since then, up to its cut.
          for (const cut of [...cuts, log.length]) {
            const from = cursor.since?.getTime();
            cursor.resume();
            const sent = from === undefined ? log.slice(begun) : log.filter(({ at }) => at >= from);
            for (const { raw } of sent.slice(0, cut)) {
              const text = cursor.take(raw);
              if (text !== undefined) got.push(text);
            }
          }
          expect(got).to.deep.equal(log.slice(begun).map(({ text }) => text));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("remembers only what may come again", () => {
    const cursor = new LogCursor();
    for (let number = 0; number < 200_000; number++) cursor.take(stamped(number * 10, `line ${number}`));
    const { recent } = cursor as unknown as { recent: readonly unknown[] };
    expect(recent.length).to.be.below(2500);
  });
});

describe("lines that come in pieces", () => {
  it("are the same however they are cut", () => {
    const texts = fc.array(fc.stringMatching(/^[^\n]*$/));
    fc.assert(
      fc.property(texts, fc.string(), fc.integer({ min: 1, max: 7 }), (lines, last, size) => {
        const end = last.replaceAll("\n", "");
        const whole = [...lines.map((line) => `${line}\n`), end].join("");
        const splitter = new LineSplitter();
        const got: string[] = [];
        for (let at = 0; at < whole.length; at += size) got.push(...splitter.split(whole.slice(at, at + size)));
        expect(got).to.deep.equal(lines);
        expect(splitter.rest).to.equal(end);
      }),
    );
  });
});
