import type { V1Lease } from "@kubernetes/client-node";
import { pause } from "../../../engine/timing";
import { messageOf } from "../../../errors";
import { isSameHold, type LeaseParts, type LeaseView, makeLease } from "./lease";
import type { LeaseApi } from "./lease-api";
import type { RunNote } from "./note";

/**
 * How the end of a lock went: it is free; somebody else has it meanwhile; it was not there any more; the API could not
 * be asked, and it expires by itself (not where the run was only started).
 */
export type Release = "released" | "taken" | "gone" | "unreachable";

export interface HeldOptions {
  readonly api: LeaseApi;
  /** What stays the same over all renewals. */
  readonly parts: Omit<LeaseParts, "note" | "renewed" | "now">;
  readonly now: () => Date;
  /** Ms between two renewals. */
  readonly renew: number;
  readonly warn: (text: string) => void;
}

/** Ms between two attempts where the API cannot be reached. */
const retry = 1000;

/** The lock, while we have it: a Lease that renews itself, except for a run that is only started. */
export class RunLock {
  private readonly gone = new AbortController();
  /** Aborted, with an Error that says who has it, when the lock is seen to be somebody else's. */
  readonly lost: AbortSignal = this.gone.signal;
  private current: RunNote;
  /** One request at a time: our own changes must not look like somebody else's. */
  private queue: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private unwritten = false;
  private failing = false;
  private releasing: Promise<Release> | undefined;

  constructor(
    private lease: V1Lease,
    note: RunNote,
    /** What the command before left, which did not get to its end; undefined where there was none. */
    readonly takenOver: LeaseView | undefined,
    private readonly options: HeldOptions,
  ) {
    this.current = note;
    this.schedule();
  }

  get note(): RunNote {
    return this.current;
  }

  /** Changes the note, as `write` does. */
  update(changes: Partial<RunNote>): Promise<boolean> {
    return this.write({ ...this.current, ...changes });
  }

  /**
   * Replaces the note. With mode `start` the Lease is renewed no more, and stays when this process ends.
   *
   * @returns whether it is written; if not, it is tried again while this process lives. Never rejects.
   */
  async write(note: RunNote): Promise<boolean> {
    this.current = note;
    this.unwritten = true;
    if (this.closed) return false;
    await this.renew();
    return !this.unwritten;
  }

  /**
   * Gives the lock back. Safe to call twice, and again where it was unreachable. Never rejects.
   *
   * @param limit ms that it may take
   */
  release(limit = 5000): Promise<Release> {
    this.releasing ??= this.giveBack(limit).then((release) => {
      if (release === "unreachable") this.releasing = undefined;
      return release;
    });
    return this.releasing;
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (this.closed || (this.current.mode === "start" && !this.unwritten)) return;
    const { renew } = this.options;
    this.timer = setTimeout(() => void this.renew(), this.failing ? Math.min(retry, renew) : renew);
    this.timer.unref();
  }

  private renew(): Promise<void> {
    const done = this.queue.then(() => this.renewOnce());
    this.queue = done;
    return done;
  }

  /** Writes the note with a new time; tells where the lock is lost. */
  private async renewOnce(): Promise<void> {
    try {
      await this.writeOnce();
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.options.warn(`the lock of the run cannot be renewed now: ${messageOf(error)}`);
      this.failing = true;
    }
    this.schedule();
  }

  private async writeOnce(): Promise<void> {
    const { parts, now, api, warn } = this.options;
    let there: V1Lease | undefined = this.lease;
    for (let attempt = 0; attempt < 3 && !this.closed; attempt++) {
      const note = this.current;
      const lease = makeLease({ ...parts, note, renewed: now(), now: there });
      const written = await (there === undefined ? api.create(lease) : api.replace(lease));
      if (written !== undefined) {
        if (there === undefined) warn("somebody has deleted the lock of the run, and it is made anew");
        this.lease = written;
        this.unwritten = this.current !== note;
        return;
      }
      // Somebody has changed it beside us; or a request of ours was done whose answer did not come.
      const found = await this.readAgain();
      // One that was deleted is nobody's.
      there = found === "gone" ? undefined : this.lease;
      if (typeof found === "object") this.lose(found.by);
    }
  }

  /** Takes over what others have changed, while the Lease is ours; else says whose it is. */
  private async readAgain(limit?: number): Promise<"ours" | "gone" | { readonly by: string }> {
    const found = await this.options.api.read(limit);
    if (found === undefined) return "gone";
    if (!isSameHold(found, this.lease)) return { by: found.spec?.holderIdentity ?? "somebody" };
    this.lease = found;
    return "ours";
  }

  private lose(by: string): void {
    this.close();
    this.gone.abort(new Error(`${by} has taken the lock of the run`));
  }

  private close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private async giveBack(limit: number): Promise<Release> {
    const end = performance.now() + limit;
    const left = () => Math.max(1, end - performance.now());
    this.close();
    // What is under way may hang; it is refused once the Lease has gone.
    await Promise.race([this.queue, pause(limit / 2)]);
    while (performance.now() < end) {
      try {
        if ((await this.options.api.delete(this.lease, left())) === true) return "released";
        const found = await this.readAgain(left());
        if (found !== "ours") return found === "gone" ? found : "taken";
      } catch {
        await pause(Math.min(200, left()));
      }
    }
    return "unreachable";
  }
}
