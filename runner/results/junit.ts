import builder from "junit-report-builder";
import { actualText, thresholdText } from "../verdict/thresholds";
import { isJudged } from "../verdict/verdict";
import { type FrequentErrors, frequentExceptions, frequentFailures } from "./frequent-errors";
import type { FinishedRecord } from "./run-record";

/**
 * A finished run in the JUnit layout that build servers read: a suite with a test case for each threshold, one for the
 * load's integrity, one for the comparison with another run where there is one, and one for the run itself (an error
 * where the verdict is `error` or `aborted`). What is not judged, or unclear, is skipped.
 */
export function toJUnit(record: FinishedRecord): string {
  const { script, thresholds, integrity, comparison, verdict, reasons, startedAt, durationSeconds } = record;
  const report = builder.newBuilder().name("loadtest");
  // The layout knows no time zones and no fractions.
  const suite = report
    .testSuite()
    .name(clean(`loadtest ${script}`))
    .timestamp(startedAt.slice(0, 19))
    .time(durationSeconds);
  const testCase = (name: string, time = 0) =>
    suite
      .testCase()
      .className(clean(`loadtest.${script}`))
      .name(clean(name))
      .time(time);

  const judged = isJudged(record);
  for (const threshold of thresholds) {
    const one = testCase(`threshold ${thresholdText(threshold)}`);
    if (!judged) {
      one.skipped();
    } else if (!threshold.passed) {
      const note = threshold.note === undefined ? "" : ` (${threshold.note})`;
      const limit = `${threshold.metric} ${threshold.operator} ${threshold.limit}`;
      one.failure(clean(`${actualText(threshold)}, limit ${limit}${note}`), "threshold");
    }
  }
  const load = testCase("load integrity");
  if (integrity === null || (integrity.ok && !judged)) {
    load.skipped();
  } else if (!integrity.ok) {
    load.failure(clean(integrity.problems.join("; ")), "load").stacktrace(cdata(integrity.problems));
  }
  const { regressions = [], unclear = [] } = comparison ?? {};
  if (comparison !== undefined) {
    const change = testCase(`no regression from ${comparison.before}`);
    if (regressions.length > 0) {
      change.failure(clean(regressions.join(" ")), "regression").stacktrace(cdata(regressions));
    } else if (unclear.length > 0) {
      change.skipped();
    }
  }
  const missed = regressions.length > 0 || thresholds.some(({ passed }) => !passed);
  const run = testCase("run", durationSeconds);
  const told = [frequentFailures(record), frequentExceptions(record)].filter((lines) => lines !== undefined);
  // Failures and exceptions decide no verdict, so they are output of this test case, not test cases of their own.
  if (told.length > 0) run.standardOutput(cdata(told.flatMap(textOf)));
  const why = clean(reasons.join(" ") || verdict);
  if (!judged) {
    run.error(why, verdict, cdata(reasons));
  } else if (verdict === "invalid" ? integrity?.ok !== false : verdict === "failed" && !missed) {
    // Nothing else in the suite would say that this run did not pass.
    run.failure(why, verdict);
  }
  return report.build();
}

function textOf({ title, kinds, rest }: FrequentErrors): string[] {
  return [`${title}:`, ...kinds.map(({ count, text }) => `${count} ${text}`), ...(rest === undefined ? [] : [rest])];
}

/** Text for an attribute: what XML 1.0 cannot hold becomes a replacement character. */
function clean(text: string): string {
  return Array.from(text, (char) => (isXml(char.codePointAt(0) ?? 0) ? char : "\uFFFD")).join("");
}

function cdata(lines: readonly string[]): string {
  return clean(lines.join("\n")).replaceAll("]]>", "]] >");
}

function isXml(code: number): boolean {
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  return code >= 0x20 ? !surrogate && code !== 0xfffe && code !== 0xffff : code === 0x9 || code === 0xa || code === 0xd;
}
