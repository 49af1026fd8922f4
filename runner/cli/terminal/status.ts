import pc from "picocolors";
import type { LocustStatus } from "../../types";
import type { Cost } from "../deployed-test/cost";
import { clock, failures, iterations, milliseconds } from "./format";

/** What `status` shows; as JSON it is printed as it is. */
export interface StatusReport {
  readonly stack: string | null;
  readonly context: string;
  readonly namespace: string;
  readonly script: string;
  readonly pods: readonly PodLine[];
  readonly workers: { readonly wanted: number; readonly ready: number };
  /** Why pods are not ready. */
  readonly troubles: readonly string[];
  /** The master's latest run; null where there was none yet, or the master does not answer. */
  readonly run: RunLine | null;
  /** Why nothing is known of a run. */
  readonly problem: string | null;
  /**
   * The command that has the test, and how many seconds ago it has renewed its Lease, by the clocks of two machines; null
   * where there is none. It does so every 3 s: one that has not for long is gone.
   */
  readonly command: { readonly by: string; readonly since: string | null; readonly seen: number | null } | null;
  /** How many workers there are to be when a run that scaled them is over; null where nothing is to be restored. */
  readonly workersBefore: number | null;
  /** Null where it is not known; why, says `whyNoCost`. */
  readonly cost: Cost | null;
  readonly whyNoCost: string | null;
}

export interface PodLine {
  readonly name: string;
  readonly part: "control" | "worker";
  readonly ready: boolean;
  readonly restarts: number;
  /** Seconds. */
  readonly age: number;
}

export interface RunLine
  extends Pick<
    LocustStatus,
    | "users"
    | "targetUsers"
    | "requests"
    | "failures"
    | "rps"
    | "p95"
    | "elapsed"
    | "runTime"
    | "arrivals"
    | "kept"
    | "script"
    | "host"
  > {
  readonly going: boolean;
  /** `sam@laptop`; null for a run of Locust's web UI. */
  readonly startedBy: string | null;
}

const mostPods = 12;

/** The report for people. @param hint how to say this test on a command line: `--stack dev` */
export function statusText(report: StatusReport, hint: string, colour: boolean): string {
  const colors = pc.createColors(colour);
  const where = report.stack === null ? `context ${report.context}` : `stack ${report.stack}`;
  const lines = [
    colors.bold(`${report.script} in namespace ${report.namespace}, ${where}`),
    "",
    ...podLines(report.pods, colors.yellow),
    entry("workers", `${report.workers.ready} of ${report.workers.wanted} ready`),
    ...report.troubles.map((text) => `          ${colors.yellow(text)}`),
    ...runText(report, hint),
    ...(report.workersBefore === null
      ? []
      : [entry("", `after the run there ${workersAre(report.workersBefore)} again`)]),
    entry("cost", costText(report)),
  ];
  return `${lines.join("\n")}\n`;
}

function entry(name: string, text: string): string {
  return `${name.padEnd(9)} ${text}`;
}

function workersAre(count: number): string {
  return count === 1 ? "is 1 worker" : `are ${count} workers`;
}

/** Pods of a large test are many and alike: the first ones stand for all. */
function podLines(pods: readonly PodLine[], warn: (text: string) => string): string[] {
  const shown = pods.slice(0, mostPods);
  const more = pods.length - shown.length;
  return [
    ...shown.map((pod) => podText(pod, shown, warn)),
    ...(more === 0 ? [] : [entry("", `and ${more} more ${more === 1 ? "pod" : "pods"}`)]),
  ];
}

function podText(pod: PodLine, pods: readonly PodLine[], warn: (text: string) => string): string {
  const width = Math.max(...pods.map(({ name }) => name.length));
  const restarts = pod.restarts === 0 ? "" : `, ${pod.restarts} restart${pod.restarts === 1 ? "" : "s"}`;
  const state = pod.ready ? "ready" : warn("not ready");
  const first = pods.find(({ part }) => part === pod.part) === pod;
  const name = pod.part === "control" ? "master" : "worker";
  return entry(first ? name : "", `${pod.name.padEnd(width)}  ${state}, ${clock(pod.age)}${restarts}`);
}

function runText({ run, problem, command }: StatusReport, hint: string): string[] {
  if (problem !== null) return [entry("run", problem)];
  if (run === null && command === null) return [entry("run", `none yet: loadtest run ${hint}`)];
  if (run === null) return [entry("run", "none yet"), ...commandText(command, hint)];
  // Once its results are saved, nothing says any more who started a run.
  const nobody = run.kept ? "" : " of Locust's web UI";
  const what = `${run.script}${run.startedBy === null ? nobody : ` of ${run.startedBy}`}`;
  const facts = `${run.requests} request${run.requests === 1 ? "" : "s"}, ${failures(run)}, p95 ${milliseconds(run.p95)}`;
  if (run.going) {
    const of = run.runTime === null ? "" : ` of ${clock(run.runTime)}`;
    return [
      entry("run", `${what}, going on for ${clock(run.elapsed ?? 0)}${of}`),
      entry(
        "",
        [`${run.users} of ${run.targetUsers} users`, ...iterations(run), `${run.rps.toFixed(1)} req/s`].join(", "),
      ),
      entry("", facts),
      ...(command === null
        ? [entry("", `to save its results: loadtest report ${hint} --wait`)]
        : commandText(command, `${hint} --wait`)),
    ];
  }
  return [
    entry("run", `${what}, ended after ${clock(run.elapsed ?? 0)}`),
    entry("", facts),
    ...(run.kept || command !== null ? [] : [entry("", `its results are not saved yet: loadtest report ${hint}`)]),
    ...commandText(command, hint),
  ];
}

/** Whether the command is there, only its Lease can tell, in time. */
function commandText(command: StatusReport["command"], hint: string): string[] {
  if (command === null) return [];
  const { by, seen } = command;
  return [
    entry("command", `${by}, seen ${seen === null ? "at no known time" : `${clock(seen)} ago`}`),
    entry("", `should it be gone: loadtest report ${hint}`),
  ];
}

function costText({ cost, whyNoCost }: StatusReport): string {
  if (cost === null) return `not known: ${whyNoCost}`;
  return `about $${cost.soFar.toFixed(2)} so far, $${cost.perHour.toFixed(4)} an hour (${cost.region}, on demand)`;
}
