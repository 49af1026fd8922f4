import { createHash } from "node:crypto";
import { expect } from "chai";
import type { ReportData } from "../../../../runner/results/report/chart";
import { runReport } from "../../../../runner/results/report/report";
import { finishedRecord, natLoad, rowOf, runningRecord } from "../make";
import { hostile, hostileRun, longSamples, madeRun } from "./made";

/** What the report carries for its charts. */
function dataOf(page: string): ReportData {
  return JSON.parse(/<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)?.[1] ?? "");
}

/** The words of the report, without its markup. */
function wordsOf(page: string): string {
  const body = /<body>(.*?)<script/s.exec(page)?.[1] ?? "";
  return body
    .replace(/<[^>]*>/g, " ")
    .replace(/&lt;/g, "<")
    .replace(/\s+/g, " ");
}

describe("runReport", () => {
  it("says what the run was and what came of it", () => {
    const words = wordsOf(runReport(madeRun()));
    expect(words).to.include("✓ PASSED The load was what was asked for, and no threshold failed. Exit code 0.");
    for (const fact of [
      ...["Script script1.py", "Target http://localhost:8080", "this machine, stack dev"],
      ...["Started 2026-11-24 11:12:05 UTC", "Duration 1 min 0 s", "Users 100, 10/s", "Workers 2"],
      ...["loadtest 0.1.0", "Locust 2.47.0", "p95<500 ✓ passed , 8 ms", "Failed 1.65 %"],
      ...["100 of 100, all after 9 s", "2, none lost"],
    ]) {
      expect(words).to.include(fact);
    }
  });

  it("tells corrected times from Locust's own, of a run with an arrival rate", () => {
    const made = madeRun();
    const lag = { p50: 0.9, p99: 3, max: 12 };
    const arrivals = { rate: "50/s:1m", spacing: "poisson" } as const;
    const started = { ...arrivals, due: 4000, started: 3990, dropped: 10, late: 2, lag };
    const integrity = made.record.integrity && { ...made.record.integrity, arrivals: started };
    const corrected = { avg: 1, min: 1, max: 9, percentiles: { p95: 7777 } };
    const record = { ...made.record, asked: { ...made.record.asked, arrivals }, integrity, corrected };
    const page = runReport(madeRun({ record, corrected: made.requests }));
    const words = wordsOf(page);
    expect(words).to.include("Iterations a second 50/s:1m , at random gaps Users at most 100");
    expect(words).to.include("Iterations started 3,990 of 4,000, 10 dropped");
    expect(words).to.match(/Corrected times From when each iteration was due/);
    expect(words).to.match(/Corrected p95 7\.8 s|Corrected p95 7,777 ms/);
    expect(wordsOf(runReport(made))).to.not.match(/orrected|terations/);
  });

  it("shows the most frequent of a huge variety of requests, and says where all are", () => {
    const names = Array.from({ length: 3000 }, (_, index) => rowOf("GET", `/items/${index}`, { requests: index }));
    const total = rowOf("", "Aggregated", { requests: 4_498_500 });
    const page = runReport(madeRun({ requests: [...names, total] }));
    expect(wordsOf(page)).to.include("These are the most frequent 500 of 3,000; requests.csv has all.");
    expect(page.match(/\/items\//g)).to.have.length(500);
    expect(page).to.include("/items/2500<").and.include("/items/2999<").and.not.include("/items/2499<");
    expect(wordsOf(page)).to.include("All requests 4,498,500");
    expect(wordsOf(runReport(madeRun()))).to.not.include("most frequent");
  });

  it("says why a run failed, and warns", () => {
    const record = finishedRecord(["GET /x: p95<500"], { warnings: ["a worker was slow"] });
    const words = wordsOf(runReport(madeRun({ record })));
    expect(words).to.include("✗ FAILED A threshold failed. Exit code 1.");
    expect(words).to.include(
      "✗ Threshold GET /x: p95<500 failed: no request GET /x was seen, only GET /, POST /basket.",
    );
    expect(words).to.include("! a worker was slow");
    expect(words).to.include("✗ failed , no data: no request GET /x was seen");
  });

  it("shows what the NAT gateways say, where they were asked", () => {
    const words = wordsOf(runReport(madeRun({ record: finishedRecord([], { integrity: natLoad() }) })));
    expect(words).to.include("✗ nat: 7 connections had no free port (nat-1: 7)");
    expect(words).to.include(
      "NAT gateways 2, 7 connections without a port, at most 54,321 connections at a time in one",
    );
    const unknown = finishedRecord([], { integrity: natLoad(0, 1) });
    expect(wordsOf(runReport(madeRun({ record: unknown })))).to.include(
      "NAT gateways 2, connections without a port not known, at most",
    );
    expect(wordsOf(runReport(madeRun()))).to.not.include("NAT gateways");
  });

  it("has a word, a sign and a colour for every verdict", () => {
    const words = (["passed", "failed", "invalid", "aborted", "error"] as const).map((verdict) => {
      const page = runReport(madeRun({ record: finishedRecord([], { verdict }) }));
      const [, tone, sign, word] = /class="word (\w+)"><span aria-hidden="true">(.)<\/span> (\w+)</.exec(page) ?? [];
      expect(/<title>(\w+):/.exec(page)?.[1]).to.equal(word);
      return [word, sign, tone];
    });
    expect(words).to.deep.equal([
      ["PASSED", "✓", "good"],
      ["FAILED", "✗", "bad"],
      ["INVALID", "!", "caution"],
      ["ABORTED", "■", "caution"],
      ["ERROR", "✗", "bad"],
    ]);
  });

  it("shows a run that goes on, and one that never began", () => {
    const running = wordsOf(runReport(madeRun({ record: runningRecord(["p95<500"]), requests: [] })));
    expect(running).to.include("… RUNNING").and.include("There are no numbers of requests.");
    expect(running).to.include("Nothing is known of the load.").and.include("p95<500 – not judged ,");
    const record = finishedRecord([], {
      ...{ endedBy: "not-started", integrity: null, percentiles: {}, rampSeconds: null, target: null },
      versions: { loadtest: "0.1.0", locust: null, python: null, node: "v20.20.2" },
    } as const);
    const page = runReport(madeRun({ record, samples: [], requests: [] }));
    expect(wordsOf(page)).to.include("✗ ERROR").and.include("No samples were taken, so there is nothing to draw.");
    expect(dataOf(page)).to.deep.equal({ charts: [], spans: [], marks: [] });
  });

  it("has the client of HttpUser, and what it left to requests", () => {
    const versions = { ...finishedRecord().versions, httpUser: "fast", requests: "2.34.2", urllib3: "2.8.0" } as const;
    const page = wordsOf(runReport(madeRun({ record: finishedRecord([], { versions }) })));
    expect(page).to.include("requests 2.34.2 (HttpUser: fast) , urllib3 2.8.0").and.not.include("left");
    const httpFallbacks = [{ reason: "stream=True", count: 12 }];
    const record = finishedRecord([], { versions, httpFallbacks });
    expect(wordsOf(runReport(madeRun({ record })))).to.include(
      "HttpUser left 12 requests to the library requests: stream=True (12)",
    );
  });

  it("has all requests, with those that failed", () => {
    const many = [...Array.from({ length: 150 }, (_, index) => rowOf("GET", `/${index}`)), rowOf("", "Aggregated")];
    const { record } = madeRun();
    const pageWith = (requests: number) => {
      const told = { ...record, totals: { ...record.totals, requests } } as typeof record;
      return runReport(madeRun({ record: told, requests: many }));
    };
    const page = pageWith(3000);
    expect(page.match(/<tr><th scope="row" class="name"><bdi>GET \/\d+<\/bdi>/g)).to.have.length(150);
    expect(wordsOf(page)).to.include("All requests 3,000 6 (0.2 %) 50.3 4.4 3 8 12 1 95");
    expect(wordsOf(pageWith(4100)), "the master was lost after the table").to.include("All requests 4,100 ");
  });

  it("tells in words what each chart shows", () => {
    const page = runReport(madeRun());
    const captions = [...page.matchAll(/<figcaption>(.*?)<\/figcaption>/gs)].map(([, text = ""]) =>
      wordsOf(`<body>${text}<script`).trim(),
    );
    expect(captions).to.have.length(5);
    expect(captions[0]).to.equal("Users target 100 throughout; running 0 to 100, 0 at the end");
    expect(captions[2]).to.equal(
      "Response times p50 3 ms throughout; p95 8 ms to 12 ms, 8 ms at the end; p99 12 ms throughout",
    );
    expect(captions[4]).to.equal("Worker CPU mean 35 % throughout; highest 40 % throughout");
  });

  it("has a line for each of twelve workers, and only their mean and highest for more", () => {
    const labels = (workers: number) =>
      dataOf(runReport(madeRun({ samples: longSamples(5, workers) })))
        .charts.find(({ id }) => id === "cpu")
        ?.curves[0]?.lines.map(({ label }) => label);
    expect(labels(12)).to.have.length(14);
    expect(labels(13)).to.deep.equal(["mean", "highest"]);
  });

  it("names no file and no host, and lets nothing run but its own scripts", () => {
    for (const page of [runReport(madeRun()), runReport(hostileRun())]) {
      expect(page).to.match(/^<!doctype html>\n<html lang="en">/);
      const markup = page.replace(/<(style|script)[^>]*>.*?<\/\1>/gs, "<$1></$1>");
      expect(markup).to.not.match(/<[^>]*\s(src|on\w+|style|action|srcset)=/);
      expect([...markup.matchAll(/<[^>]*\shref="([^"]{5})/g)].map(([, href]) => href)).to.deep.equal(["data:"]);
      const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? "";
      expect(policy)
        .to.match(/^default-src 'none'; /)
        .and.not.include("unsafe");
      const inline = [...page.matchAll(/<(?:script|style)>(.*?)<\/(?:script|style)>/gs)].map(([, text = ""]) => text);
      const hashes = inline.map((text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`);
      expect(hashes).to.have.length(3);
      expect([...policy.matchAll(/'sha256-[^']*'/g)].map(String)).to.have.members(hashes);
    }
  });

  it("has uPlot's licence", () => {
    const page = runReport(madeRun());
    expect(page).to.include("uPlot (v1.6.32)").and.include("The MIT License (MIT)").and.include("Leon Sorokin");
  });

  it("shows hostile text as text", () => {
    const page = runReport(hostileRun());
    expect(page.match(/<script/g)).to.have.length(3);
    expect(page).to.not.match(/<img|<!-- /);
    const escaped = page.split("window.pwned = &quot;script&quot;&lt;/script&gt;").length - 1;
    // Title, heading, script, target, stack, shape, versions, and each list and table.
    expect(escaped).to.be.greaterThan(12);
    const labels = dataOf(page)
      .charts.at(-1)
      ?.curves[0]?.lines.map(({ label }) => label);
    expect(labels).to.include.members([...hostile]);
  });

  it("keeps a long run with many workers small, and its peak and its gap", () => {
    const samples = longSamples(3600, 200);
    const begin = performance.now();
    const page = runReport(madeRun({ samples }));
    expect(performance.now() - begin).to.be.below(5000);
    expect(Buffer.byteLength(page)).to.be.below(500_000);
    const { charts } = dataOf(page);
    for (const { id, curves } of charts) {
      expect(curves[0]?.times.length, id).to.be.within(100, 2000);
    }
    const p95 = charts.find(({ id }) => id === "times")?.curves[0]?.lines[1]?.values ?? [];
    expect(Math.max(...p95.map((value) => value ?? 0))).to.equal(4321);
    expect(p95).to.include(null);
    expect(wordsOf(page)).to.include("p95 80 ms to 4,321 ms");
  });

  it("is small with a line for each of twelve workers too", () => {
    const page = runReport(madeRun({ samples: longSamples(3600, 12) }));
    expect(Buffer.byteLength(page)).to.be.below(1_000_000);
    expect(dataOf(page).charts.at(-1)?.curves[0]?.times.length).to.be.at.most(2000);
  });
});
