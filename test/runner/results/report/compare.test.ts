import { expect } from "chai";
import type { ReportData } from "../../../../runner/results/report/chart";
import { compareReport } from "../../../../runner/results/report/compare";
import type { ChangeKind, Comparison } from "../../../../runner/verdict/compare/comparison";
import { rowOf } from "../make";
import { hostile, hostileRun, longSamples, madeRun } from "./made";

const before = madeRun({ name: "old" });
const after = madeRun({ name: "new" });

function comparisonOf(more: Partial<Comparison> = {}): Comparison {
  const none = { before: 3, after: 3, change: 0, noise: 0.02, kind: "same" } as const;
  return {
    ...{ before: "old", after: "new", maxRegression: 0.05, regressions: [], unclear: [], warnings: [] },
    metrics: [
      { ...none, metric: "p50" },
      { ...none, metric: "p95", before: 8, after: 10, change: 0.25, noise: 0.031, kind: "worse" },
      { ...none, metric: "p99", before: null, after: 12, change: null, noise: null, kind: "unclear" },
      { ...none, metric: "fail_ratio", before: 0.0125, after: 0.01, change: -0.2, kind: "better" },
      { ...none, metric: "rps", before: 50.25, after: 49, change: -0.0249, noise: 0.04, kind: "noise" },
    ],
    ...more,
  };
}

function wordsOf(page: string): string {
  return (/<body>(.*?)<script/s.exec(page)?.[1] ?? "").replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
}

