import type { LocustStatus } from "../types";
import type { CapacityReport } from "../verdict/capacity/report";
import type { ThresholdResult } from "../verdict/thresholds";
import type { LocustClient } from "./client";
import { Numbers } from "./numbers";
import type { RunObserver, RunOptions, RunPlan } from "./plan";
import { Recording } from "./recording";
import { RunState } from "./state";
import { StatusPoller } from "./status-poller";
import { defaultTiming, never, type Timing } from "./timing";

/** What the steps of one run share while it goes on. */
export class LiveRun {
  readonly plan: RunPlan;
  readonly client: LocustClient;
  readonly timing: Timing;
  readonly observer: RunObserver;
  readonly state: RunState;
  readonly poller: StatusPoller;
  readonly numbers: Numbers;
  readonly recording: Recording;
  /** Seconds, from the beginning of the load. */
  runTime: number | undefined;
  /** The master's number of the run, and the master's id. */
  number = 0;
  master = "";
  /** What a search has found so far, and its thresholds where the load was what was found. */
  found: { readonly capacity: CapacityReport; readonly thresholds: readonly ThresholdResult[] } | undefined;

  constructor(readonly options: RunOptions) {
    const { plan, client, observer = {}, interrupt = never, kill = never, masterLost = never } = options;
    this.plan = plan;
    this.client = client;
    this.timing = { ...defaultTiming, ...options.timing };
    this.observer = observer;
    this.state = new RunState({ interrupt, kill, masterLost }, options.masterStays);
    // Not startFailed: a worker that is lost in a run aborts that signal too.
    this.poller = new StatusPoller(client, AbortSignal.any([kill, masterLost]), options.endedAt);
    this.numbers = new Numbers(client, plan, observer);
    this.recording = new Recording(options, this.state);
  }

  /** Says which run of which master is meant from now on. */
  identify({ master }: LocustStatus, number: number): void {
    this.poller.restartSilence();
    this.number = number;
    this.master = master.id;
  }

  isOurs({ run, master }: LocustStatus): boolean {
    return run === this.number && master.id === this.master;
  }

  /** The latest status, where it is of this run. */
  lastStatus(): LocustStatus | undefined {
    const { last } = this.poller;
    return last !== undefined && this.isOurs(last) ? last : undefined;
  }

  /** Asks the master for its status; undefined while it does not answer. A long silence ends the run. */
  async poll(): Promise<LocustStatus | undefined> {
    const { poller, state } = this;
    const status = await poller.poll();
    if (status === undefined && poller.silence > this.timing.silence && state.checkSignals()) {
      state.end(state.silentMaster, poller.silenceText());
    }
    return status;
  }

  catchUp(): Promise<void> {
    return this.recording.catchUp(this.client, this.number, this.state.signals.kill);
  }

  /** Takes and saves the numbers so far; false where the master does not give them now. */
  async snapshot(): Promise<boolean> {
    const integrity = this.recording.report();
    if (integrity === undefined) return true;
    const numbers = await this.numbers.take({ integrity, code: this.lastStatus()?.code }, this.state.signals.kill);
    if (numbers !== undefined) await this.state.save(() => this.observer.snapshot?.(numbers));
    return numbers !== undefined;
  }
}
