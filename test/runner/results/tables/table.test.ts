import { stripVTControlCharacters } from "node:util";
import { expect } from "chai";
import fc from "fast-check";
import { totals } from "../../../../runner/results/locust-csv";
import { resultTable } from "../../../../runner/results/tables/table";
import { columns, cutMiddle, wrap } from "../../../../runner/results/tables/text";
import { comparisonOf, finishedRecord, natLoad, rowOf, rows } from "../make";

const plain = { colour: false };

function tooWide(text: string): string[] {
  return text.split("\n").filter((line) => columns(line) > 80);
}

describe("resultTable", () => {
  it("shows requests, thresholds, load, verdict and folder", () => {
    const record = finishedRecord(["p95<500"]);
    expect(
      resultTable(record, rows, { ...plain, folder: "results/20261124T111205Z-script1" }).split("\n"),
    ).to.deep.equal([
      "Request (times in ms)  reqs  fails  req/s  avg  p50  p95  p99  max",
      "GET /                  3000      6   50.3  4.4    3    8   12   95",
      "POST /basket           1000     60   50.3  4.4    3    8   12   95",
      "Total                  4000     66   50.3  4.4    3    8   12   95",
      "",
      "✓ p95<500 was 8 ms",
      "",
      "✓ load integrity: 100 of 100 users, 2 workers, worker CPU at most 40 %",
      "",
      "PASSED (exit code 0)",
      "Results: results/20261124T111205Z-script1",
    ]);
  });

  it("has corrected times below Locust's own, and what started, of a run with an arrival rate", () => {
    const load = finishedRecord([]).integrity;
    if (load === null) throw new Error("the record has no load");
    const lag = { p50: 0.9, p99: 3.25, max: 12 };
    const arrivals = { rate: "50", spacing: "even", due: 4000, started: 3999, dropped: 1, late: 2, lag } as const;
    const record = finishedRecord([], { integrity: { ...load, arrivals } });
    const text = resultTable(record, rows, { ...plain, corrected: rows });
    expect(text.split("\n").slice(5, 9)).to.deep.equal([
      "Corrected times: ms from when each iteration was due  avg  p50  p95  p99  max",
      "GET /                                                 4.4    3    8   12   95",
      "POST /basket                                          4.4    3    8   12   95",
      "Total                                                 4.4    3    8   12   95",
    ]);
    expect(text.replace(/\n +/g, " ")).to.include(
      "100 of 100 users, 3999 of 4000 iterations started, 99 % within 3.3 ms, 2 workers",
    );
    expect(tooWide(text)).to.deep.equal([]);
  });

  it("says in a line which requests of HttpUser the library requests made, and why, where that was not asked", () => {
    const lines = (more: Parameters<typeof finishedRecord>[1]) => {
      const text = resultTable(finishedRecord([], more), rows, plain);
      expect(tooWide(text)).to.deep.equal([]);
      return text.replace(/\n +/g, " ").split("\n");
    };
    const { versions } = finishedRecord();
    const asked = { versions: { ...versions, httpUser: "requests" as const } };
    expect(lines(asked)).to.deep.equal(lines({}));
    const httpUserCause = "requests 9.9 was not tested";
    expect(lines({ versions: { ...asked.versions, httpUserCause } })).to.include(
      "- HttpUser stayed on requests: requests 9.9 was not tested",
    );
    const httpFallbacks = [
      { reason: "stream=True", count: 1200 },
      { reason: "files", count: 34 },
    ];
    expect(lines({ httpFallbacks })).to.include(
      "- HttpUser left 1234 requests to the library requests: stream=True (1200), files (34)",
    );
    expect(lines({ httpFallbacks: [{ reason: "hooks", count: 1 }] })).to.include(
      "- HttpUser left 1 request to the library requests: hooks (1)",
    );
  });

  it("says whether the NAT gateways had ports, where they were asked", () => {
    const lines = (...load: Parameters<typeof natLoad>) =>
      resultTable(finishedRecord([], { integrity: natLoad(...load) }), rows, plain).replace(/\n +/g, " ");
    expect(lines(0)).to.include(
      "✓ load integrity: 100 of 100 users, 2 workers, worker CPU at most 40 %, 0 NAT port errors",
    );
    expect(lines(0, 1)).to.include("worker CPU at most 40 %, NAT port errors not known");
    expect(lines(7, 1)).to.include(
      "✗ nat: 7 connections had no free port (nat-1: 7) from 11:12 to 11:14 UTC, which limits the load on our side",
    );
  });

  it("has no thresholds judged of a run that did not come to its end, and its own totals", () => {
    const more = { ...totals(rows), requests: 4100, failures: 70 };
    const record = finishedRecord(["p95<500", "p95<5"], {
      verdict: "error",
      exitCode: 4,
      endedBy: "master-lost",
      totals: more,
    });
    expect(resultTable(record, rows, plain).split("\n").slice(3, 9)).to.deep.equal([
      "Total                  4100     70   50.3  4.4    3    8   12   95",
      "",
      "- p95<500 was 8 ms (not judged)",
      "- p95<5 was 8 ms (not judged)",
      "",
      "- load integrity: 100 of 100 users, 2 workers, worker CPU at most 40 %",
    ]);
  });

  it("names the most frequent failures and exceptions, cut to a few lines", () => {
    const kinds = Array.from({ length: 7 }, (_, index) => {
      return {
        type: "KeyError",
        message: "no token ".repeat(100),
        file: "shop.py",
        line: 10 + index,
        count: 70 - index,
      };
    });
    const failures = [{ method: "GET", name: "/", error: "RemoteDisconnected('closed')", count: 60 }];
    const record = finishedRecord([], { failures, exceptions: { count: 500, kinds } });
    const text = resultTable(record, rows, plain);
    expect(text).to.contain(
      "\nFailures of requests\n  60  GET /: RemoteDisconnected('closed')\nand 6 more in failures.csv",
    );
    expect(text).to.contain("\nThe script raised 500 exceptions\n  70  KeyError: no token");
    expect(text.match(/\(shop\.py, line 1\d\)/g)).to.have.length(5);
    expect(text).to.contain("and 160 more: exceptions.csv has those of tasks, logs/ all");
    expect(text.split("\n")).to.have.length.below(45);
    expect(tooWide(text)).to.deep.equal([]);
    expect(resultTable(finishedRecord(), rows, plain)).to.not.match(/raised|Failures of/);
  });

  it("shows what failed and why", () => {
    const text = resultTable(finishedRecord(["GET /x: p95<500"], { warnings: ["a worker was slow"] }), rows, plain);
    expect(text).to.contain("✗ GET /x: p95<500 has no data: no request GET /x was seen, only GET /, POST\n  /basket");
    expect(text).to.contain("! a worker was slow");
    expect(text).to.match(/FAILED \(exit code 1\)\n {2}Threshold GET \/x: p95<500 failed: no request GET \/x/);
    expect(text).to.not.contain("Results:");
  });

  it("shows what changed since another run, a line for each metric", () => {
    const comparison = comparisonOf("worse", { warnings: ["users: 50 before, 100 after"] });
    const text = resultTable(finishedRecord([], { comparison }), [], plain);
    expect(text.split("\n")).to.deep.equal([
      "Compared with 20261123T111205Z-script1",
      "  metric      before   after           change",
      "✓ p50           3 ms    3 ms        0 % ± 2 %  same",
      "✗ p95           8 ms   10 ms   +25 % ± 3.12 %  worse, beyond 5 %",
      "✓ p99          12 ms       -                -  same",
      "✓ fail_ratio       0  0.0165                -  may be noise",
      "✓ rps          66.12    64.4  -2.61 % ± 4.1 %  noise",
      "! users: 50 before, 100 after",
      "",
      "✓ load integrity: 100 of 100 users, 2 workers, worker CPU at most 40 %",
      "",
      "FAILED (exit code 1)",
      "  Regression: p95 rose by 25 %, from 8 ms to 10 ms; 5 % is allowed.",
    ]);
    const kinds = (["small", "unclear"] as const).map(
      (kind) =>
        /^. p95 .*\d % {2}(.*)$/m.exec(
          resultTable(finishedRecord([], { comparison: comparisonOf(kind) }), [], plain),
        )?.[1],
    );
    expect(kinds).to.deep.equal(["worse, within 5 %", "unclear, beyond 5 %"]);
  });

  it("shows a run that never started", () => {
    const text = resultTable(finishedRecord([], { endedBy: "not-started", integrity: null }), [], plain);
    expect(text).to.equal("✗ load integrity: unknown\n\nERROR (exit code 4)\n  The run could not start.");
    const ended = resultTable(finishedRecord([], { endedBy: "interrupt" }), [], { ...plain, exitCode: false });
    expect(ended, "by a command that exits with another").to.match(/^ABORTED$/m);
  });

  it("shows no times where there were no requests", () => {
    const none = [rowOf("", "Aggregated", { requests: 0, failures: 0, rps: 0, avg: 0, max: 0, percentiles: {} })];
    const record = finishedRecord([], { totals: totals(none) });
    expect(resultTable(record, none, plain)).to.match(/\nTotal +0 +0 +0\.0 +- +- +- +- +-\n/);
  });

  it("leaves all but twenty requests to requests.csv", () => {
    const many = [...Array.from({ length: 25 }, (_, index) => rowOf("GET", `/${index}`)), rowOf("", "Aggregated")];
    const lines = resultTable(finishedRecord(), many, plain).split("\n");
    expect(lines.slice(20, 23).map((line) => line.replace(/ {2}.*/, ""))).to.deep.equal([
      "GET /19",
      "and 5 more in requests.csv",
      "Total",
    ]);
  });

  it("has colours only when asked", () => {
    const record = finishedRecord(["p95<5"]);
    const coloured = resultTable(record, rows, { colour: true });
    expect(coloured).to.contain("\u001b[31m✗\u001b[39m");
    expect(stripVTControlCharacters(coloured)).to.equal(resultTable(record, rows, plain));
  });

  it("fits 80 columns and keeps a row a line, whatever the names and numbers", () => {
    // Terminals, and libraries, do not agree on the columns of newer emoji.
    const unit = fc.constantFrom(..."aZ/ ?%é產한か\u001b\n\r\t\u0000\u2028\u200b\u009b|");
    const name = fc.oneof(fc.string({ unit, maxLength: 120 }), fc.stringMatching(/^[a-z/]{60,200}$/));
    const row = fc.record({ name, requests: fc.nat(99_999_999), rps: fc.double({ min: 0, max: 99_999, noNaN: true }) });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 4 }), fc.array(name, { maxLength: 2 }), name, (some, reasons, before) => {
        const table = [...some.map(({ name: text, ...more }) => rowOf("GET", text, more)), rowOf("", "Aggregated")];
        const record = {
          ...finishedRecord(),
          verdict: "failed" as const,
          reasons,
          comparison: comparisonOf("worse", { before, warnings: reasons }),
        };
        const text = resultTable(record, table, plain);
        expect(tooWide(text)).to.deep.equal([]);
        expect(
          text
            .split("\n")
            .slice(1, table.length + 1)
            .at(-1),
        ).to.match(/^Total /);
      }),
      { numRuns: 50 },
    );
  });
});

describe("text for a terminal", () => {
  it("is cut in the middle, by columns", () => {
    expect(cutMiddle("GET /short", 10)).to.equal("GET /short");
    expect(cutMiddle("GET /a/long/path/end", 11)).to.equal("GET /…h/end");
    expect(cutMiddle("产品列表列表", 8)).to.equal("产品…表");
  });

  it("is wrapped between words, and inside those that are too long", () => {
    expect(wrap("a short one", "- ")).to.deep.equal(["- a short one"]);
    const lines = wrap(`${"word ".repeat(20)}${"x".repeat(100)}\u001b[31m`, "- ");
    expect(lines.every((line, index) => line.startsWith(index === 0 ? "- " : "  ") && line.length <= 80)).to.equal(
      true,
    );
    expect(lines.join("")).to.not.contain("\u001b");
  });
});