describe("compareReport", () => {
  it("shows the most frequent of a huge variety of requests, and says where all are", () => {
    const names = (start: number) =>
      Array.from({ length: 600 }, (_, index) => rowOf("GET", `/items/${start + index}`, { requests: start + index }));
    const [old, now] = [madeRun({ requests: names(0) }), madeRun({ requests: names(600) })];
    const page = compareReport({ before: old, after: now, comparison: comparisonOf() });
    expect(wordsOf(page)).to.include("These are the most frequent 500 of 1,200; requests.csv has all.");
    expect(page.match(/\/items\//g)).to.have.length(500);
  });

  it("says in words and numbers what changed", () => {
    const words = wordsOf(compareReport({ before, after, comparison: comparisonOf() }));
    for (const row of [
      "= Response time, p50 3 ms 3 ms 0 % ± 2 % no change",
      "✗ Response time, p95 8 ms 10 ms +25 % ± 3.1 % worse, beyond the 5 % that are allowed",
      "? Response time, p99 – 12 ms – unknown unclear: one of them is missing",
      "✓ Failed requests 1.25 % 1 % −20 % ± 2 % better",
      "≈ Requests/s 50.3/s 49/s −2.49 % ± 4 % no more than noise",
    ]) {
      expect(words).to.include(row);
    }
  });

  it("begins with what it comes to", () => {
    const conclusion = (more: Partial<Comparison>) => {
      const page = compareReport({ before, after, comparison: comparisonOf(more) });
      return [/<title>(.*?):/.exec(page)?.[1], /class="word (\w+)">.*?(.)<\/span>/.exec(page)?.slice(1).join(" ")];
    };
    expect(conclusion({})).to.deep.equal(["NOT WORSE", "good ✓"]);
    expect(conclusion({ unclear: ["p99 may be worse."] })).to.deep.equal(["UNCLEAR", "caution ?"]);
    expect(conclusion({ unclear: ["p99."], regressions: ["p95."] })).to.deep.equal(["WORSE", "bad ✗"]);
    const sentences = { regressions: ["p95 is worse."], unclear: ["p99 may be."], warnings: ["other users"] };
    const words = wordsOf(compareReport({ before, after, comparison: comparisonOf(sentences) }));
    expect(words).to.include("✗ p95 is worse.").and.include("? p99 may be.").and.include("! other users");
  });

  it("has a word for every kind of change", () => {
    const kinds: readonly ChangeKind[] = ["same", "noise", "small", "better", "worse", "unclear"];
    const words = kinds.map((kind) => {
      const metrics = comparisonOf()
        .metrics.slice(0, 1)
        .map((metric) => ({ ...metric, kind }));
      const page = compareReport({ before, after, comparison: comparisonOf({ metrics }) });
      return /± 2 % (.*?) The two runs/.exec(wordsOf(page))?.[1];
    });
    expect(new Set(words).size, words.join(", ")).to.equal(kinds.length);
    expect(words).to.not.include(undefined);
  });

  it("does not call noise what is more than that", () => {
    const worth = (noise: number | null) => {
      const change = { metric: "p50", before: 4, after: 5, change: 0.25, noise, kind: "noise" } as const;
      const page = compareReport({ before, after, comparison: comparisonOf({ metrics: [change] }) });
      return /\+25 % (?:± \d+ %|unknown) (.*?) The two runs/.exec(wordsOf(page))?.[1];
    };
    expect([0.3, 0.1, null].map(worth)).to.deep.equal([
      ...["no more than noise", "no more than noise and rounding", "may be noise"],
    ]);
  });

  it("has both runs with their verdicts, also without a comparison", () => {
    const page = compareReport({ before, after });
    expect(page.match(/class="word good"/g)).to.have.length(2);
    expect(wordsOf(page)).to.match(/Before old .*PASSED.* After new .*PASSED/);
    expect(wordsOf(page)).to.not.include("What changed");
    expect(page).to.include("<title>old → new</title>");
  });

  it("has every request of either run beside its other self", () => {
    const total = rowOf("", "Aggregated", { requests: 9000 });
    const words = wordsOf(
      compareReport({
        before: { ...before, requests: [rowOf("GET", "/gone"), rowOf("GET", "/"), total] },
        after: {
          ...after,
          requests: [rowOf("GET", "/", { requests: 4000, failures: 0 }), rowOf("GET", "/new"), total],
        },
      }),
    );
    expect(words).to.include("GET /gone 3,000 – 0.2 % – 3 – 8 – 12 –");
    expect(words).to.include("GET / 3,000 4,000 0.2 % 0 % 3 3 8 8 12 12");
    expect(words).to.include("GET /new – 3,000");
    expect(words).to.include("All requests 9,000 9,000");
  });

  it("lays the runs over each other, at most 2,000 points a chart", () => {
    const page = compareReport({
      before: { ...before, samples: longSamples(3600, 200) },
      after: { ...after, samples: longSamples(3000, 3) },
    });
    const { charts } = JSON.parse(/id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? "") as ReportData;
    expect(charts).to.have.length(7);
    for (const { id, curves } of charts) {
      expect(
        curves.map(({ lines }) => lines.map(({ label }) => label)),
        id,
      ).to.deep.equal([["before"], ["after"]]);
      expect(
        curves.reduce((sum, { times }) => sum + times.length, 0),
        id,
      ).to.be.at.most(2000);
      expect(curves[0]?.lines[0]?.dash, id).to.not.equal(undefined);
      expect(curves[1]?.lines[0]?.dash, id).to.equal(undefined);
    }
    expect(Buffer.byteLength(page)).to.be.below(600_000);
  });

  it("does without samples of one run, and of both", () => {
    const one = compareReport({ before: { ...before, samples: [] }, after });
    expect(wordsOf(one)).to.include("Users before –; after 0 to 100, 0 at the end");
    const none = compareReport({ before: { ...before, samples: [] }, after: { ...after, samples: [] } });
    expect(wordsOf(none)).to.include("nothing to draw");
  });

  it("shows hostile text as text", () => {
    const comparison = comparisonOf({ regressions: hostile, unclear: hostile, warnings: hostile });
    const page = compareReport({ before: hostileRun(), after: hostileRun(), comparison });
    expect(page.match(/<script/g)).to.have.length(3);
    expect(page).to.not.match(/<img|<!-- /);
  });
});
