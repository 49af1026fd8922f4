import { messageOf } from "../errors";
import type { LocustStatus } from "../types";
import { evaluateThresholds } from "../verdict/thresholds";
import { type LocustClient, MasterUnreachable } from "./client";
import { Ending } from "./ending";
import { timeOfLoad, waitForLoad } from "./load";
import { Numbers } from "./numbers";
import { howMasterWent, isKnownOver, isLoading, nextStep, ofScript } from "./phase";
import type { RunObserver, RunOptions, RunOutcome, RunPlan } from "./plan";
import { Pulse } from "./pulse";
import { waitForWorkers } from "./ready";
import { Stopper } from "./stopper";
import { defaultTiming, never, pause, type Timing } from "./timing";
import { type Earlier, Track } from "./track";

/** One run, step by step; `run.ts` puts the steps in order. */
export class LiveRun {
  private readonly plan: RunPlan;
  private readonly client: LocustClient;
  private readonly timing: Timing;
  private readonly observer: RunObserver;
  readonly interrupt: AbortSignal;
  readonly kill: AbortSignal;
  readonly masterLost: AbortSignal;
  private readonly startFailed: AbortSignal;
  private readonly pulse: Pulse;
  private readonly numbers: Numbers;
  private readonly end: Ending;
  private readonly track: Track;

  private number = 0;
  private master = "";
  private drained = false;
  /** Seconds, from the beginning of the load. */
  private runTime: number | undefined;
  private complete = false;

  constructor(options: RunOptions) {
    this.plan = options.plan;
    this.client = options.client;
    this.timing = { ...defaultTiming, ...options.timing };
    this.observer = options.observer ?? {};
    this.interrupt = options.interrupt ?? never;
    this.kill = options.kill ?? never;
    this.masterLost = options.masterLost ?? never;
    this.startFailed = options.startFailed ?? never;
    // Not startFailed: a worker that is lost in a run aborts that signal too.
    this.pulse = new Pulse(this.client, AbortSignal.any([this.kill, this.masterLost]), options.endedAt);
    this.numbers = new Numbers(this.client, this.plan, this.observer);
    this.end = new Ending(this, options.masterStays);
    this.track = new Track(this.plan, this.observer, this.end, options);
  }

  /** The status in which every worker is ready, or undefined when the run ended first. */
  async waitForWorkers(): Promise<LocustStatus | undefined> {
    const { workers } = this.plan;
    const { timing, observer } = this;
    const stop = AbortSignal.any([this.interrupt, this.kill, this.masterLost, this.startFailed]);
    const answer = await waitForWorkers({ pulse: this.pulse, workers, timing, observer, stop });
    this.startFailed.throwIfAborted();
    if (!this.end.open) return undefined;
    return typeof answer === "string" ? this.end.finish("not-started", answer) : answer;
  }

  async start(ready: LocustStatus): Promise<boolean> {
    if (!this.end.open) return false;
    const { users, spawnRate, runTime, host } = this.plan;
    let problem: string | undefined;
    try {
      // A target is always said: else that of an earlier run would hold.
      const request = { users, spawnRate, host: host ?? "", ...(runTime === undefined ? {} : { runTime }) };
      await this.client.swarm(request);
    } catch (error) {
      // Where only its answer was lost, it has started.
      problem = messageOf(error);
      if (!(error instanceof MasterUnreachable)) return this.end.finish("not-started", problem) ?? false;
    }
    this.begin(ready, ready.run + 1);
    const { client, pulse, number: run, timing, observer, end } = this;
    const load = await waitForLoad({ client, pulse, run, problem, timing, observer, end, signals: this });
    if (load === undefined && this.masterLost.aborted) this.startFailed.throwIfAborted(); // `test_start` has ended it
    if (load === undefined) return false;
    pulse.reset();
    await this.track.begin(load, { run, shape: load.shape, elapsed: load.elapsed ?? 0, ready });
    this.runTime = timeOfLoad(runTime, load);
    if (runTime !== undefined && this.runTime !== runTime) {
      const took = Math.round(runTime - (load.runTime ?? 0));
      observer.warning?.(`the script's test_start listeners took ${took} s of the run time of ${runTime} s`);
    }
    return true;
  }

  async attach(seen: LocustStatus, earlier?: Earlier): Promise<void> {
    this.begin(seen, seen.run);
    this.pulse.last = seen;
    // Without a plan of ours, users and time may be changed in the web UI, as a load shape does.
    const shape = this.plan.runTime === undefined ? true : seen.shape;
    await this.track.begin(seen, { run: this.number, shape, elapsed: seen.elapsed ?? 0, earlier });
    this.runTime = timeOfLoad(this.plan.runTime, seen);
    await this.track.catchUp(this.client, this.number, this.kill);
  }

