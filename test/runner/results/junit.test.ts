import { expect } from "chai";
import { toJUnit } from "../../../runner/results/junit";
import { Integrity } from "../../../runner/verdict/integrity";
import { comparisonOf, finishedRecord, goodLoad, sampleAt } from "./make";

const lostWorker = () => {
  const integrity = new Integrity({ users: 100, spawnRate: 10, workers: 2, shape: null });
  for (let t = 0; t <= 60; t += 1) {
    integrity.add(sampleAt(t));
  }
  integrity.lost({ name: "worker-2", t: 31 });
  return integrity.report();
};

/** What a build server counts: the names of the cases, by what they hold. */
function cases(xml: string): Record<"passed" | "failure" | "error" | "skipped", string[]> {
  const found = { passed: [], failure: [], error: [], skipped: [] } as ReturnType<typeof cases>;
  for (const [, name = "", rest = ""] of xml.matchAll(
    /<testcase [^>]*? name="([^"]*)"[^>]*?(\/>|>[\s\S]*?<\/testcase>)/g,
  )) {
    const kind = (["failure", "error", "skipped"] as const).find((element) => rest.includes(`<${element}`));
    found[kind ?? "passed"].push(name);
  }
  return found;
}

function counts(xml: string): string[] {
  return [...xml.matchAll(/tests="\d+" failures="\d+" errors="\d+" skipped="\d+"/g)].map(([text]) => text);
}

describe("toJUnit", () => {
  it("has a case for each threshold, the load and the run", () => {
    const xml = toJUnit(finishedRecord(["p95<500", "GET /: p99<5"]));
    expect(xml).to.match(/^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites /);
    expect(xml).to.contain('<testsuite name="loadtest script1.py" timestamp="2026-11-24T11:12:05" time="60" ');
    expect(cases(xml)).to.deep.equal({
      ...{ passed: ["threshold p95&lt;500", "load integrity", "run"], error: [], skipped: [] },
      failure: ["threshold GET /: p99&lt;5"],
    });
    expect(xml).to.contain('<failure message="12 ms, limit p99 &lt; 5" type="threshold"/>');
    expect(counts(xml)).to.deep.equal(Array(2).fill('tests="4" failures="1" errors="0" skipped="0"'));
  });

  it("has the load's problems", () => {
    const xml = toJUnit(finishedRecord([], { integrity: lostWorker() }));
    expect(cases(xml).failure).to.deep.equal(["load integrity"]);
    expect(xml).to.contain('message="workers: worker-2 was lost 31 s into the run"');
  });

  it("tells what failed in requests and in the script as the output of the run", () => {
    const kind = { type: "KeyError", message: "'<token>'", file: "shop.py", line: 12, count: 40 };
    const failures = [{ method: "GET", name: "/", error: "ConnectionRefusedError(111, 'no')", count: 66 }];
    const xml = toJUnit(finishedRecord([], { failures, exceptions: { count: 42, kinds: [kind] } }));
    const [, output = ""] = /<system-out>([\s\S]*?)<\/system-out>/.exec(xml) ?? [];
    expect(output).to.contain("66 GET /: ConnectionRefusedError(111, 'no')");
    expect(output).to.contain(
      "The script raised 42 exceptions:\n40 KeyError: '<token>' (shop.py, line 12)\nand 2 more",
    );
    expect(cases(xml).passed).to.deep.equal(["load integrity", "run"]);
  });

  it("is an error where the run is one or was aborted", () => {
    for (const endedBy of ["not-started", "master-lost", "interrupt"] as const) {
      const xml = toJUnit(finishedRecord(["p95<500"], { endedBy }));
      expect(cases(xml).error).to.deep.equal(["run"]);
      expect(counts(xml)[0]).to.equal('tests="3" failures="0" errors="1" skipped="2"');
    }
    const unknown = toJUnit(finishedRecord([], { endedBy: "not-started", integrity: null }));
    expect(cases(unknown)).to.deep.include({ skipped: ["load integrity"], error: ["run"] });
  });

  it("has a case for the comparison with another run", () => {
    const name = "no regression from 20261123T111205Z-script1";
    expect(cases(toJUnit(finishedRecord([], { comparison: comparisonOf("noise") }))).passed).to.include(name);
    const worse = toJUnit(finishedRecord([], { comparison: comparisonOf("worse") }));
    expect(cases(worse)).to.deep.include({ failure: [name], passed: ["load integrity", "run"] });
    expect(worse).to.contain(
      '<failure message="p95 rose by 25 %, from 8 ms to 10 ms; 5 % is allowed." type="regression">',
    );
    const unclear = toJUnit(finishedRecord([], { comparison: comparisonOf("unclear") }));
    expect(cases(unclear)).to.deep.include({ skipped: [name], failure: ["run"], passed: ["load integrity"] });
    expect(unclear).to.match(/<failure message="Unclear: p95 rose [^"]*" type="invalid"/);
    expect(cases(toJUnit(finishedRecord())).passed).to.deep.equal(["load integrity", "run"]);
  });

  it("fails in at least one case for every run that did not pass, and in none that did", () => {
    const ends = [
      "run-time",
      "shape",
      "threshold",
      "interrupt",
      "stopped-elsewhere",
      "workers-lost",
      "not-started",
    ] as const;
    for (const endedBy of ends) {
      for (const thresholds of [[], ["p95<500"], ["p95<5"]]) {
        for (const integrity of [goodLoad(), lostWorker(), null]) {
          for (const comparison of [
            undefined,
            ...(["noise", "worse", "unclear"] as const).map((kind) => comparisonOf(kind)),
          ]) {
            const more = comparison === undefined ? {} : { comparison };
            const record = finishedRecord(thresholds, { endedBy, integrity, ...more });
            const { failure, error } = cases(toJUnit(record));
            expect(failure.length + error.length > 0, `${endedBy} ${thresholds}`).to.equal(record.verdict !== "passed");
          }
        }
      }
    }
  });

  it("escapes text and drops what XML cannot hold", () => {
    const name = 'GET /<a>&"b"\u0000\u001b[31m]]>\ud800: p95<5';
    const base = finishedRecord(["p95<5"]);
    const [threshold] = base.thresholds;
    const xml = toJUnit({ ...base, thresholds: threshold === undefined ? [] : [{ ...threshold, threshold: name }] });
    expect(xml).to.contain('name="threshold GET /&lt;a>&amp;&quot;b&quot;\uFFFD\uFFFD[31m]]>\uFFFD: p95&lt;5"');
    const reasons = ["a ]]> b"];
    expect(toJUnit({ ...base, verdict: "error", reasons })).to.contain("<![CDATA[a ]] > b]]>");
  });
});
