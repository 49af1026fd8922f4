import { expect } from "chai";
import { compareRuns } from "../../../../runner/verdict/compare/compare";
import type { ComparedRecord, RunData } from "../../../../runner/verdict/compare/comparison";
import { comparedMetrics } from "../../../../runner/verdict/compare/comparison";
import { change, five, kind, steady } from "./comparisons";
import type { Moment } from "./runs";

const asked = { users: 100, spawnRate: 10, workers: 2, shape: null };

describe("compareRuns", () => {
  it("cannot tell noise in less than four windows", () => {
    const short = (moment: Partial<Moment>) => steady(moment, {}, 3);
    const comparison = compareRuns(short({}), short({ p95: 400, p50: 43 }), five);
    expect(comparison.metrics.map((one) => one.kind)).to.deep.equal(["noise", "unclear", "same", "same", "same"]);
    expect(comparison.metrics.map(({ noise }) => noise)).to.deep.equal([null, null, null, null, null]);
    expect(comparison.unclear).to.deep.equal([
      "p95 rose by 29 %, from 310 ms to 400 ms; 5 % is allowed, and whether it is real cannot be told.",
    ]);
    expect(comparison.warnings).to.deep.equal([
      "noise: cannot be told, as there are only 3 windows of 10 s of full load before, and it takes 4",
      "noise: cannot be told, as there are only 3 windows of 10 s of full load after, and it takes 4",
    ]);
    expect(compareRuns(short({}), short({ p95: 320 }), five).unclear).to.deep.equal([]);
    expect(kind(short({}), short({ rps: 60 }), "rps")).to.equal("noise");
    // One side is enough: it takes four on each.
    expect(kind(short({}), steady({ p95: 400 }), "p95")).to.equal("unclear");
  });

  it("takes no numbers of a run that is itself worth nothing for a regression", () => {
    const slow = steady({ p95: 400 });
    expect(kind(steady({}), slow, "p95")).to.equal("worse");
    for (const verdict of ["invalid", "aborted", "error"] as const) {
      const comparison = compareRuns(steady({}, { verdict }), slow, five);
      expect(comparison.regressions, verdict).to.deep.equal([]);
      expect(comparison.unclear).to.deep.equal([
        `The verdict before is ${verdict}: the numbers of that run prove nothing.`,
        "p95 rose by 29 %, from 310 ms to 400 ms; 5 % is allowed, and whether it is real cannot be told.",
      ]);
      expect(compareRuns(slow, steady({}, { verdict }), five).unclear, "nothing worse either").to.have.length(1);
    }
    expect(compareRuns(steady({}, { verdict: "failed" }), slow, five).regressions).to.have.length(1);
  });

  it("takes fewer requests a second for what was asked, where arrival rates differ", () => {
    const open = (rate: string, rps: number, windows?: number) =>
      steady({ rps }, { asked: { ...asked, arrivals: { rate, spacing: "even" } } }, windows);
    for (const windows of [2, 6]) {
      const comparison = compareRuns(open("150", 150, windows), open("100", 100, windows), five);
      expect(change(open("150", 150, windows), open("100", 100, windows), "rps")).to.include({
        kind: "asked",
        after: 100,
      });
      expect(comparison).to.deep.include({ regressions: [], unclear: [] });
      expect(comparison.warnings).to.include("arrivals: 150 before, 100 after");
    }
    expect(kind(open("150", 150), open("150", 100), "rps"), "the same rate").to.equal("worse");
    const { record, ...rest } = open("150", 100);
    const integrity = { arrivals: { changes: [{ t: 12, from: "150", to: "60" }] } };
    const changed = compareRuns(open("150", 150), { ...rest, record: { ...record, integrity } }, five);
    expect(changed).to.deep.include({ regressions: [], unclear: [] });
    expect(changed.warnings).to.include("arrivals: 150 before, 150, changed from 150 to 60 at 12 s after");
  });

  it("cannot tell noise under a load shape, and without full load", () => {
    const shape = { asked: { ...asked, shape: "Steps" } };
    const shaped = compareRuns(steady({}, shape), steady({ p95: 400 }, shape), five);
    expect(shaped.unclear).to.have.length(1);
    expect(shaped.warnings).to.deep.equal([
      "noise: cannot be told, as a load shape decides the users before",
      "noise: cannot be told, as a load shape decides the users after",
    ]);
    const run = steady({ p95: 400 });
    const ramp = { ...run, samples: run.samples.filter(({ phase }) => phase === "ramp") };
    const ramped = compareRuns(steady({}), ramp, five);
    expect(ramped.unclear).to.have.length(1);
    expect(ramped.warnings).to.deep.equal(["noise: cannot be told, as full load was never reached after"]);
  });

  it("works on what a gap in the series has left", () => {
    const cut = (data: RunData, from: number, to: number) => ({
      ...data,
      samples: data.samples.filter(({ t }) => t < from || t > to),
    });
    const after = cut(steady({ p95: 400 }), 28, 33);
    expect(kind(cut(steady({}), 61, 64), after, "p95")).to.equal("worse");
    expect(kind(steady({}), cut(after, 0, 45), "p95")).to.equal("unclear");
    expect(kind(steady({}), { ...after, samples: [] }, "p95")).to.equal("unclear");
  });

  it("says that a number is missing on one side", () => {
    const run = steady({});
    const without = { ...run, record: { ...run.record, percentiles: { p50: 42, p95: 310 } } };
    const comparison = compareRuns(run, without, five);
    expect(change(run, without, "p99")).to.include({ before: 780, after: null, change: null, kind: "unclear" });
    expect(comparison.unclear).to.deep.equal(["p99 cannot be compared: there is none after."]);
    expect(kind(without, without, "p99")).to.equal("same");
    const none = { ...run, record: { ...run.record, totals: { requests: 0, failRatio: 0, rps: 0 }, percentiles: {} } };
    expect(compareRuns(run, none, five).unclear).to.have.length(5);
  });

  it("compares corrected times where both runs have them, and says when one waits and the other does not", () => {
    const run = steady({});
    const open = (p95: number) => ({
      ...run,
      record: {
        ...run.record,
        asked: { ...run.record.asked, arrivals: { rate: "50", spacing: "even" as const } },
        corrected: { percentiles: { p50: 50, p95, p99: 900 } },
      },
    });
    expect(compareRuns(run, open(400), five).metrics.map(({ metric }) => metric)).to.not.include("corrected_p95");
    expect(compareRuns(run, open(400), five).warnings).to.include("arrivals: none (users wait) before, 50 after");
    const both = compareRuns(open(400), open(800), five);
    expect(both.metrics.map(({ metric }) => metric)).to.deep.equal([...comparedMetrics]);
    expect(both.metrics.find(({ metric }) => metric === "corrected_p95")).to.include({ before: 400, after: 800 });
  });
});

