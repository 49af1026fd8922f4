import { messageOf } from "../errors";
import type { LocustStatus, Phase } from "../types";
import { createIntegrity } from "../verdict/integrity";
import { evaluateThresholds } from "../verdict/thresholds";
import type { LocustClient } from "./client";
import { Ending } from "./ending";
import { Numbers } from "./numbers";
import { nextStep } from "./phase";
import type { RunObserver, RunOptions, RunOutcome, RunPlan } from "./plan";
import { Pulse } from "./pulse";
import { waitForWorkers } from "./ready";
import { createRollCall, toSample } from "./sample";
import { defaultTiming, pause, type Timing } from "./timing";

const never = new AbortController().signal;

/**
 * Drives one run: waits for workers, starts, samples, stops, waits for the last reports, collects. It knows Locust's
 * web API and nothing of processes or pods. Every end of a run is an outcome; only `startFailed` and `beforeStart` make
 * it throw.
 */
export async function driveRun(options: RunOptions): Promise<RunOutcome> {
  const run = new Run(options);
  const ready = await run.waitForWorkers();
  if (ready === undefined) return run.outcome();
  await options.beforeStart?.(ready);
  if (!(await run.start(ready))) return run.outcome();
  await run.follow();
  await run.stop();
  await run.collect();
  return run.outcome();
}

/**
 * Follows a run that somebody else started, on Locust's page for example, from the status in which it was seen.
 * What was asked for is then whatever the master says it was asked for.
 */
export async function followRun(options: RunOptions, seen: LocustStatus): Promise<RunOutcome> {
  const run = new Run(options);
  await run.attach(seen);
  await run.follow();
  await run.stop();
  await run.collect();
  return run.outcome();
}

class Run {
  private readonly plan: RunPlan;
  private readonly client: LocustClient;
  private readonly timing: Timing;
  private readonly observer: RunObserver;
  readonly interrupt: AbortSignal;
  readonly kill: AbortSignal;
  readonly masterLost: AbortSignal;
  private readonly startFailed: AbortSignal;
  private readonly rollCall = createRollCall();
  private readonly pulse: Pulse;
  private readonly numbers: Numbers;
  private readonly end: Ending;

