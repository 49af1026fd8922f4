import { join } from "node:path";
import { hiddenSecret } from "../../settings/errors";
import { loadtestVersion } from "../../settings/package-root";
import { isObject } from "../../settings/values/object";
import type { RunObserver, RunOutcome, Snapshot } from "../engine/plan";
import { messageOf } from "../errors";
import { listFiles } from "../results/files";
import type { ResultsFolder } from "../results/folder";
import { behindWarnings, correctedTotals, totalPercentiles, totals } from "../results/locust-csv";
import type { FinishedRecord, RunningRecord, RunRecord } from "../results/run-record";
import { readSeries } from "../results/series";
import { currentWriter, unfinished } from "../results/unfinished";
import type { LocustStatus, Sample } from "../types";
import { type CapacityReport, type CapacityStep, searchShape } from "../verdict/capacity/report";
import { round } from "../verdict/format";
import type { IntegrityReport } from "../verdict/integrity";
import { unansweredWarnings } from "../verdict/requests";
import { evaluateThresholds } from "../verdict/thresholds";
import { decide, isJudged, type Outcome } from "../verdict/verdict";
import type { Compare, TestSetup } from "./setup";

/** Writes a run into its folder as it goes on: what was measured is on disk, whatever happens next. */
export class Recorder implements RunObserver {
  private readonly warnings: string[] = [];
  private status: LocustStatus | undefined;
  private cpuLimit: number | undefined;
  private startedAt: Date | undefined;
  private master: RunRecord["master"] = null;
  private latest: Sample | undefined;
  /** What the comparison with another run has found, once the run is judged. */
  found: Pick<Outcome, "regressions" | "unclear"> | undefined;
  /** What a search has found so far. */
  private capacity: CapacityReport | undefined;

  constructor(
    readonly folder: ResultsFolder,
    private readonly setup: TestSetup,
  ) {}

  /** Whether the folder has measurements, which cannot be taken again. */
  get hasSamples(): boolean {
    return this.latest !== undefined;
  }

  waiting(status: LocustStatus): void {
    this.status = status;
  }

  async started(status: LocustStatus, at: Date, run: number): Promise<void> {
    this.status = status;
    this.cpuLimit = status.workers[0]?.cpuLimit;
    this.startedAt = at;
    this.master = { id: status.master.id, run };
    await this.folder.writeRun(this.running());
  }

  async sample(sample: Sample): Promise<void> {
    this.latest = sample;
    await this.folder.append(sample);
  }

  async snapshot(snapshot: Snapshot): Promise<void> {
    for (const [name, content] of Object.entries(snapshot.csv)) await this.folder.writeFile(name, content);
    await this.folder.writeRun(this.running(snapshot));
  }

  step(_: CapacityStep, found: CapacityReport): void {
    this.capacity = found;
  }

  /** What the search of a former command had found: it was killed, and nobody can go on with it. */
  foundBefore(capacity: CapacityReport): void {
    this.capacity = capacity;
  }

  report(html: string): Promise<void> {
    return this.folder.writeFile("report.html", html);
  }

  warning(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  }

  /**
   * Judges the run and writes its final record, with what `compare` says of a run that came to its end. Rejects with a
   * ResultsError that leaves the last one. The folder is left open.
   */
  async finish(outcome: RunOutcome, compare?: Compare): Promise<FinishedRecord> {
    this.status = outcome.status ?? this.status;
    this.startedAt ??= outcome.startedAt ?? outcome.endedAt;
    this.capacity = outcome.capacity ?? this.capacity;
    const { integrity, unanswered } = outcome;
    const isCutOff = this.capacity !== undefined && outcome.capacity === undefined;
    const endedBy = isCutOff ? ("command-killed" as const) : outcome.endedBy;
    for (const warning of unanswered === undefined ? [] : unansweredWarnings(unanswered)) this.warning(warning);
    for (const warning of integrity?.warnings ?? []) this.warning(warning);
    for (const warning of behindWarnings(outcome.rows, this.latest)) this.warning(warning);
    const files = await listFiles(this.folder.path);
    const record: FinishedRecord = {
      ...this.common(outcome, integrity),
      ...decide({ ...outcome, endedBy, integrity, capacity: this.capacity }),
      // The run did not use its number: the master gives it to the next one.
      ...(outcome.endedBy === "not-started" ? { master: null } : {}),
      ...(unanswered === undefined ? {} : { unanswered }),
      status: "finished",
      endedBy,
      complete: outcome.complete,
      scriptExitCode: outcome.scriptExit ?? null,
      endedAt: outcome.endedAt.toISOString(),
      durationSeconds: round(outcome.duration, 3),
      rampSeconds: outcome.ramp === null ? null : round(outcome.ramp, 3),
      files: [...new Set([...files, "junit.xml", "run.json"])].sort(),
    };
    const judged = compare === undefined ? record : this.compared(record, outcome, compare);
    await this.folder.writeRun(judged);
    return judged;
  }

