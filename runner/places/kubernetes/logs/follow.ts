import type { IncomingMessage } from "node:http";
import { addAbortSignal } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { pause } from "../../../engine/timing";
import { type Cluster, ClusterRefused } from "../api/cluster";
import { locustStatus } from "../rollout/pods";
import { openLog } from "./logs";

/** Before the log is asked for again, in ms. */
const again = 500;
/** Before a container that is not there yet is asked for again, in ms. */
const startPause = 1000;
/** For how long the API server may be away, in ms. */
const patience = 60_000;

/**
 * Gives each line of a pod's log as it comes, also of a container that has yet to start, until the container has ended,
 * the pod is gone or the signal is aborted; of the lines that are there already, the last `tailLines`, or all. A
 * connection that breaks is made anew, without a line lost or told twice. Rejects with ClusterRefused where there is no
 * such pod, and with ClusterUnreachable where the API server is away for a minute.
 */
export async function followLog(
  cluster: Cluster,
  pod: string,
  { tailLines }: { readonly tailLines?: number },
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const follower = new Follower(cluster, pod, tailLines, onLine, signal);
  try {
    while (!signal.aborted && !(await follower.step()));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

class Follower {
  private readonly cursor = new LogCursor();
  /** The container that is followed, once there is one. */
  private id: string | undefined;
  /** The API server's time when the log was first open; undefined before. */
  private opened: Date | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly pod: string,
    private readonly tailLines: number | undefined,
    private readonly onLine: (line: string) => void,
    private readonly signal: AbortSignal,
  ) {}

  /** Reads until the connection ends; true where there is nothing more to come. */
  async step(): Promise<boolean> {
    const { cluster, pod, signal, opened } = this;
    const container = await this.readContainer();
    if (container === undefined && opened !== undefined) return true;
    this.id ??= container?.id;
    const replaced = this.id !== container?.id;
    let stream: IncomingMessage;
    try {
      stream = await cluster.retry(`read the log of pod ${pod}`, () => this.open(replaced), { for: patience, signal });
    } catch (error) {
      if (!(error instanceof ClusterRefused)) throw error;
      if (error.status === 404 && opened !== undefined) return true;
      const starting = error.status === 400 && /waiting to start|initializing/i.test(error.message);
      if (!starting) throw error;
      await pause(startPause, signal);
      return false;
    }
    this.opened ??= new Date(stream.headers.date ?? Date.now());
    this.cursor.resume();
    const { whole, rest } = await this.read(stream);
    // The container had ended before its log was read, so that this was all of it.
    const last = whole && (replaced || container?.ended === true);
    if (last) this.say(rest);
    else await pause(again, signal);
    return last;
  }

  /** Undefined where there is no such pod; `id` is undefined before the container was started. */
  private async readContainer(): Promise<{ id: string | undefined; ended: boolean } | undefined> {
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

  private open(previous: boolean): Promise<IncomingMessage> {
    const { cluster, pod, opened, tailLines } = this;
    // Where the first lines were left out and none has come yet, those since then have not been told.
    const since = this.cursor.since ?? (tailLines === undefined ? undefined : opened);
    const begin = opened === undefined ? { tailLines } : { sinceTime: since };
    return openLog(cluster, pod, { ...begin, previous, follow: !previous, timestamps: true });
  }

  /** `rest` is a line without an end; where the connection broke, it will come again. */
  private async read(stream: IncomingMessage): Promise<{ whole: boolean; rest: string }> {
    const decoder = new StringDecoder("utf8");
    const splitter = new LineSplitter();
    const chunks = addAbortSignal(this.signal, stream)[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await chunks.next().catch(() => undefined);
        if (next === undefined || this.signal.aborted) return { whole: false, rest: "" };
        if (next.done === true) return { whole: stream.complete, rest: splitter.rest };
        for (const line of splitter.split(decoder.write(next.value))) this.say(line);
      }
    } finally {
      stream.destroy();
    }
  }

  private say(line: string): void {
    const text = line === "" || this.signal.aborted ? undefined : this.cursor.take(line);
    if (text !== undefined) this.onLine(text);
  }
}

/** Kubernetes writes times to the nanosecond, and heeds them to the second. */
const second = 1000;

/**
 * Where a log has been read to, by lines that begin with their time. Who reads on from `since` gets some lines again,
 * and `take` knows which: none is lost, and none comes twice.
 */
export class LogCursor {
  private newest = 0;
  private recent: { readonly at: number; readonly line: string }[] = [];
  /** How often each line that may come again is still to come. */
  private repeated = new Map<string, number>();
  /** Whether the lines that were left out at the beginning are behind us. */
  private within = true;

  /** From when to read on; undefined before the first line. */
  get since(): Date | undefined {
    if (this.newest === 0) return undefined;
    // Output and errors are two streams, whose lines may be a little out of order.
    return new Date(Math.floor(this.newest / second) * second - second);
  }

  /** What comes now was read from `since`. */
  resume(): void {
    this.repeated = new Map();
    this.within = this.recent.length === 0;
    for (const { line } of this.recent) this.repeated.set(line, (this.repeated.get(line) ?? 0) + 1);
  }

  /** The line's text without its time; undefined where the line has come before. */
  take(line: string): string | undefined {
    const left = this.repeated.get(line) ?? 0;
    if (left > 0) {
      this.repeated.set(line, left - 1);
      this.within = true;
      return undefined;
    }
    const space = line.indexOf(" ");
    const end = space < 0 ? line.length : space;
    const at = Date.parse(line.slice(0, end));
    // Kubernetes itself may put in a word: that the log has been rotated.
    if (Number.isNaN(at)) return line;
    if (!this.within && at <= this.newest) return undefined;
    this.within = true;
    this.recent.push({ at, line });
    this.advance(at);
    return line.slice(end + 1);
  }

  private advance(at: number): void {
    const before = this.since?.getTime() ?? 0;
    this.newest = Math.max(this.newest, at);
    const since = this.since?.getTime() ?? 0;
    // A line from before then cannot come again.
    if (since > before) this.recent = this.recent.filter((line) => line.at >= since);
  }
}

/** Puts lines together from pieces of text; what has no end yet waits. */
export class LineSplitter {
  /** A line without an end. */
  rest = "";

  split(piece: string): string[] {
    const lines = (this.rest + piece).split("\n");
    this.rest = lines.pop() ?? "";
    return lines;
  }
}
