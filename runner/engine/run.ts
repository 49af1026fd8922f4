import { messageOf } from "../errors";
import type { EndedBy, LocustStatus, Phase } from "../types";
import { createBreachWatch } from "../verdict/breach";
import { createIntegrity } from "../verdict/integrity";
import { evaluateThresholds } from "../verdict/thresholds";
import { type LocustClient, LocustRefused, MasterUnreachable } from "./client";
import { takeNumbers } from "./numbers";
import { nextStep } from "./phase";
import type { RunObserver, RunOptions, RunOutcome, RunPlan, Snapshot } from "./plan";
import { createRollCall, toSample } from "./sample";
import { defaultTiming, pause, type Timing } from "./timing";

const never = new AbortController().signal;

/**
 * Drives one run: waits for workers, starts, samples, stops, waits for the last reports, collects. It knows Locust's
 * web API and nothing of processes or pods. Every end of a run is an outcome; only `startFailed` and `beforeStart` make it throw.
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
  private readonly interrupt: AbortSignal;
  private readonly kill: AbortSignal;
  private readonly masterLost: AbortSignal;
  private readonly startFailed: AbortSignal;
  private readonly rollCall = createRollCall();
  private readonly breach;

  private integrity: ReturnType<typeof createIntegrity> | undefined;
  private phase: Phase = "ready";
  private number = 0;
  private began = 0;
  private startedAt: Date | undefined;
  private endedAt: Date | undefined;
  private duration = 0;
  private ramp: number | null = null;
  private end: { by: EndedBy; error?: string | undefined } | undefined;
  private last: LocustStatus | undefined;
  private lastAnswer = 0;
  private numbers: Snapshot | undefined;
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
    this.breach = options.plan.abortAfter === undefined ? undefined : createBreachWatch(options.plan.abortAfter);
  }

  /** The status in which every worker is ready, or undefined when the run ended first. */
  async waitForWorkers(): Promise<LocustStatus | undefined> {
    const deadline = performance.now() + this.timing.ready;
    let problem = "Locust's master does not answer";
    while (this.goesOn()) {
      const status = await this.look();
      this.startFailed.throwIfAborted();
      if (status !== undefined) {
        if (status.state === "spawning" || status.state === "running") {
          return this.finish("not-started", "a test is already going on; stop it first");
        }
        this.observer.waiting?.(status);
        const ready = status.workers.filter((worker) => worker.state === "ready").length;
        if (ready >= this.plan.workers) return status;
        problem = `${ready} of ${this.plan.workers} workers are ready`;
      }
      if (performance.now() > deadline) {
        return this.finish("not-started", `${problem} after ${Math.round(this.timing.ready / 1000)} s`);
      }
      await this.wait(this.timing.poll);
    }
    return undefined;
  }

  async start(ready: LocustStatus): Promise<boolean> {
    if (!this.goesOn()) return false;
    const { users, spawnRate, runTime, host } = this.plan;
    try {
      await this.client.swarm({
        users,
        spawnRate,
        ...(runTime === undefined ? {} : { runTime }),
        ...(host === undefined ? {} : { host }),
      });
    } catch (error) {
      this.finish("not-started", messageOf(error));
      return false;
    }
    await this.begin(ready, ready.run + 1, ready.shape);
    while (this.goesOn()) {
      const status = await this.look();
      if (status !== undefined && status.run >= this.number) return true;
      if (performance.now() - this.began > this.timing.start) {
        this.finish("not-started", "Locust accepted the run and did not start it");
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
    while (this.goesOn()) {
      const status = await this.look();
      if (status !== undefined) {
        await this.record(status);
        this.judge(status);
      }
      if (this.end === undefined && performance.now() >= nextSnapshot) {
        nextSnapshot += this.timing.snapshot;
        await this.snapshot();
        this.watchThresholds();
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
    if (this.end?.by === "master-lost") return;
    const deadline = performance.now() + this.timing.drain;
    // Locust answers when users are gone; the status tells earlier and more, so the answer is not waited for.
    const stopping = this.client.stop(this.timing.drain, this.kill).catch(() => undefined);
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
    else if (!this.kill.aborted && this.end?.by !== "interrupt") this.losesNumbers();
  }

  /** Gets the final numbers and the report; without a master, those of the last snapshot stay. */
  async collect(): Promise<void> {
    if (!this.kill.aborted && this.end?.by !== "master-lost") {
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
      endedBy: this.end?.by ?? "not-started",
      error: this.end?.error,
      startedAt: this.startedAt,
      endedAt: this.endedAt ?? new Date(),
      duration: this.duration,
      ramp: this.ramp,
      rows: this.numbers?.rows ?? [],
      thresholds: this.numbers?.thresholds ?? evaluateThresholds(this.plan.thresholds, []),
      integrity: this.integrity?.report() ?? null,
      complete: this.complete,
      status: this.last,
    };
  }

  /** Whether the run goes on, after what the signals say. */
  private goesOn(): boolean {
    if (this.end === undefined && this.startedAt !== undefined && this.masterLost.aborted)
      this.finish("master-lost", messageOf(this.masterLost.reason));
    if (this.end === undefined && (this.interrupt.aborted || this.kill.aborted)) this.finish("interrupt");
    return this.end === undefined;
  }

  private async begin(status: LocustStatus, run: number, shape: string | true | null): Promise<void> {
    const { users, spawnRate, workers } = this.plan;
    const startedAt = new Date();
    this.began = performance.now();
    this.lastAnswer = this.began;
    this.startedAt = startedAt;
    this.number = run;
    this.integrity = createIntegrity({ users, spawnRate, workers, shape });
    this.enter("ramp");
    await this.tell(() => this.observer.started?.(status, startedAt));
  }

  private finish(by: EndedBy, error?: string): undefined {
    this.end ??= { by, error };
    return undefined;
  }

  /** The end of the run was in order, that of its numbers was not: they count for nothing then. */
  private losesNumbers(): void {
    const error = this.masterLost.aborted
      ? messageOf(this.masterLost.reason)
      : "the last reports of its workers did not arrive";
    this.end = { by: "master-lost", error };
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
    try {
      this.last = await this.client.status(AbortSignal.any([this.kill, this.masterLost]));
      this.lastAnswer = performance.now();
      return this.last;
    } catch (error) {
      if (!(error instanceof MasterUnreachable || error instanceof LocustRefused)) throw error;
      const silence = performance.now() - this.lastAnswer;
      if (this.startedAt !== undefined && silence > this.timing.silence && this.goesOn()) {
        this.finish("master-lost", `no answer from Locust's master for ${Math.round(silence / 1000)} s: ${error.message}`);
      }
      return undefined;
    }
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
    else this.finish(step.by);
  }

  /** Takes the numbers so far; keeps the last ones where the master does not answer. */
  private async snapshot(): Promise<void> {
    if (this.integrity === undefined) return;
    const numbers = await takeNumbers(this.client, this.plan, this.integrity.report(), this.kill);
    if (numbers === undefined) return;
    this.numbers = numbers;
    await this.tell(() => this.observer.snapshot?.(numbers));
  }

  private watchThresholds(): void {
    if (this.phase !== "hold" || this.breach === undefined || this.numbers === undefined) return;
    const breached = this.breach.update(this.elapsed(), [...this.numbers.thresholds]);
    if (breached !== undefined) {
      this.finish("threshold", `${breached.threshold} was breached for ${this.plan.abortAfter} s`);
    }
  }

  /** Results that cannot be written end the run: load whose numbers are lost is load for nothing. */
  private async tell(event: () => Promise<void> | void): Promise<void> {
    try {
      await event();
    } catch (error) {
      if (this.end?.by === "results-unwritable") return;
      if (this.end === undefined) this.finish("results-unwritable", messageOf(error));
      else this.observer.warning?.(messageOf(error));
    }
  }
}
