import type { Socket } from "node:net";
import type { RunnerError } from "../../../errors";
import type { Cluster } from "../api/cluster";
import { type Channel, type ChannelTiming, openChannel } from "./channel";

/** How long things may take, in ms. */
export interface ForwardTiming extends ChannelTiming {
  /**
   * How long the pod may be silent once the client has closed its side, which all do in the end, where an answer may
   * still come; a tenth of it where the pod had the last word.
   */
  readonly linger: number;
}

export interface ConnectionOptions {
  readonly cluster: Cluster;
  readonly port: number;
  readonly target: () => Promise<string>;
  readonly timing: ForwardTiming;
  readonly onBroken: ((error: Error) => void) | undefined;
}

/** Bytes of a client that may wait for the network: above the first nothing more is read, until the second is reached. */
const highWater = 256 * 1024;
const lowWater = 64 * 1024;

/** A client's connection on this machine, and its continuation to the pod. */
export class ForwardedConnection {
  private channel: Channel | undefined;
  private readonly ending = new AbortController();
  private lingering: NodeJS.Timeout | undefined;
  private answered = true;

  constructor(
    /** Nothing has been read from it. */
    private readonly socket: Socket,
    private readonly options: ConnectionOptions,
  ) {
    // "close" follows.
    socket.on("error", () => undefined);
    socket.once("close", () => this.release());
  }

  /** Never rejects. */
  async start(): Promise<void> {
    const { cluster, port, target, timing } = this.options;
    const { signal } = this.ending;
    try {
      const pod = await cluster.call("find the pod", target, { timeout: timing.connect, signal });
      const onData = (chunk: Buffer) => this.toClient(chunk);
      const onEnd = (error?: RunnerError) => (error === undefined ? this.finish() : this.break(error));
      this.channel = await openChannel({ cluster, pod, port, timing, signal, onData, onEnd });
    } catch (error) {
      this.break(error as RunnerError);
      return;
    }
    if (signal.aborted) return this.channel.close();
    if (this.socket.writableNeedDrain) this.channel.pause();
    this.socket
      .on("drain", () => this.channel?.resume())
      .on("data", (chunk: Buffer) => this.toPod(chunk))
      .once("end", () => this.linger(this.options.timing.linger / (this.answered ? 10 : 1)))
      .resume();
  }

  /** Ends both sides, without a word. */
  abort(): void {
    this.release();
    // An end, not a reset, would make a body without a length look complete.
    this.socket.resetAndDestroy();
  }

  private toPod(chunk: Buffer): void {
    const { channel, socket } = this;
    if (channel === undefined) return;
    this.answered = false;
    channel.send(chunk, () => {
      if (channel.backlog <= lowWater && socket.isPaused()) socket.resume();
    });
    if (channel.backlog > highWater) socket.pause();
  }

  private toClient(chunk: Buffer): void {
    this.answered = true;
    this.lingering?.refresh();
    if (!this.socket.write(chunk)) this.channel?.pause();
  }

  /**
   * The client sends no more: it is gone, or it waits for the rest. The protocol cannot tell the pod, so that the client
   * gets what comes until nothing has come for a while.
   */
  private linger(silence: number): void {
    clearTimeout(this.lingering);
    this.lingering = setTimeout(() => this.abort(), silence);
  }

  /** The pod has closed its side: the client gets what is left, and then the end. */
  private finish(): void {
    this.socket.end();
    // What it still says is read, so that its end is seen.
    this.socket.resume();
    this.socket.once("finish", () => this.linger(this.options.timing.linger));
  }

  private break(error: RunnerError): void {
    const known = this.ending.signal.aborted;
    this.abort();
    if (!known) this.options.onBroken?.(error);
  }

  private release(): void {
    clearTimeout(this.lingering);
    this.ending.abort();
    this.channel?.close();
  }
}
