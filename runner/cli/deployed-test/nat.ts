/** A look at the NAT gateways of a run on AWS, when its results are on disk. */
import { findProject, readAwsConfig } from "../../../settings/project/stack-files";
import { AwsClients, type AwsPlace } from "../../aws/clients";
import { type NatMetrics, readNatMetrics } from "../../aws/nat";
import { never, pause } from "../../engine/timing";
import { messageOf } from "../../errors";
import { rewriteRun } from "../../results/folder";
import type { FinishedRecord } from "../../results/run-record";
import { type NatReport, withNat } from "../../verdict/nat";
import { decide, isJudged } from "../../verdict/verdict";
import type { SavedRun } from "../output";
import type { ClusterContext, ClusterTest } from "./open";

/** In ms. */
const minute = 60_000;

/** How long CloudWatch may take with a minute's values after that minute, and how often it is asked; in ms. */
export interface NatPatience {
  readonly wait: number;
  readonly interval: number;
}

const usual: NatPatience = { wait: 90_000, interval: 15_000 };

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
  if (!isOurs || record.integrity === null || !isJudged(record) || signals.interrupt.aborted) return saved;
  let amended: FinishedRecord;
  try {
    const say = (text: string) => progress.say(text);
    const nat = await readNat(placeOf(test), ids, record, { ...patience, say, signal: signals.interrupt });
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

interface Wait extends NatPatience {
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** Asks until there are values of the run's last minute, or the patience is over. Rejects with an AwsError. */
async function readNat(
  place: AwsPlace,
  ids: readonly string[],
  { startedAt, endedAt }: Pick<FinishedRecord, "startedAt" | "endedAt">,
  { wait, interval, signal, say }: Wait,
): Promise<NatReport> {
  const clients = new AwsClients(place);
  const from = Math.floor(Date.parse(startedAt) / minute) * minute;
  const to = Math.max(from + minute, Math.ceil(Date.parse(endedAt) / minute) * minute);
  const span = { from: new Date(from), to: new Date(to) };
  const deadline = to + wait;
  for (let said = false; ; said = true) {
    const report = reportOf(await readNatMetrics(clients, ids, span, never), from, to);
    const left = deadline - Date.now();
    if (report.missingMinutes === 0 || left <= 0 || signal.aborted) return report;
    if (!said) {
      const seconds = Math.ceil(left / 1000);
      say(
        `The results are saved. Waiting ${seconds} s at most for CloudWatch's values of the NAT gateways; Ctrl-C goes on`,
      );
    }
    await pause(Math.min(interval, left), signal);
  }
}

function reportOf(metrics: readonly NatMetrics[], from: number, to: number): NatReport {
  const all = Array.from({ length: (to - from) / minute }, (_, index) => from + index * minute);
  return {
    ...{ from: new Date(from).toISOString(), to: new Date(to).toISOString() },
    missingMinutes: all.filter((start) => metrics.some(({ minutes }) => !minutes.has(start))).length,
    gateways: metrics.map(({ minutes: _, ...gateway }) => gateway),
  };
}
