import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv from "ajv/dist/2020";
import { expect } from "chai";
import { runJsonSchema } from "../../../runner/results/print-schema";
import { type RunRecord, runRecordSchema } from "../../../runner/results/run-record";
import type { EndedBy, Verdict } from "../../../runner/types";
import type { Comparison } from "../../../runner/verdict/compare/comparison";
import type { IntegrityReport } from "../../../runner/verdict/integrity";
import type { ThresholdResult } from "../../../runner/verdict/thresholds";
import { comparisonOf, finishedRecord, natLoad, runningRecord } from "./make";

const path = join(__dirname, "../../../schema/run.schema.json");
const kept = JSON.parse(readFileSync(path, "utf8"));
const validate = new Ajv({ formats: { "date-time": true } }).compile(kept);
const asJson = (record: RunRecord) => JSON.parse(JSON.stringify(record));

const thresholds = ["p95<500", "GET /: p99.9<5", "POST /no: rps>1", "fail_ratio<1%"];
const records: Record<string, RunRecord> = {
  running: runningRecord(thresholds),
  passed: finishedRecord(),
  failed: finishedRecord(thresholds),
  "with NAT gateways": finishedRecord([], { integrity: natLoad() }),
  "of a known master": finishedRecord([], { master: { id: "4f0c", run: 2 } }),
  compared: finishedRecord([], { comparison: comparisonOf("worse") }),
  unclear: finishedRecord([], { comparison: comparisonOf("unclear", { warnings: ["users: 10 before, 20 after"] }) }),
  "not started": finishedRecord([], {
    endedBy: "not-started",
    integrity: null,
    master: null,
    target: null,
    stack: null,
    rampSeconds: null,
  }),
  "with the client of FastHttpUser": finishedRecord(thresholds, {
    versions: {
      ...{ loadtest: "0.1.0", locust: "2.47.0", python: "3.11.2", node: "v20.20.2" },
      ...{ client: "original", geventhttpclient: "2.6.1", gevent: "26.9.0" },
    },
  }),
  "with the client of HttpUser": finishedRecord(thresholds, {
    versions: {
      ...{ loadtest: "0.1.0", locust: "2.47.0", python: "3.11.2", node: "v20.20.2" },
      ...{ client: "patched", geventhttpclient: "2.6.1", gevent: "26.9.0" },
      ...{ httpUser: "requests", httpUserCause: "--otel", requests: "2.34.2", urllib3: "2.8.0" },
    },
    httpFallbacks: [{ reason: "stream=True", count: 7 }],
  }),
};

describe("the schema of run.json", () => {
  it("is the one in the repository (see print-schema.ts)", () => {
    expect(runJsonSchema()).to.deep.equal(kept);
  });

  for (const [name, record] of Object.entries(records)) {
    it(`allows a record: ${name}`, () => {
      expect(validate(asJson(record)), JSON.stringify(validate.errors)).to.equal(true);
      expect(asJson(runRecordSchema.parse(asJson(record)) as RunRecord)).to.deep.equal(asJson(record));
    });
  }

  it("allows more fields than it names", () => {
    expect(validate({ ...asJson(finishedRecord()), later: true })).to.equal(true);
  });

  it("refuses a record that contradicts itself or lacks something", () => {
    const finished = asJson(finishedRecord(thresholds));
    const { integrity: _, ...without } = finished;
    const wrong: unknown[] = [
      without,
      { ...finished, verdict: null },
      { ...finished, schemaVersion: 2 },
      { ...finished, status: "running" },
      { ...finished, startedAt: "yesterday" },
      { ...finished, master: { id: "4f0c" } },
      { ...finished, totals: { ...finished.totals, requests: -1 } },
      { ...asJson(runningRecord()), verdict: "passed" },
    ];
    expect(wrong.map((record) => validate(record))).to.deep.equal(wrong.map(() => false));
    expect(wrong.map((record) => runRecordSchema.safeParse(record).success)).to.deep.equal(wrong.map(() => false));
  });

  it("has the words that the code has", () => {
    type Finished = Extract<RunRecord, { status: "finished" }>;
    // These lines only compile where both sides are the same.
    const there: [Verdict, EndedBy, ThresholdResult[], IntegrityReport] | undefined = undefined;
    const sameWords = (record: Finished): [Verdict, EndedBy, readonly ThresholdResult[], IntegrityReport | null] => [
      record.verdict,
      record.endedBy,
      record.thresholds,
      record.integrity,
    ];
    const back = (verdict: Verdict, endedBy: EndedBy): Pick<Finished, "verdict" | "endedBy"> => ({ verdict, endedBy });
    const compared = (comparison: Comparison): Pick<Finished, "comparison"> => ({ comparison });
    const comparedBack = ({ comparison }: Finished): Comparison | undefined => comparison;
    const record = finishedRecord([], compared(comparisonOf("same")));
    expect(comparedBack(record)).to.deep.equal(comparisonOf("same"));
    expect(there).to.equal(undefined);
    expect(sameWords(record)[0]).to.equal(back("passed", "run-time").verdict);
  });
});
