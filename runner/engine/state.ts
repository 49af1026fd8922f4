import { messageOf } from "../errors";
import type { EndedBy, Phase } from "../types";

/** What may end a run from outside; see RunOptions. */
export interface EndSignals {
  readonly interrupt: AbortSignal;
  readonly kill: AbortSignal;
  readonly masterLost: AbortSignal;
}

/** Where a run stands: its phase, why it ends, and how complete its numbers are. Only its methods change it. */
export class RunState {
  phase: Phase = "ready";
  endedBy: EndedBy | undefined;
  error: string | undefined;
  /** Whether the last report of every worker is in. */
  drained = false;
  /** Whether the numbers after the end of the load were received. */
  finalNumbers = false;

  /** @param masterStays whether the master outlives this command: one that is silent may go on then */
  constructor(
    readonly signals: EndSignals,
    private readonly masterStays = false,
  ) {}

  /** Ends the run where a signal says so, and tells whether it goes on. */
  checkSignals(): boolean {
    const { interrupt, kill, masterLost } = this.signals;
    if (masterLost.aborted) this.end("master-lost", messageOf(masterLost.reason));
    if (interrupt.aborted || kill.aborted) this.end("interrupt");
    return this.endedBy === undefined;
  }

  /** Ends the run. The first reason stays. */
  end(by: EndedBy, error?: string): void {
    if (this.endedBy !== undefined) return;
    this.endedBy = by;
    this.error = error;
  }

  /** The run ended in order, but its last numbers are missing: it must not be judged by earlier ones. */
  spoil(by: "master-silent" | "master-lost" | "results-unwritable" | "interrupt", error?: string): void {
    // An interrupted run is not judged anyway, and a broken one has its reason already.
    if (this.endedBy === "interrupt" || this.broken) return;
    this.endedBy = by;
    this.error = error;
  }

  /** Saves results. Where that fails the run ends: load whose numbers are lost is useless. */
  async save(write: () => Promise<void> | void): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (this.endedBy === undefined) this.end("results-unwritable", messageOf(error));
      else this.spoil("results-unwritable", messageOf(error));
    }
  }

  /** How a run ends whose master does not answer any more. */
  get silentMaster(): "master-silent" | "master-lost" {
    return this.masterStays ? "master-silent" : "master-lost";
  }

  /** Whether the master can tell nothing more. */
  get masterGone(): boolean {
    return this.endedBy === "master-silent" || this.endedBy === "master-lost";
  }

  /** Whether numbers are missing that nobody chose to leave out. */
  get broken(): boolean {
    return this.masterGone || this.endedBy === "results-unwritable";
  }

  /** Whether all that workers counted is in the numbers. */
  get counted(): boolean {
    return this.drained && this.finalNumbers;
  }
}
