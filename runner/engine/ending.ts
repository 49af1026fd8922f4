import { messageOf } from "../errors";
import type { EndedBy } from "../types";

/** What may end a run from outside. */
export interface EndSignals {
  readonly interrupt: AbortSignal;
  readonly kill: AbortSignal;
  readonly masterLost: AbortSignal;
}

/** Why a run ends: the first reason stays, unless a later one makes its numbers worthless. */
export class Ending {
  by: EndedBy | undefined;
  error: string | undefined;
  /** What a master is that is not heard of any more. */
  readonly silent: "master-silent" | "master-lost";

  constructor(
    private readonly signals: EndSignals,
    masterStays = false,
  ) {
    this.silent = masterStays ? "master-silent" : "master-lost";
  }

  /** Whether the run goes on, after what the signals say. */
  get open(): boolean {
    const { interrupt, kill, masterLost } = this.signals;
    if (masterLost.aborted) this.finish("master-lost", messageOf(masterLost.reason));
    if (interrupt.aborted || kill.aborted) this.finish("interrupt");
    return this.by === undefined;
  }

  finish(by: EndedBy, error?: string): undefined {
    if (this.by !== undefined) return undefined;
    this.by = by;
    this.error = error;
    return undefined;
  }

  /** The run ended in order, and then its last numbers were not had: it is not judged by those before. */
  spoil(by: "master-silent" | "master-lost" | "results-unwritable" | "interrupt", error?: string): void {
    // An interrupted run is not judged by its numbers; a broken one is broken already.
    if (this.by === "interrupt" || this.broken) return;
    this.by = by;
    this.error = error;
  }

  /** Whether nothing more is to be had of the master. */
  get masterGone(): boolean {
    return this.by === "master-silent" || this.by === "master-lost";
  }

  /** Whether numbers are missing that nobody chose to leave out. */
  get broken(): boolean {
    return this.masterGone || this.by === "results-unwritable";
  }
}