  private integrity: ReturnType<typeof createIntegrity> | undefined;
  private phase: Phase = "ready";
  private number = 0;
  private began = 0;
  private startedAt: Date | undefined;
  private endedAt: Date | undefined;
  private duration = 0;
  private ramp: number | null = null;
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
    this.pulse = new Pulse(this.client, AbortSignal.any([this.kill, this.masterLost]));
    this.numbers = new Numbers(this.client, this.plan);
    this.end = new Ending(this);
  }

  /** The status in which every worker is ready, or undefined when the run ended first. */
  async waitForWorkers(): Promise<LocustStatus | undefined> {
    const { workers } = this.plan;
    const { timing, observer } = this;
    const stop = AbortSignal.any([this.interrupt, this.kill, this.startFailed]);
    const answer = await waitForWorkers({ pulse: this.pulse, workers, timing, observer, stop });
    this.startFailed.throwIfAborted();
    if (!this.end.open) return undefined;
    return typeof answer === "string" ? this.end.finish("not-started", answer) : answer;
  }

  async start(ready: LocustStatus): Promise<boolean> {
    if (!this.end.open) return false;
    const { users, spawnRate, runTime, host } = this.plan;
    try {
      await this.client.swarm({
        users,
        spawnRate,
        ...(runTime === undefined ? {} : { runTime }),
        ...(host === undefined ? {} : { host }),
      });
    } catch (error) {
      this.end.finish("not-started", messageOf(error));
      return false;
    }
    await this.begin(ready, ready.run + 1, ready.shape);
    while (this.end.open) {
      const status = await this.look();
      if (status !== undefined && status.run >= this.number) return true;
      if (performance.now() - this.began > this.timing.start) {
        this.end.finish("not-started", "Locust accepted the run and did not start it");
        await this.client.stop(this.timing.start).catch(() => undefined);
        return false;
      }
      await this.wait(this.timing.poll);
    }
    return true;
  }

  async attach(seen: LocustStatus): Promise<void> {
    // Users and time may be changed on the page, as a load shape does.
    await this.begin(seen, seen.run, true);
  }

  /** Samples until the run ends, or has to be ended. */
  async follow(): Promise<void> {
    let nextSample = this.began;
    let nextSnapshot = this.began + this.timing.snapshot;
    while (this.end.open) {
      const status = await this.look();
      if (status !== undefined) {
        this.judge(status);
        // What the master says after the end is no load any more.
        if (this.end.by !== undefined) this.enter("stop");
        await this.record(status);
      }
      if (this.end.by === undefined && performance.now() >= nextSnapshot) {
        nextSnapshot += this.timing.snapshot;
        await this.snapshot();
        const breached = this.phase === "hold" ? this.numbers.breached(this.elapsed()) : undefined;
        if (breached !== undefined) this.end.finish("threshold", breached);
      }
      // A fixed beat: what a look takes does not add up over the run.
      nextSample = Math.max(nextSample + this.timing.sample, performance.now());
      await this.wait(nextSample - performance.now());
    }
    this.endedAt = new Date();
    this.duration = this.elapsed();
  }

  /** Stops the test and waits until the last report of every worker is in. */
  async stop(): Promise<void> {
    this.enter("stop");
    if (this.end.by === "master-lost") return;
    const deadline = performance.now() + this.timing.drain;
    // Locust answers when users are gone; the status tells earlier and more, so the answer is not waited for.
    const stopping = this.client.stop(this.timing.drain).catch(() => undefined);
    while (!this.kill.aborted && !this.masterLost.aborted && performance.now() < deadline) {
      const status = await this.look();
      if (status !== undefined) {
        await this.record(status);
        if (status.run !== this.number) break;
        if (status.drained) {
          this.complete = true;
          break;
        }
      }
      await pause(this.timing.poll, this.kill, this.masterLost);
    }
    if (this.complete) await stopping;
    else if (this.masterLost.aborted) this.end.spoil("master-lost", messageOf(this.masterLost.reason));
    else if (!this.kill.aborted) this.end.spoil("master-lost", "the last reports of its workers did not arrive");
  }

  /** Gets the final numbers and the report; without a master, those of the last snapshot stay. */
  async collect(): Promise<void> {
    if (!this.kill.aborted && this.end.by !== "master-lost") {
      await this.snapshot();
      try {
        const html = await this.client.report(this.kill);
        await this.tell(() => this.observer.report?.(html));
      } catch (error) {
        this.observer.warning?.(`Locust's report could not be had: ${messageOf(error)}`);
      }
    }
    this.enter("collected");
  }

  outcome(): RunOutcome {
    return {
      endedBy: this.end.by ?? "not-started",
      error: this.end.error,
      startedAt: this.startedAt,
      endedAt: this.endedAt ?? new Date(),
      duration: this.duration,
      ramp: this.ramp,
      rows: this.numbers.latest?.rows ?? [],
      thresholds: this.numbers.latest?.thresholds ?? evaluateThresholds(this.plan.thresholds, []),
      integrity: this.integrity?.report(this.end.by) ?? null,
      complete: this.complete,
      status: this.pulse.last,
    };
  }

  private async begin(status: LocustStatus, run: number, shape: string | true | null): Promise<void> {
    const { users, spawnRate, workers } = this.plan;
    const startedAt = new Date();
    this.began = performance.now();
    this.pulse.reset();
    this.startedAt = startedAt;
    this.number = run;
    this.integrity = createIntegrity({ users, spawnRate, workers, shape });
    this.enter("ramp");
    await this.tell(() => this.observer.started?.(status, startedAt));
  }

  private elapsed(): number {
    return (performance.now() - this.began) / 1000;
  }

  private enter(phase: Phase): void {
    if (phase === this.phase) return;
    if (phase === "hold") this.ramp = this.elapsed();
    this.phase = phase;
    this.observer.phase?.(phase);
  }

  private wait(ms: number): Promise<void> {
    return pause(ms, this.interrupt, this.kill, this.masterLost);
  }

  /** Asks the master; undefined while it is silent, which ends a run when it lasts. */
  private async look(): Promise<LocustStatus | undefined> {
    const status = await this.pulse.look();
    if (status === undefined && this.pulse.silence > this.timing.silence && this.end.open) {
      this.end.finish("master-lost", this.pulse.complaint());
    }
    return status;
  }

  private async record(status: LocustStatus): Promise<void> {
    for (const worker of this.rollCall(status, this.elapsed())) {
      this.integrity?.lost(worker);
      this.observer.warning?.(`worker ${worker.name} was lost after ${worker.t} s`);
    }
    const sample = toSample(status, this.phase, this.elapsed(), new Date());
    this.integrity?.add(sample);
    await this.tell(() => this.observer.sample?.(sample));
  }

  private judge(status: LocustStatus): void {
    const step = nextStep({
      phase: this.phase,
      run: this.number,
      status,
      elapsed: this.elapsed(),
      runTime: this.plan.runTime,
      overtime: this.timing.overtime / 1000,
    });
    if (step.kind === "on") this.enter(step.phase);
    else this.end.finish(step.by);
  }

  private async snapshot(): Promise<void> {
    if (this.integrity === undefined) return;
    const numbers = await this.numbers.take(this.integrity.report(), this.kill);
    if (numbers !== undefined) await this.tell(() => this.observer.snapshot?.(numbers));
  }

  /** Results that cannot be written end the run: load whose numbers are lost is load for nothing. */
  private async tell(event: () => Promise<void> | void): Promise<void> {
    try {
      await event();
    } catch (error) {
      if (this.end.by === undefined) this.end.finish("results-unwritable", messageOf(error));
      else this.end.spoil("results-unwritable", messageOf(error));
    }
  }
}