  /** Adds warnings on what came after the run to its final record. */
  async amend(record: FinishedRecord, warnings: readonly string[]): Promise<FinishedRecord> {
    if (warnings.length === 0) return record;
    const amended = { ...record, warnings: [...new Set([...record.warnings, ...warnings])] };
    await this.folder.writeRun(amended);
    return amended;
  }

  private compared(record: FinishedRecord, outcome: RunOutcome, compare: Compare): FinishedRecord {
    if (!isJudged(record)) return record;
    try {
      const comparison = compare(record, readSeries(join(this.folder.path, "series.ndjson")), this.folder.path);
      this.found = comparison;
      return { ...record, ...decide({ ...outcome, ...comparison }), comparison };
    } catch (error) {
      // The run must not be worse than the baseline, and that is unknown: it does not pass, but its record is saved.
      this.found = { unclear: [`the run could not be compared: ${messageOf(error)}`] };
      return { ...record, ...decide({ ...outcome, ...this.found }) };
    }
  }

  private running(snapshot?: Snapshot): RunningRecord {
    const { thresholds } = this.setup.plan;
    return {
      ...this.common(
        snapshot ?? { rows: [], failures: [], code: undefined, thresholds: evaluateThresholds(thresholds, []) },
        snapshot?.integrity ?? null,
      ),
      status: "running",
      ...unfinished,
      endedBy: null,
      endedAt: null,
      durationSeconds: this.latest?.t ?? 0,
      rampSeconds: snapshot?.integrity.users.reachedAfterSeconds ?? null,
      writer: currentWriter(),
      files: [],
    };
  }

  /** What decides the load instead of the users that were asked for. */
  private get shape(): string | null {
    return this.setup.plan.search === undefined ? (this.status?.shape ?? null) : searchShape;
  }

  private common(
    outcome: Pick<RunOutcome, "rows" | "corrected" | "failures" | "code" | "thresholds">,
    integrity: IntegrityReport | null,
  ) {
    const { rows, corrected = [], failures, code, thresholds } = outcome;
    const { place, stack, script, plan, settings } = this.setup;
    const { users, spawnRate, workers, arrivals, search } = plan;
    const problems = integrity?.problems ?? [];
    return {
      schemaVersion: 1 as const,
      // A warning that is also a problem of the load is shown once, as the problem.
      warnings: this.warnings.filter((text) => !problems.includes(text)),
      place,
      stack,
      script,
      master: this.master,
      target: plan.host ?? null,
      startedAt: (this.startedAt ?? new Date()).toISOString(),
      asked: {
        ...{ users: integrity?.users.asked ?? users, spawnRate, workers, shape: this.shape },
        ...(arrivals === undefined || search !== undefined ? {} : { arrivals }),
      },
      ...(this.cpuLimit === undefined ? {} : { workerCpuLimit: this.cpuLimit }),
      settings: {
        ...withoutSecretArguments(settings, this.status),
        thresholds: plan.thresholds.map(({ text }) => text),
      },
      versions: {
        loadtest: loadtestVersion(),
        locust: this.status?.locust ?? null,
        python: this.status?.python ?? null,
        ...this.status?.client,
        node: process.versions.node,
      },
      ...(this.status?.httpFallbacks?.length ? { httpFallbacks: [...this.status.httpFallbacks] } : {}),
      totals: totals(rows, this.latest),
      percentiles: totalPercentiles(rows),
      ...correctedTotals(corrected),
      failures: [...failures],
      ...(code === undefined ? {} : { exceptions: code.exceptions }),
      thresholds: [...thresholds],
      ...(this.capacity === undefined ? {} : { capacity: this.capacity }),
      integrity,
    };
  }
}

/** Until Locust has said which of the script's arguments are secret, all of them are hidden. */
function withoutSecretArguments(settings: TestSetup["settings"], status: LocustStatus | undefined) {
  const { scriptArguments: given } = settings;
  if (!isObject(given)) return { ...settings };
  const secret = status === undefined ? Object.keys(given) : (status.secretArguments ?? []);
  const hidden = Object.fromEntries(secret.map((name) => [name, hiddenSecret]));
  return { ...settings, scriptArguments: { ...given, ...hidden } };
}
