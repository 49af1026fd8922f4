import type { createLogUpdate } from "log-update";
import pc from "picocolors";
import type { LocustStatus, Phase, Sample } from "../../types";
import { clock, failures, iterations, milliseconds, underWay } from "./format";

export interface ProgressOptions {
  readonly stream: NodeJS.WriteStream;
  /** Seconds that the run takes; undefined where a load shape decides. */
  readonly runTime: number | undefined;
  readonly users: number;
  readonly workers: number;
}

/** Seconds between two plain lines, where nothing can be shown in place. */
const plainInterval = 5;
const barWidth = 24;

const phaseWords: Readonly<Record<Phase, string>> = {
  ready: "starting",
  ramp: "ramping up",
  hold: "full load",
  stop: "stopping",
  collected: "done",
};

/** Progress on standard error, so that standard output has nothing but the result. */
export function progressOf({ runTime, users, workers }: Omit<ProgressOptions, "stream">): Promise<Progress> {
  return Progress.create({ stream: process.stderr, runTime, users, workers });
}

/** Shows how a run goes on: in place on a terminal, a line now and then elsewhere. */
export class Progress {
  private phase: Phase = "ready";
  private runTime: number | undefined;
  private lastLine = Number.NEGATIVE_INFINITY;
  private readyWorkers = -1;
  /** Seconds. */
  private lastPreparing = 0;

  private constructor(
    private options: ProgressOptions,
    private readonly live: ReturnType<typeof createLogUpdate> | undefined,
  ) {
    this.runTime = options.runTime;
  }

  static async create(options: ProgressOptions): Promise<Progress> {
    if (!options.stream.isTTY) return new Progress(options, undefined);
    const { createLogUpdate } = await import("log-update");
    return new Progress(options, createLogUpdate(options.stream));
  }

  /** What the run asks for, where that is known only now. */
  expect({ runTime, users, workers }: Omit<ProgressOptions, "stream">): void {
    this.options = { ...this.options, users, workers };
    this.runTime = runTime;
  }

  /** A line that stays. */
  say(text: string): void {
    this.live?.clear();
    this.options.stream.write(`${text}\n`);
  }

  warning(text: string): void {
    this.say(this.live === undefined ? `warning: ${text}` : pc.yellow(`! ${text}`));
  }

  waiting(status: LocustStatus): void {
    const ready = status.workers.filter((worker) => worker.state === "ready").length;
    if (ready === this.readyWorkers) return;
    this.readyWorkers = ready;
    const text = `${ready} of ${this.options.workers} workers are ready`;
    if (this.live === undefined) this.say(text);
    else this.live(text);
  }

  /** Listeners of `test_start` are slow, or workers do not answer: which of them is known after three seconds. */
  preparing(seconds: number, silent: readonly string[]): void {
    const text =
      silent.length === 0
        ? `the script prepares the test (test_start), for ${Math.round(seconds)} s by now`
        : `nothing is heard of ${silent.join(", ")}, and the load has not begun after ${Math.round(seconds)} s`;
    if (this.live !== undefined && seconds >= 3) this.live(text);
    else if (this.live === undefined && seconds - this.lastPreparing >= plainInterval) {
      this.lastPreparing = seconds;
      this.say(text);
    }
  }

  started(status: LocustStatus): void {
    if (this.runTime !== undefined) this.runTime = Math.min(this.runTime, status.runTime ?? this.runTime);
    if (status.shape === null) return;
    this.runTime = undefined;
    this.say(`The script's load shape ${status.shape} decides users and time.`);
  }

  enter(phase: Phase): void {
    this.phase = phase;
    if (phase === "collected") this.endLive();
    else if (this.live === undefined) this.lastLine = Number.NEGATIVE_INFINITY;
  }

  sample(sample: Sample): void {
    if (this.live !== undefined) {
      this.live(this.picture(sample));
      return;
    }
    if (this.phase === "stop" || sample.t - this.lastLine < plainInterval) return;
    this.lastLine = sample.t;
    this.say(`${clock(sample.t)} ${[phaseWords[this.phase], ...this.facts(sample)].join(", ")}`);
  }

  /** Ends the live lines, with an empty line before the results. */
  private endLive(): void {
    if (this.live === undefined) return;
    this.live.clear();
    this.options.stream.write("\n");
  }

  private picture(sample: Sample): string {
    const width = this.options.stream.columns ?? 80;
    const lines = [`${this.bar(sample)}`, ...wrap(this.facts(sample), width - 2)];
    return lines.map((line, index) => (index === 0 ? line : `  ${line}`)).join("\n");
  }

  private bar(sample: Sample): string {
    const word = pc.bold(phaseWords[this.phase].padEnd(10));
    if (this.runTime === undefined) return `${word} ${clock(sample.t)}`;
    const share = Math.min(1, sample.t / this.runTime);
    const full = Math.round(share * barWidth);
    const bar = pc.green("━".repeat(full)) + pc.dim("━".repeat(barWidth - full));
    return `${word} ${bar} ${clock(Math.max(0, this.runTime - sample.t))} left`;
  }

  private facts(sample: Sample): string[] {
    const asked = this.runTime === undefined ? sample.targetUsers : this.options.users;
    const cpu = Object.values(sample.workerCpu);
    return [
      `${sample.users}/${asked} users`,
      `${sample.workers}/${this.options.workers} workers`,
      ...iterations(sample),
      `${sample.rps.toFixed(1)} req/s`,
      `p95 ${milliseconds(sample.p95)}`,
      failures(sample),
      ...underWay(sample),
      ...(cpu.length === 0 ? [] : [`worker CPU ${Math.round(Math.max(...cpu) * 100)} %`]),
    ];
  }
}

/** Joins parts with two spaces into lines that fit. */
function wrap(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + part.length <= width) lines[lines.length - 1] = `${last}  ${part}`;
    else lines.push(part);
  }
  return lines;
}
