import type { LocustStatus } from "../types";
import { type LocustClient, LocustRefused, MasterUnreachable } from "./client";
import type { RunOptions } from "./plan";

/** What a worker says before its process ends is known to the master within this many ms, also on a busy machine. */
const goodbye = 2000;

/** Asks the master how it is, and knows for how long it has been silent. */
export class Pulse {
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
  async look(): Promise<LocustStatus | undefined> {
    try {
      this.last = this.withEnded(await this.client.status(this.signal));
      this.reset();
      return this.last;
    } catch (error) {
      if (!(error instanceof MasterUnreachable || error instanceof LocustRefused)) throw error;
      this.problem = error.message;
      return undefined;
    }
  }

  /** Locust's master takes five seconds to miss a worker; whoever sees its process knows at once. */
  private withEnded(status: LocustStatus): LocustStatus {
    const hasEnded = (name: string) => performance.now() - (this.endedAt?.(name) ?? Number.POSITIVE_INFINITY) > goodbye;
    const workers = status.workers.map((worker) =>
      worker.leaving !== true && hasEnded(worker.name) ? { ...worker, state: "missing" as const } : worker,
    );
    return { ...status, workers };
  }

  /** Silence counts from now on. */
  reset(): void {
    this.lastAnswer = performance.now();
  }

  /** Since the last answer, in ms. */
  get silence(): number {
    return performance.now() - this.lastAnswer;
  }

  complaint(): string {
    return `no answer from Locust's master for ${Math.round(this.silence / 1000)} s: ${this.problem}`;
  }
}
