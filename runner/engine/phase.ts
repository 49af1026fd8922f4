import type { EndedBy, LocustStatus, Phase } from "../types";
import type { Place } from "../types/script";

/** What the next step of a run is decided from. Times are seconds since its start. */
export interface RunView {
  readonly phase: Phase;
  /** The master's number of this run, and the master's id. */
  readonly run: number;
  readonly master: string;
  readonly status: LocustStatus;
  /** By this machine's clock; the master's own takes precedence. */
  readonly elapsed: number;
  /** Undefined for a run that is followed. A load shape decides itself. */
  readonly runTime: number | undefined;
  /** How long past its run time the run may go on. */
  readonly overtime: number;
}

export type Step =
  /** The run goes on, in this phase. */
  | { readonly kind: "on"; readonly phase: Phase }
  /** It has ended by itself, or by somebody else. */
  | { readonly kind: "ended"; readonly by: EndedBy }
  /** The engine has to stop it. */
  | { readonly kind: "stop"; readonly by: EndedBy };

/** Locust's timer and ours start within this many seconds of each other. */
const timerTolerance = 2;

/** Workers that the master counts on. */
export function livingWorkers(status: LocustStatus): LocustStatus["workers"] {
  return status.workers.filter((worker) => worker.state !== "missing" && worker.state !== "stopped");
}

/** Whether a test applies load, by the master's word for what it does. */
export function isLoading({ state }: Pick<LocustStatus, "state">): boolean {
  return state === "spawning" || state === "running";
}

/** Whether a status says that a run's load has ended, be it that another run has begun since. */
export function isKnownOver(status: LocustStatus | undefined, run: number, master: string): boolean {
  if (status === undefined) return false;
  return status.master.id !== master || status.run > run || (status.run === run && !isLoading(status));
}

/** Decides from the master's status how a run goes on. Pure: the engine carries it out. */
export function nextStep({ phase, run, master, status, elapsed: here, runTime, overtime }: RunView): Step {
  if (status.master.id !== master) return { kind: "ended", by: "master-lost" };
  // After a cut connection the news is late: the master's own clock says when it happened.
  const elapsed = status.elapsed ?? here;
  if (status.run !== run || !isLoading(status)) return { kind: "ended", by: whoEnded(status, run, elapsed, runTime) };
  const limit = status.shape === null ? runTime : undefined;
  if (limit !== undefined && elapsed > limit + overtime) return { kind: "stop", by: "run-time" };
  return { kind: "on", phase: loadPhase(phase, status) };
}

/** The phase of a run that goes on: a hold stays one, whatever the users do. An arrival rate begins with it. */
export function loadPhase(
  phase: Phase,
  {
    state,
    users,
    targetUsers,
    arrivals,
  }: Pick<LocustStatus, "state" | "users" | "targetUsers"> & {
    readonly arrivals?: { readonly began: number | null } | null;
  },
): "ramp" | "hold" {
  const begins = state === "running" && users >= targetUsers && arrivals?.began !== null;
  return phase === "hold" || begins ? "hold" : "ramp";
}

/** What happened to a master that is gone, to follow a colon. */
export function howMasterWent({ master }: Pick<LocustStatus, "master">): string {
  return master.leaving === true ? "it was told to end" : "it was restarted";
}

function whoEnded(status: LocustStatus, run: number, elapsed: number, runTime: number | undefined): EndedBy {
  if (status.run !== run) return "stopped-elsewhere";
  const onTime = runTime !== undefined && status.shape === null && elapsed >= runTime - timerTolerance;
  if (status.code?.ended?.by === "data") return "data";
  if (scriptEnd(status) !== undefined && !onTime) {
    // A run of the web UI without a run time or shape has no end that was asked for: any end is in order.
    return runTime === undefined && status.runTime === null && status.shape === null ? "page" : "script";
  }
  // The master was told to end, and stopped the test as it shut down.
  if (status.master.leaving === true && status.code?.ended?.by !== "page") return onTime ? "run-time" : "master-lost";
  // The master stops the test when its last worker is gone. Workers that were told to stop are "stopped", not gone.
  if (status.workers.every(isGone)) return "workers-lost";
  if (status.shape !== null) return status.code?.ended?.by === "page" ? "stopped-elsewhere" : "shape";
  if (runTime === undefined) return "page";
  return onTime ? "run-time" : "stopped-elsewhere";
}

/** The part of an outcome that the script's own code decides, from the latest status of the run. */
export function ofScript(status: LocustStatus | undefined, runTime: number | undefined) {
  return {
    runTime: status?.shape === null ? runTime : undefined,
    scriptEnd: status === undefined ? undefined : scriptEnd(status),
    dataProblem: status?.code?.ended?.problem,
    scriptExit: status?.code?.exitCode ?? null,
    code: status?.code,
  };
}

/** Where the script has ended the test, on the master, in all of its workers or by its data; undefined where it has not. */
function scriptEnd({ code, workers }: Pick<LocustStatus, "code" | "workers">): Place | undefined {
  if (code?.ended?.by === "script" || code?.ended?.by === "data")
    return { file: code.ended.file, line: code.ended.line };
  return workers.every(isGone) ? (workers.find(({ endedAt }) => endedAt)?.endedAt ?? undefined) : undefined;
}

function isGone({ state, leaving }: LocustStatus["workers"][number]): boolean {
  return state === "missing" || leaving === true;
}
