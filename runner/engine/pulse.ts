import type { LocustStatus } from "../types";
import { type LocustClient, LocustRefused, MasterUnreachable } from "./client";

/** Asks the master how it is, and knows for how long it has been silent. */
export class Pulse {
  /** The latest answer. */
  last: LocustStatus | undefined;
  private lastAnswer = performance.now();
  private problem = "";

  constructor(
    private readonly client: LocustClient,
    private readonly signal: AbortSignal,
  ) {}

  /** Undefined where the master does not answer now. */
  async look(): Promise<LocustStatus | undefined> {
    try {
      this.last = await this.client.status(this.signal);
      this.reset();
      return this.last;
    } catch (error) {
      if (!(error instanceof MasterUnreachable || error instanceof LocustRefused)) throw error;
      this.problem = error.message;
      return undefined;
    }
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