  /** Samples until the run ends, or has to be ended. */
  async follow(): Promise<void> {
    let [nextSample, nextSnapshot] = [performance.now(), performance.now() + this.timing.snapshot];
    while (this.end.open) {
      const status = await this.look();
      if (status !== undefined) {
        await this.track.catchUp(this.client, this.number, this.kill);
        this.judge(status);
        // What the master says after the end is no load any more.
        if (this.end.by !== undefined) this.track.enter("stop");
        if (!this.end.masterGone) await this.track.record(status);
      }
      if (this.end.by === undefined && performance.now() >= nextSnapshot) {
        const began = performance.now();
        await this.snapshot();
        nextSnapshot = Math.max(nextSnapshot + this.timing.snapshot, began + (performance.now() - began) * 10);
        const breached = this.track.phase === "hold" ? this.numbers.breached(this.track.elapsed) : undefined;
        if (breached !== undefined) this.end.finish("threshold", breached);
      }
      // A fixed beat: what a look takes does not add up over the run.
      nextSample = Math.max(nextSample + this.timing.sample, performance.now());
      await this.wait(nextSample - performance.now());
    }
    const { own } = this;
    this.track.markEnd(own !== undefined && !isLoading(own) ? own.elapsed : null);
  }

  async finish(): Promise<void> {
    await this.stop();
    await this.collect();
  }

  /** Stops the test and waits until the last report of every worker is in. */
  private async stop(): Promise<void> {
    this.track.enter("stop");
    if (this.end.masterGone) return;
    const deadline = performance.now() + this.timing.drain;
    const stopper = new Stopper(this.client, this.timing, !isKnownOver(this.pulse.last, this.number, this.master));
    while (!this.kill.aborted && !this.masterLost.aborted && performance.now() < deadline) {
      const status = await this.look();
      if (status !== undefined) {
        if (status.run !== this.number || status.master.id !== this.master) break;
        await this.track.record(status);
        if (status.drained) {
          this.drained = true;
          break;
        }
        stopper.see(status);
      }
      await pause(this.timing.poll, this.kill, this.masterLost);
    }
    if (this.drained) await stopper.done;
    // The stop has to get away before the way is closed.
    else if (this.kill.aborted) await Promise.race([stopper.done, pause(this.timing.farewell)]);
    else if (this.masterLost.aborted) this.end.spoil("master-lost", messageOf(this.masterLost.reason));
    else this.end.spoil(this.end.silent, "the last reports of its workers did not arrive");
  }

  /** Gets the final numbers and the report; without a master, those of the last snapshot stay. */
  private async collect(): Promise<void> {
    if (!this.kill.aborted && !this.end.masterGone) {
      this.complete = (await this.finalNumbers()) && this.drained;
      try {
        const html = await this.numbers.report(this.kill);
        if (html !== undefined) await this.track.tell(() => this.observer.report?.(html));
      } catch (error) {
        this.observer.warning?.(`Locust's report could not be had: ${messageOf(error)}`);
      }
    }
    if (this.kill.aborted && !this.complete) this.end.spoil("interrupt");
    this.track.enter("collected");
  }

  outcome(): RunOutcome {
    return {
      endedBy: this.end.by ?? "not-started",
      error: this.end.error,
      startedAt: this.track.startedAt,
      endedAt: this.track.endedAt ?? new Date(),
      duration: this.track.duration,
      ...ofScript(this.own, this.plan.runTime),
      ramp: this.track.ramp,
      rows: this.numbers.latest?.rows ?? [],
      failures: this.numbers.latest?.failures ?? [],
      thresholds: this.numbers.latest?.thresholds ?? evaluateThresholds(this.plan.thresholds, []),
      integrity: this.track.report(this.end.by) ?? null,
      unanswered: this.track.unanswered(this.complete, this.pulse.last?.cutOff),
      complete: this.complete && !this.end.broken,
      status: this.pulse.last,
    };
  }

  /** The latest status that is of this run. */
  private get own(): LocustStatus | undefined {
    const { last } = this.pulse;
    return last?.run === this.number && last.master.id === this.master ? last : undefined;
  }

  private begin(status: LocustStatus, number: number): void {
    this.pulse.reset();
    this.number = number;
    this.master = status.master.id;
  }

  private wait(ms: number): Promise<void> {
    return pause(ms, this.interrupt, this.kill, this.masterLost);
  }

  /** Asks the master; undefined while it is silent, which ends a run when it lasts. */
  private async look(): Promise<LocustStatus | undefined> {
    const status = await this.pulse.look();
    if (status === undefined && this.pulse.silence > this.timing.silence && this.end.open) {
      this.end.finish(this.end.silent, this.pulse.complaint());
    }
    return status;
  }

  private judge(status: LocustStatus): void {
    const step = nextStep({
      ...{ status, run: this.number, master: this.master, phase: this.track.phase },
      ...{ elapsed: this.track.elapsed, runTime: this.runTime, overtime: this.timing.overtime / 1000 },
    });
    if (step.kind === "on") this.track.enter(step.phase);
    else this.end.finish(step.by, step.by === "master-lost" ? howMasterWent(status) : undefined);
  }

  private async snapshot(): Promise<boolean> {
    const integrity = this.track.report();
    if (integrity === undefined) return true;
    const numbers = await this.numbers.take({ integrity, code: this.own?.code }, this.kill);
    if (numbers !== undefined) await this.track.tell(() => this.observer.snapshot?.(numbers));
    return numbers !== undefined;
  }

  /** The last numbers are the ones that count: a connection that is cut now is waited for. */
  private async finalNumbers(): Promise<boolean> {
    const deadline = performance.now() + this.timing.silence;
    while (!(await this.snapshot())) {
      if (this.kill.aborted || this.masterLost.aborted) return false;
      if (performance.now() > deadline) {
        this.end.spoil(this.end.silent, "its last numbers could not be had");
        return false;
      }
      await pause(this.timing.poll, this.kill, this.masterLost);
    }
    return true;
  }
}
