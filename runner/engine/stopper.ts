import type { LocustStatus } from "../types";
import type { LocustClient } from "./client";
import { isLoading } from "./phase";
import type { Timing } from "./timing";

/** Users get `stopTimeoutSeconds` to end; an answer that takes much longer has got lost. */
const patience = 20_000;

/** Sends the stop, and sends it again where it cannot have arrived. */
export class Stopper {
  /** Settles when no stop is on its way any more. */
  done: Promise<unknown> = Promise.resolve();
  private sending = false;

  constructor(
    private readonly client: LocustClient,
    private readonly timing: Pick<Timing, "drain">,
    /** Whether the test may go on. A stop that is not needed would end the one after it. */
    needed: boolean,
  ) {
    if (needed) this.send();
  }

  /** The test is seen to go on although a stop was sent: a connection was cut. */
  see(status: LocustStatus): void {
    if (!this.sending && isLoading(status)) this.send();
  }

  /** Locust answers when users are gone; the status tells earlier and more, so the answer is not waited for. */
  private send(): void {
    this.sending = true;
    this.done = this.client
      .stop(Math.min(patience, this.timing.drain))
      .catch(() => undefined)
      .finally(() => {
        this.sending = false;
      });
  }
}