describe("the warnings of a comparison", () => {
  const warnings = (before: Partial<ComparedRecord>, after: Partial<ComparedRecord>) =>
    compareRuns(steady({}, before), steady({}, after), five).warnings;

  it("are none between runs that are alike", () => {
    expect(warnings({}, {})).to.deep.equal([]);
    expect(warnings({ durationSeconds: 60 }, { durationSeconds: 61.2 })).to.deep.equal([]);
    expect(warnings({ durationSeconds: 10 }, { durationSeconds: 12 })).to.deep.equal([]);
    expect(warnings({ verdict: "failed" }, {})).to.deep.equal([]);
  });

  it("name what differs, on both sides", () => {
    const cases: [Partial<ComparedRecord>, string][] = [
      [{ script: "other.py" }, "script: script1.py before, other.py after"],
      [{ asked: { ...asked, users: 40 } }, "users: 100 before, 40 after"],
      [{ asked: { ...asked, spawnRate: 0.5 } }, "spawn rate: 10 before, 0.5 after"],
      [{ asked: { ...asked, workers: 8 } }, "workers: 2 before, 8 after"],
      [{ durationSeconds: 300 }, "run time: 70 s before, 300 s after"],
      [{ place: "kubernetes" }, "place: local before, kubernetes after"],
      [{ target: "http://other.test" }, "target: http://shop.test before, http://other.test after"],
      [{ target: null }, "target: http://shop.test before, the script's own after"],
      [{ verdict: "invalid" }, "verdict: passed before, invalid after"],
      [{ verdict: "aborted" }, "verdict: passed before, aborted after"],
      [{ verdict: "error" }, "verdict: passed before, error after"],
    ];
    for (const [more, warning] of cases) expect(warnings({}, more)).to.deep.equal([warning]);
    expect(warnings({ asked: { ...asked, shape: "Steps" } }, {})[0]).to.equal("load shape: Steps before, none after");
  });

  it("name the client of FastHttpUser where it differs, and both records tell it", () => {
    const patched = { client: "patched", geventhttpclient: "2.6.1", gevent: "26.9.0" } as const;
    const original = { ...patched, client: "original", geventhttpclient: "2.7.0" } as const;
    expect(warnings({ versions: patched }, { versions: original })).to.deep.equal([
      "FastHttpUser's client: patched (geventhttpclient 2.6.1, gevent 26.9.0) before, " +
        "original (geventhttpclient 2.7.0, gevent 26.9.0) after",
    ]);
    expect(warnings({ versions: patched }, { versions: patched })).to.deep.equal([]);
    expect(warnings({ versions: {} }, { versions: original })).to.deep.equal([]);
  });

  it("name the client of HttpUser where it differs, also from that of older versions, and not without HttpUsers", () => {
    const older = { client: "patched", geventhttpclient: "2.6.1", gevent: "26.9.0" } as const;
    const none = { ...older, requests: "2.34.2", urllib3: "2.8.0" } as const;
    const requests = { ...none, httpUser: "requests" } as const;
    const fast = { ...none, httpUser: "fast" } as const;
    const httpFallbacks = [
      { reason: "stream=True", count: 9 },
      { reason: "files", count: 3 },
    ];
    const whole = "(requests 2.34.2, urllib3 2.8.0)";
    expect(warnings({ versions: requests }, { versions: fast })).to.deep.equal([
      `HttpUser's client: requests ${whole} before, fast ${whole} after`,
    ]);
    expect(warnings({ versions: fast }, { versions: fast, httpFallbacks })).to.deep.equal([
      `HttpUser's client: fast ${whole} before, fast, but requests for files, stream=True ${whole} after`,
    ]);
    expect(warnings({ versions: older }, { versions: fast })).to.deep.equal([
      "HttpUser's client: requests before, fast after",
    ]);
    expect(warnings({ versions: fast, httpFallbacks }, { versions: fast, httpFallbacks })).to.deep.equal([]);
    for (const same of [older, none, requests])
      expect(warnings({ versions: same }, { versions: requests })).to.deep.equal([]);
    expect(warnings({ versions: none }, { versions: fast }), "no HttpUser").to.deep.equal([]);
    expect(warnings({ versions: {} }, { versions: fast }), "never started").to.deep.equal([]);
  });

  it("do not name the port of a target on this machine: the demo's is another each time", () => {
    expect(warnings({ target: "http://127.0.0.1:41000" }, { target: "http://127.0.0.1:42000" })).to.deep.equal([]);
    expect(warnings({ target: "http://a.test:41000" }, { target: "http://a.test:42000" })).to.have.length(1);
  });
});
