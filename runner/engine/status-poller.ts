import type { LocustStatus } from "../types";
import { type LocustClient, LocustRefused, MasterUnreachable } from "./client";
import type { RunOptions } from "./plan";

/** What a worker says before its process ends reaches the master within this many ms, also on a busy machine. */
const goodbye = 2000;

/** Asks the master for its status, and knows for how long it has not answered. */
export class StatusPoller {
  /** The latest answer. */
  last: LocustStatus | undefined;
  private lastAnswer = performance.now();
  private problem = "";

  constructor(
    private readonly client: LocustClient,
    private readonly signal: AbortSignal,
    private readonly endedAt?: RunOptions["endedAt"],
  ) {}

  /** Undefined where the master does not answer now. */
  async poll(): Promise<LocustStatus | undefined> {
    try {
      this.last = this.withEndedWorkers(await this.client.status(this.signal));
      this.restartSilence();
      return this.last;
    } catch (error) {
      if (!(error instanceof MasterUnreachable || error instanceof LocustRefused)) throw error;
      this.problem = error.message;
      return undefined;
    }
  }

  /** Silence counts from now on. */
  restartSilence(): void {
    this.lastAnswer = performance.now();
  }

  /** Since the last answer, in ms. */
  get silence(): number {
    return performance.now() - this.lastAnswer;
  }

  /** What is wrong while the master does not answer. */
  silenceText(): string {
    return `no answer from Locust's master for ${Math.round(this.silence / 1000)} s: ${this.problem}`;
  }

  /** Locust's master takes five seconds to miss a worker; whoever sees its process knows at once. */
  private withEndedWorkers(status: LocustStatus): LocustStatus {
    const hasEnded = (name: string) => performance.now() - (this.endedAt?.(name) ?? Number.POSITIVE_INFINITY) > goodbye;
    const workers = status.workers.map((worker) =>
      worker.leaving !== true && hasEnded(worker.name) ? { ...worker, state: "missing" as const } : worker,
    );
    return { ...status, workers };
  }
}
