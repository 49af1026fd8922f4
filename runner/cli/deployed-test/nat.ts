/** A look at the NAT gateways of a run on AWS, when its results are on disk. */
import { findProject, readAwsConfig } from "../../../settings/project/stack-files";
import { AwsClients, type AwsPlace } from "../../aws/clients";
import { type NatMetrics, readNatMetrics } from "../../aws/nat";
import { pause } from "../../engine/timing";
import { messageOf, RunnerError } from "../../errors";
import { rewriteRun } from "../../results/folder";
import type { FinishedRecord } from "../../results/run-record";
import { type NatReport, withNat } from "../../verdict/nat";
import { decide, isJudged } from "../../verdict/verdict";
import type { SavedRun } from "../output";
import type { Signals } from "../signals";
import type { ClusterContext, ClusterTest } from "./open";

/** In ms. */
const minute = 60_000;

/** In ms. */
export interface NatPatience {
  /** How long CloudWatch may take with a minute's values after that minute. */
  readonly wait: number;
  /** How often it is asked; 0 for once. */
  readonly interval: number;
  /** How long one answer may take: a program that gives credentials may wait for somebody. */
  readonly limit: number;
}

const usual: NatPatience = { wait: 90_000, interval: 15_000, limit: 15_000 };

/** For what is not to be held up: what CloudWatch has by now. */
export const oneLook: NatPatience = { ...usual, interval: 0 };

/** What a signal means for a command that has saved its run, and only waits for CloudWatch. */
export const onSignalOnceSaved = "the results are saved; no longer waiting";

/**
 * Judges a run anew by what CloudWatch has of the stack's NAT gateways in its minutes, and writes that into its folder.
 * Whatever keeps AWS from telling is one warning, and changes no verdict; an interrupt ends the wait. Never rejects.
 */
export async function judgeNat(
  saved: SavedRun,
  { test, progress, signals }: Pick<ClusterContext, "test" | "progress" | "signals">,
  patience: NatPatience = usual,
): Promise<SavedRun> {
  const { record, outcome, folder, compared } = saved;
  const { output } = test;
  const ids = output?.natGatewayIds ?? [];
  const isOurs = output?.platform === "eks-fargate" && ids.length > 0;
  if (!isOurs || record.integrity === null || !isJudged(record)) return saved;
  let amended: FinishedRecord;
  try {
    if (signals.interrupt.aborted) throw new RunnerError("interrupted before CloudWatch was asked");
    const say = (text: string) => progress.say(text);
    const nat = await readNat(placeOf(test), ids, record, { ...patience, ...signals, say });
    const integrity = withNat(record.integrity, nat, output?.natErrors ?? "invalid");
    const isWorse = integrity.problems.length > record.integrity.problems.length;
    const decision = isWorse ? decide({ ...outcome, ...compared, integrity }) : {};
    amended = withWarnings({ ...record, ...decision, integrity }, integrity.warnings);
  } catch (error) {
    amended = withWarnings(record, [`nat: whether the NAT gateways had ports is not known: ${messageOf(error)}`]);
  }
  await rewriteRun(folder.path, amended).catch((error: unknown) => progress.warning(messageOf(error)));
  return { ...saved, record: amended };
}

function withWarnings(record: FinishedRecord, warnings: readonly string[]): FinishedRecord {
  return { ...record, warnings: [...new Set([...record.warnings, ...warnings])] };
}

/** With the profile of the stack's config, as `pulumi` has it. */
function placeOf({ stack, output }: ClusterTest): AwsPlace {
  const project = findProject(process.cwd());
  const config = project === undefined || stack === null ? {} : readAwsConfig(project, stack);
  return { ...config, ...(output?.region === undefined ? {} : { region: output.region }) };
}

interface Wait extends NatPatience, Pick<Signals, "interrupt" | "kill"> {
  readonly say: (text: string) => void;
}

/**
 * Asks until there are values of the run's last minute, or the patience is over; gives what it knows by then, and rejects
 * with a RunnerError where that is nothing.
 */
async function readNat(
  place: AwsPlace,
  ids: readonly string[],
  { startedAt, endedAt }: Pick<FinishedRecord, "startedAt" | "endedAt">,
  { wait, interval, limit, interrupt, kill, say }: Wait,
): Promise<NatReport> {
  const clients = new AwsClients(place);
  const from = Math.floor(Date.parse(startedAt) / minute) * minute;
  const to = Math.max(from + minute, Math.ceil(Date.parse(endedAt) / minute) * minute);
  const span = { from: new Date(from), to: new Date(to) };
  const deadline = to + wait;
  let known: NatReport | undefined;
  for (;;) {
    let metrics: readonly NatMetrics[];
    try {
      metrics = await inTime((end) => readNatMetrics(clients, ids, span, end), limit, kill);
    } catch (error) {
      if (known === undefined) throw error;
      // An error that comes later takes nothing back.
      return known;
    }
    const left = deadline - Date.now();
    const report = reportOf(metrics, from, to, left <= 0);
    if (report.missingMinutes === 0 || left <= 0 || interval === 0 || interrupt.aborted) return report;
    if (known === undefined) {
      const seconds = Math.ceil(left / 1000);
      say(
        `The results are saved. Waiting ${seconds} s at most for CloudWatch's values of the NAT gateways; Ctrl-C goes on`,
      );
    }
    known = report;
    await pause(Math.min(interval, left), interrupt);
    if (interrupt.aborted) return known;
  }
}

/** What `work` gives; rejects where that takes longer than `limit` ms, or `kill` comes first, though it may go on. */
async function inTime<T>(work: (end: AbortSignal) => Promise<T>, limit: number, kill: AbortSignal): Promise<T> {
  const end = new AbortController();
  const late = pause(limit, kill, end.signal).then(() => {
    throw new RunnerError(kill.aborted ? "interrupted" : `no answer from AWS within ${limit / 1000} s`);
  });
  try {
    return await Promise.race([work(end.signal), late]);
  } finally {
    end.abort();
  }
}

/** @param isLast whether minutes without ErrorPortAllocation count as without errors, where other metrics have values */
function reportOf(metrics: readonly NatMetrics[], from: number, to: number, isLast: boolean): NatReport {
  const has = ({ minutes, portMinutes }: NatMetrics, start: number) => (isLast ? minutes : portMinutes).has(start);
  const all = Array.from({ length: (to - from) / minute }, (_, index) => from + index * minute);
  return {
    ...{ from: new Date(from).toISOString(), to: new Date(to).toISOString() },
    missingMinutes: all.filter((start) => metrics.some((gateway) => !has(gateway, start))).length,
    gateways: metrics.map(({ minutes: _, portMinutes: __, ...gateway }) => gateway),
  };
}
