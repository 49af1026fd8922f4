import type { IncomingMessage } from "node:http";
import { StringDecoder } from "node:string_decoder";
import { pause } from "../../../engine/timing";
import { type Cluster, ClusterRefused } from "../api/cluster";
import { isPassing } from "../api/failures";
import { locustStatus } from "../rollout/pods";
import { LineSplitter, LogCursor } from "./log-cursor";
import { openLog } from "./log-stream";

/** Before the log is asked for again, in ms. */
const again = 500;
/** Before a container that is not there yet is asked for again, in ms. */
const startPause = 1000;
/** For how long the API server may be away, in ms. */
const patience = 60_000;

/** Where to begin; with the first line unless told. */
export interface FollowOptions {
  /** As many of the lines that are there already. */
  readonly tailLines?: number | undefined;
  /** Kubernetes heeds whole seconds: up to one second before it comes too. */
  readonly sinceTime?: Date | undefined;
}

/**
 * Gives each line of a pod's log as it comes, also of a container that has yet to start, until the container has ended,
 * the pod is gone or the signal is aborted. A connection that breaks is made anew, without a line lost or told twice.
 * Rejects with ClusterRefused where there is no such pod, and with ClusterUnreachable where the API server is away for
 * a minute.
 */
export async function followLog(
  cluster: Cluster,
  pod: string,
  options: FollowOptions,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const follower = new Follower(cluster, pod, options, onLine, signal);
  try {
    while (!signal.aborted && !(await follower.step()));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** One container, as long as it lives. */
interface Life {
  /** Undefined before it was started. */
  readonly id: string | undefined;
  readonly ended: boolean;
}

class Follower {
  private readonly cursor = new LogCursor();
  /** The container that is followed, once there is one. */
  private id: string | undefined;
  /** The API server's time when the log was first open; undefined before. */
  private opened: Date | undefined;
  private awaySince: number | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly pod: string,
    private readonly options: FollowOptions,
    private readonly onLine: (line: string) => void,
    private readonly signal: AbortSignal,
  ) {}

  /** Reads until the connection ends; true where there is nothing more to come. */
  async step(): Promise<boolean> {
    const { signal } = this;
    const life = await this.look();
    if (life === undefined && this.opened !== undefined) return true;
    this.id ??= life?.id;
    const replaced = this.id !== life?.id;
    const stream = await this.open(replaced);
    if (stream === undefined) return false;
    if (stream === "gone") return true;
    const { whole, rest } = await this.read(stream);
    // Looked at before the log was read, so that this was all of it.
    const last = whole && (replaced || life?.ended === true);
    if (last) this.say(rest);
    else await pause(again, signal);
    return last;
  }

  private async open(previous: boolean): Promise<IncomingMessage | "gone" | undefined> {
    const { cluster, pod, cursor, signal } = this;
    try {
      const begin = this.opened === undefined ? this.options : { sinceTime: cursor.since ?? this.untold() };
      const stream = await openLog(cluster, pod, { ...begin, previous, follow: !previous, timestamps: true }, signal);
      this.awaySince = undefined;
      this.opened ??= new Date(stream.headers.date ?? Date.now());
      cursor.resume();
      return stream;
    } catch (error) {
      if (error instanceof ClusterRefused && error.status === 404 && this.opened !== undefined) return "gone";
      if (isStarting(error)) {
        this.awaySince = undefined;
        await pause(startPause, signal);
        return undefined;
      }
      this.awaySince ??= performance.now();
      if (!isPassing(error) || performance.now() - this.awaySince > patience) throw error;
      await pause(again, signal);
      return undefined;
    }
  }

  /** From when to read where no line has come yet. */
  private untold(): Date | undefined {
    return this.options.tailLines === undefined ? this.options.sinceTime : this.opened;
  }

  /** Undefined where there is no such pod. */
  private async look(): Promise<Life | undefined> {
    const { cluster, pod: name, signal } = this;
    const { namespace } = cluster;
    const read = () => cluster.find(`read pod ${name}`, () => cluster.core.readNamespacedPod({ namespace, name }));
    const pod = await cluster.retry(`read pod ${name}`, read, { for: patience, signal });
    if (pod === undefined) return undefined;
    const status = locustStatus(pod);
    const over = /^(Succeeded|Failed)$/.test(pod.status?.phase ?? "");
    const crashed = status?.state?.running === undefined && status?.lastState?.terminated !== undefined;
    const ended = over || crashed || status?.state?.terminated !== undefined;
    return { id: status?.containerID || undefined, ended };
  }

  /** `rest` is a line without an end; where the connection broke, it will come again. */
  private async read(stream: IncomingMessage): Promise<{ whole: boolean; rest: string }> {
    const decoder = new StringDecoder("utf8");
    const splitter = new LineSplitter();
    const stop = () => stream.destroy();
    this.signal.addEventListener("abort", stop, { once: true });
    try {
      const chunks = stream[Symbol.asyncIterator]();
      for (;;) {
        const next = await chunks.next().catch(() => undefined);
        if (next === undefined || this.signal.aborted) return { whole: false, rest: "" };
        if (next.done === true) return { whole: stream.complete, rest: splitter.rest };
        for (const line of splitter.split(decoder.write(next.value))) this.say(line);
      }
    } finally {
      this.signal.removeEventListener("abort", stop);
      stop();
    }
  }

  private say(line: string): void {
    const text = line === "" || this.signal.aborted ? undefined : this.cursor.take(line);
    if (text !== undefined) this.onLine(text);
  }
}

/** What Kubernetes says of a container that has yet to start. */
function isStarting(error: unknown): boolean {
  return (
    error instanceof ClusterRefused && error.status === 400 && /waiting to start|initializing/i.test(error.message)
  );
}
